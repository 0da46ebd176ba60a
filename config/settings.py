"""Every setting comes from the environment or from `.env`; docs/settings.md says what each one does."""

import os
import re
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from config.oidc import oidc_providers

BASE_DIR = Path(__file__).resolve().parent.parent


class Environment(FileAwareMapping):  # type: ignore[misc]
    """`NAME`, or what the file named by `NAME_FILE` says, without the newline that editors leave at its end."""

    def __getitem__(self, key: str) -> str:
        value = super().__getitem__(key).strip()
        return f"\\{value}" if value.startswith("$") else value  # a value, and not the name of another variable


def read_dotenv() -> None:
    """What is in the environment already wins, whether as a value or as the name of a file."""
    given = set(os.environ)
    env.read_env(env.str("DOTENV", default=str(BASE_DIR / ".env")))
    for name in set(os.environ) - given:
        if f"{name}_FILE" in given or name.removesuffix("_FILE") in given:
            del os.environ[name]


env = environ.Env()
env.ENVIRON = Environment()
env.escape_proxy = True
read_dotenv()


def choice(name: str, *allowed: str) -> str:
    value: str = env.str(name, default=allowed[0])
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is one of: {', '.join(allowed)}.")
    return value


def origin(name: str, default: str) -> str:
    """An absolute http(s) address without the slash at its end, so that paths can be appended to it."""
    value = env.str(name, default=default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"{name} is an absolute address such as https://example.org.")
    return value


SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. `make run` writes a fresh one into .env.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)

# Addresses

PORT = env.int("PORT", default=8000)
PROCESSES = max(1, env.int("GRANIAN_WORKERS", default=1), env.int("WEB_CONCURRENCY", default=1))
THREADS = max(1, env.int("GRANIAN_BLOCKING_THREADS", default=8))
PUBLIC_URL = origin("PUBLIC_URL", f"http://localhost:{PORT}")
FRONTEND_URL = origin("FRONTEND_URL", "http://localhost:3000")
HTTPS = PUBLIC_URL.startswith("https://")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", urlsplit(PUBLIC_URL).hostname or ""]
)
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)

CORS_ALLOWED_ORIGINS = env.list(
    "CORS_ALLOWED_ORIGINS", default=["{0.scheme}://{0.netloc}".format(urlsplit(FRONTEND_URL))]
)
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = ["Retry-After", "WWW-Authenticate", "RateLimit", "RateLimit-Policy", "X-Request-ID"]
CORS_PREFLIGHT_MAX_AGE = 7200  # two hours, the most that Chromium keeps

# Application

INSTALLED_APPS = [
    "accounts",
    "accounts.login",
    "accounts.mail",
    "accounts.single_use",
    "accounts.social",
    "accounts.social.apps.SocialDjangoConfig",  # social_django
    "sessions_api",
    "sessions_api.events",
    "corsheaders",
    "ninja",  # for the documentation page's own script and style
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "config.middleware.AccessLogMiddleware",  # outside of all, so that nothing is answered without a line
    "django.middleware.security.SecurityMiddleware",  # refuses nothing; a preflight's answer has its headers too
    "corsheaders.middleware.CorsMiddleware",  # outside all that refuses, so that a page may read refusals as well
    "config.middleware.RequestGuardMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.AdminSession",
    "config.middleware.AdminCsrf",
    "config.middleware.AdminAuthentication",
    "config.middleware.AdminMessages",
    "config.middleware.AdminFrameOptions",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],  # of whoever runs this; they come before those of the apps
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # served from the packages themselves: no collectstatic to forget
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
LANGUAGE_CODE = "en"  # of the admin, and of what the API tells developers
LOCALE_PATHS = [BASE_DIR / "locale"]  # as templates
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Storage


def database() -> dict[str, Any]:
    try:
        with warnings.catch_warnings(action="ignore"):  # the warning for an unknown scheme repeats the URL
            config: dict[str, Any] = env.db_url("DATABASE_URL", default="sqlite:///db.sqlite3")
    except ValueError:  # and so does this
        raise ImproperlyConfigured("DATABASE_URL is no URL; what is odd in a password is written as %XX.") from None
    match config.get("ENGINE"):
        case "django.db.backends.sqlite3":
            if config["NAME"] != ":memory:":
                config["NAME"] = BASE_DIR / config["NAME"]
            config["CONN_MAX_AGE"] = None  # to open the file anew for each request costs more than the request
            config["OPTIONS"] = {
                "transaction_mode": "IMMEDIATE",
                "timeout": 2,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            }
        case "django.db.backends.postgresql":
            config["ENGINE"] = "config.postgresql"
            # They outlive their transaction, and a pooler that gives the connection away after it loses them.
            config["DISABLE_SERVER_SIDE_CURSORS"] = True
            config["OPTIONS"] = {
                "connect_timeout": 2,
                "tcp_user_timeout": 3000,  # milliseconds until a network that swallows everything counts as down
                # One for each of the server's threads, and one for the mail: nobody waits for one, none is too many.
                # Once it cannot connect, the pool forgets its growing pauses after a second and tries anew
                # with the next request: a database that comes back is found at once.
                "pool": {"min_size": 1, "max_size": THREADS + 1, "timeout": 2, "reconnect_timeout": 1},
                **config.get("OPTIONS", {}),
            }
        case _:
            raise ImproperlyConfigured("DATABASE_URL starts with postgres:// or sqlite:///.")
    return config


def cache() -> dict[str, Any]:
    url = re.sub("^valkey", "redis", env.str("CACHE_URL", default="") or "locmemcache://")  # one protocol
    try:
        _ = urlsplit(url.partition(",")[0]).port
        config: dict[str, Any] = env.cache_url_config(url)
    except ValueError:  # which repeats the value
        raise ImproperlyConfigured("CACHE_URL is no URL; what is odd in a password is written as %XX.") from None
    if config["BACKEND"].endswith("RedisCache"):
        config["OPTIONS"] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, **config.get("OPTIONS", {})}
    return config


DATABASES = {"default": database()}
CACHES = {"default": cache()}
RATE_LIMIT_STORE = (  # by its name: whoever has no Redis need not load its client
    "sessions_api.ratelimit.redis.of_cache"
    if CACHES["default"]["BACKEND"].endswith("RedisCache")
    else "sessions_api.ratelimit.memory.InProcess"
)

# Users and passwords

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.login.admin_backend.PasswordBackend"]  # of the admin
REGISTRATION = choice("REGISTRATION", "open", "verified", "closed")
OAUTH_HANDOVER = choice("OAUTH_HANDOVER", "query", "code")
PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", default=8)
PASSWORD_MAX_LENGTH = 128
AUTH_PASSWORD_VALIDATORS = [{"NAME": "accounts.passwords.validators.PasswordValidator"}]
PWNED_PASSWORDS_URL = env.str("PWNED_PASSWORDS_URL", default="") and origin("PWNED_PASSWORDS_URL", "")
BREACH_LOOKUP = "accounts.passwords.pwned.times_seen"  # by its name, as those who do not ask need no HTTP client
ARGON2_TIME_COST = env.int("ARGON2_TIME_COST", default=3)
ARGON2_MEMORY_COST = env.int("ARGON2_MEMORY_COST", default=65536)  # KiB
ARGON2_PARALLELISM = env.int("ARGON2_PARALLELISM", default=4)
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
HASHES = max(1, min(min(CORES - 1, 4) // PROCESSES, THREADS - 3))  # two wait; one core and a thread for all else
HASHES_AT_ONCE = env.int("HASHES_AT_ONCE", default=HASHES)
PASSWORD_HASHERS = [
    "accounts.passwords.hashers.Argon2id",
    # Hashes brought along from elsewhere are accepted once, and renewed at that login.
    "accounts.passwords.hashers.PBKDF2",
    "accounts.passwords.hashers.PBKDF2SHA1",
    "accounts.passwords.hashers.Scrypt",
]

# Sign-in by other providers, under the names that social-auth reads

OIDC_PROVIDERS = oidc_providers(env, "OIDC_PROVIDERS")
OAUTH_PROVIDERS = {  # the title, and the backend by its dotted path: providers without keys are not imported
    "google": ("Google", "accounts.social.providers.google.Google"),
    "github": ("GitHub", "accounts.social.providers.github.GitHub"),
    **{name: (own["TITLE"], "accounts.social.providers.oidc.OIDCProvider") for name, own in OIDC_PROVIDERS.items()},
}
SOCIAL_AUTH_PIPELINE = [
    "social_core.pipeline.social_auth.social_details",
    "social_core.pipeline.social_auth.social_uid",
    "accounts.social.matching.find_or_create_user",
]
SOCIAL_AUTH_GOOGLE_KEY = env.str("GOOGLE_CLIENT_ID", default="")
SOCIAL_AUTH_GOOGLE_SECRET = env.str("GOOGLE_CLIENT_SECRET", default="")
SOCIAL_AUTH_GOOGLE_REDIRECT_URI = env.str("GOOGLE_REDIRECT_URI", default="")
SOCIAL_AUTH_GOOGLE_NATIVE_CLIENT_IDS = env.list("GOOGLE_NATIVE_CLIENT_IDS", default=[])
SOCIAL_AUTH_GOOGLE_OIDC_ENDPOINT = env.str("GOOGLE_OIDC_ENDPOINT", default="https://accounts.google.com")
SOCIAL_AUTH_GITHUB_KEY = env.str("GITHUB_CLIENT_ID", default="")
SOCIAL_AUTH_GITHUB_SECRET = env.str("GITHUB_CLIENT_SECRET", default="")
for _name, _own in OIDC_PROVIDERS.items():
    vars().update({f"SOCIAL_AUTH_{_name.upper().replace('-', '_')}_{key}": value for key, value in _own.items()})
GOOGLE_OAUTH_ENABLED = bool(SOCIAL_AUTH_GOOGLE_KEY and SOCIAL_AUTH_GOOGLE_SECRET)

# Sessions of the API

SESSION_LIFETIME = timedelta(days=env.int("SESSION_LIFETIME_DAYS", default=365))
SESSION_IDLE = timedelta(days=env.int("SESSION_IDLE_DAYS", default=0))  # zero: off
SESSION_TOUCH = timedelta(seconds=env.int("SESSION_TOUCH_SECONDS", default=300))
REAUTHENTICATION = timedelta(seconds=env.int("REAUTHENTICATION_SECONDS", default=600))
SESSION_MAX_PER_USER = env.int("SESSION_MAX_PER_USER", default=100)
EVENTS_KEEP = timedelta(days=env.int("EVENTS_KEEP_DAYS", default=365))

# Limits

RATE_LIMIT_FACTOR = env.float("RATE_LIMIT_FACTOR", default=1)  # a factor; zero: none

# Mail


def mail() -> dict[str, Any]:
    """Django's EMAIL_* settings as EMAIL_URL says; a backend of somebody else's is named by its dotted path."""
    try:
        config: dict[str, Any] = env.email_url("EMAIL_URL", default="consolemail://")
    except ValueError:  # which repeats a part of it
        raise ImproperlyConfigured("EMAIL_URL is no URL; what is odd in a password is written as %XX.") from None
    backend = env.str("EMAIL_BACKEND", default="") or config["EMAIL_BACKEND"]
    return {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False} | config | {"EMAIL_BACKEND": backend}


def anymail() -> dict[str, str]:
    """ANYMAIL_POSTMARK_SERVER_TOKEN of the environment is POSTMARK_SERVER_TOKEN here, and so with each."""
    names = {name.removesuffix("_FILE") for name in os.environ if name.startswith("ANYMAIL_")}
    return {name.removeprefix("ANYMAIL_"): env.str(name) for name in names}


vars().update(mail())
ANYMAIL = anymail()
EMAIL_TIMEOUT = 60  # nobody waits for it, and some servers are slow to greet on purpose
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="latchkey@localhost")
SITE_NAME = env.str("SITE_NAME", default="") or urlsplit(FRONTEND_URL).hostname
MAIL_LANGUAGE = env.str("MAIL_LANGUAGE", default="en")
MAIL_IN_PROCESS = env.bool("MAIL_IN_PROCESS", default=True)

# Browsers: cookies are the admin's alone

ADMIN_ENABLED = env.bool("ADMIN_ENABLED", default=True)
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}latchkey-admin"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 8 * 3600
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}latchkey-csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(PUBLIC_URL))]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # not in a cookie of its own
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # the admin's own subclasses in config/middleware.py do what these two
    "security.W003",  # look for by literal name; tests/config/test_admin_only.py shows that they do
    "security.W021",  # a preload list is for a whole domain, and its owner's to ask for
    "security.W008",  # a redirect to https belongs to the proxy: an API that redirects has already leaked
]

# Logs

WATCHED = DEBUG or os.isatty(2)
LOG_FORMAT = choice("LOG_FORMAT", *(("console", "json") if WATCHED else ("json", "console")))
LOG_LEVEL = choice("LOG_LEVEL", "info", "debug", "warning", "error").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"unexpected": {"()": "config.logs.OnlyUnexpected"}},
    "formatters": {"line": {"()": "config.logs.Line", "form": LOG_FORMAT, "colors": os.isatty(2)}},
    "handlers": {"stderr": {"()": "config.logs.Lines", "formatter": "line", "level": LOG_LEVEL}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},  # below, it tells each query with its values
        "django.request": {"filters": ["unexpected"]},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},  # of runserver, the same again
        "_granian": {"handlers": [], "propagate": True},
        "granian.access": {"handlers": [], "propagate": True},
    },
}
