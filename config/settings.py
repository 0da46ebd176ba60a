"""Every setting, in one list. Each comes from the environment or from `.env`; docs/settings.md explains them.

Names in capitals that Django does not know are ours. `env.py` and `addresses.py` have the parsers.
"""

import os
from pathlib import Path

from corsheaders.defaults import default_headers

from config import addresses
from config.env import anymail, cache, cores, database, env, mail, read_dotenv
from config.oidc import issuer, oidc_providers, social_auth_settings

BASE_DIR = Path(__file__).resolve().parent.parent
read_dotenv(BASE_DIR / ".env")

SECRET_KEY = env.required("SECRET_KEY", hint="`make run` writes a new one into .env.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
DEBUG = env.bool("DEBUG", default=False)

# Addresses and processes

PORT = env.port("PORT", default=8000)
SHORT_WAY = env.bool("SHORT_WAY", default=True)  # answers the two most frequent calls before Django
PROCESSES = max(1, env.int("GRANIAN_WORKERS", default=1))  # config/server.py tells granian
THREADS = max(1, env.int("GRANIAN_BLOCKING_THREADS", default=8))
PUBLIC_URL = addresses.root_url("PUBLIC_URL", default=f"http://localhost:{PORT}")
FRONTEND_URL = addresses.base_url("FRONTEND_URL", default="http://localhost:3000", empty=PUBLIC_URL)
PAGES = env.bool("PAGES", default=env.str("FRONTEND_URL", default="elsewhere") == "")  # own pages for users
PAGES_LOGO = env.str("PAGES_LOGO", default="")  # the address of a picture below /static/
HTTPS = PUBLIC_URL.startswith("https://")
ADMIN_HOST = addresses.host_name("ADMIN_HOST")
ADMIN_ORIGIN = addresses.with_host(PUBLIC_URL, ADMIN_HOST) if ADMIN_HOST else PUBLIC_URL
ALLOWED_HOSTS = addresses.hosts(
    "ALLOWED_HOSTS",
    default=["localhost", "127.0.0.1", "[::1]", addresses.host(PUBLIC_URL), *filter(None, [ADMIN_HOST])],
)
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
TRUSTED_PEERS = env.networks("TRUSTED_PEERS")

CORS_ALLOWED_ORIGINS = addresses.origins("CORS_ALLOWED_ORIGINS", default=[addresses.origin(FRONTEND_URL)])
CORS_ALLOW_CREDENTIALS = env.bool("CORS_ALLOW_CREDENTIALS", default=False)
CORS_ALLOW_HEADERS = [
    *default_headers,
    "x-request-id",
    *("traceparent", "tracestate", "baggage", "sentry-trace"),  # of OpenTelemetry and Sentry
    *addresses.header_names("CORS_ALLOWED_HEADERS"),
]
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = ["Retry-After", "WWW-Authenticate", "RateLimit", "RateLimit-Policy", "X-Request-ID"]
CORS_PREFLIGHT_MAX_AGE = 7200  # two hours, the longest time that Chromium accepts

# Application

INSTALLED_APPS = [  # their order decides nothing: tests/test_architecture.py
    "accounts",
    "accounts.login",
    "accounts.mail",
    "accounts.pages",
    "accounts.single_use",
    "accounts.social",
    "accounts.social.apps.SocialDjangoConfig",  # social_django
    "sessions_api",
    "sessions_api.adminkit",
    "sessions_api.admin_sessions",
    "sessions_api.events",
    "corsheaders",
    "ninja",  # for the script and the style of the documentation page
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "config.middleware.AccessLogMiddleware",  # the outermost, so every answer has a line in the log
    "django.middleware.security.SecurityMiddleware",  # refuses nothing; outside CORS, so preflights have its headers
    "config.middleware.CrossOriginMiddleware",  # outside all that refuses, so a page can read refusals
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
FILE_UPLOAD_HANDLERS: list[str] = []  # no form has a file, so the parser of forms drops each one
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates", BASE_DIR / "config" / "templates"],  # the operator's, then ours
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
WHITENOISE_USE_FINDERS = True  # serves the files from the packages, without collectstatic
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
LANGUAGE_CODE = "en"  # of the admin and of the API's messages for developers
LOCALE_PATHS = [BASE_DIR / "locale"]  # the operator's
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Storage

DATABASES = {"default": database("DATABASE_URL", "sqlite:///db.sqlite3", folder=BASE_DIR)}
CACHES = {"default": cache("CACHE_URL", "locmemcache://")}
redis = CACHES["default"]["BACKEND"].endswith("RedisCache")
# A dotted path: a deployment without Redis does not import its client.
RATE_LIMIT_STORE = "sessions_api.ratelimit.redis.of_cache" if redis else "sessions_api.ratelimit.memory.InProcess"
RATE_LIMIT_FACTOR = env.float("RATE_LIMIT_FACTOR", default=1)  # multiplies every limit; 0: no limits

# Users and passwords

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.login.admin_backend.PasswordBackend"]  # for the admin
REGISTRATION = env.choice("REGISTRATION", "open", "verified", "closed")
OAUTH_HANDOVER = env.choice("OAUTH_HANDOVER", "query", "code")
PASSWORD_MIN_LENGTH = env.int("PASSWORD_MIN_LENGTH", default=8)
PASSWORD_MAX_LENGTH = 128
AUTH_PASSWORD_VALIDATORS = [{"NAME": "accounts.passwords.validators.PasswordValidator"}]
PWNED_PASSWORDS_URL = addresses.base_url("PWNED_PASSWORDS_URL", default="")
BREACH_LOOKUP = "accounts.passwords.pwned.times_seen"  # a dotted path: without the URL no HTTP client is imported
ARGON2_TIME_COST = env.int("ARGON2_TIME_COST", default=3)  # these three: RFC 9106, section 4, second choice
ARGON2_MEMORY_COST = env.int("ARGON2_MEMORY_COST", default=65536)  # KiB
ARGON2_PARALLELISM = env.int("ARGON2_PARALLELISM", default=4)
# One core stays free for other requests. Three callers wait for a turn, and one thread stays free for other requests:
# that is 4 threads. At most 4 hashes at once, and the three that wait, use 7 of the default 8 threads.
HASHES_AT_ONCE = env.int("HASHES_AT_ONCE", default=max(1, min(min(cores() - 1, 4) // PROCESSES, THREADS - 4)))
PASSWORD_HASHERS = [
    "accounts.passwords.hashers.Argon2id",
    # A hash imported from another system is accepted once. That login replaces it.
    "accounts.passwords.hashers.PBKDF2",
    "accounts.passwords.hashers.PBKDF2SHA1",
    "accounts.passwords.hashers.Scrypt",
]

# Sign-in by other providers, under the names that social-auth reads

OIDC_PROVIDERS = oidc_providers("OIDC_PROVIDERS")
OAUTH_PROVIDERS = {  # by name: the title and the backend, a dotted path: a provider without keys is not imported
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
SOCIAL_AUTH_GOOGLE_OIDC_ENDPOINT = issuer(
    "GOOGLE_OIDC_ENDPOINT", env.str("GOOGLE_OIDC_ENDPOINT", default="https://accounts.google.com")
)
SOCIAL_AUTH_GITHUB_KEY = env.str("GITHUB_CLIENT_ID", default="")
SOCIAL_AUTH_GITHUB_SECRET = env.str("GITHUB_CLIENT_SECRET", default="")
vars().update(social_auth_settings(OIDC_PROVIDERS))
GOOGLE_OAUTH_ENABLED = bool(SOCIAL_AUTH_GOOGLE_KEY and SOCIAL_AUTH_GOOGLE_SECRET)

# Sessions and events

SESSION_LIFETIME = env.days("SESSION_LIFETIME_DAYS", default=365)
SESSION_IDLE = env.days("SESSION_IDLE_DAYS", default=0)  # 0: off
SESSION_TOUCH = env.seconds("SESSION_TOUCH_SECONDS", default=300)
REAUTHENTICATION = env.seconds("REAUTHENTICATION_SECONDS", default=600)
SESSION_MAX_PER_USER = env.int("SESSION_MAX_PER_USER", default=100)
EVENTS_KEEP = env.days("EVENTS_KEEP_DAYS", default=365)

# Mail

vars().update(mail("EMAIL_URL", "consolemail://", backend=env.str("EMAIL_BACKEND", default="")))  # Django's EMAIL_*
ANYMAIL = anymail()
EMAIL_TIMEOUT = 60  # seconds for each answer of the server: no request waits, and some servers greet late on purpose
EMAIL_EHLO_NAME = addresses.host_name("EMAIL_EHLO_NAME")
DEFAULT_FROM_EMAIL = addresses.sender("DEFAULT_FROM_EMAIL", default="latchkey@localhost")
SITE_NAME = env.str("SITE_NAME", default="") or addresses.shown_host(FRONTEND_URL)
MAIL_LANGUAGE = env.str("MAIL_LANGUAGE", default="en")
MAIL_IN_PROCESS = env.bool("MAIL_IN_PROCESS", default=True)

# Browsers: only the admin uses cookies

ADMIN_ENABLED = env.bool("ADMIN_ENABLED", default=True)
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_ENGINE = "sessions_api.admin_sessions.engine"
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}latchkey-admin"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 8 * 3600  # seconds: a working day
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}latchkey-csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.middleware.csrf_failure"
CSRF_TRUSTED_ORIGINS = [ADMIN_ORIGIN]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # needs no cookie of its own
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SILENCED_SYSTEM_CHECKS = [
    "security.W002",  # these two look for Django's classes by name; config/middleware.py has subclasses of them, and
    "security.W003",  # tests/config/test_admin_only.py shows that they work
    "security.W021",  # a preload list covers a whole domain, so its owner decides
    "security.W008",  # the proxy redirects to https: an API that redirects has already leaked the token
]

# Logs

LOG_FORMAT = env.choice("LOG_FORMAT", *(("console", "json") if DEBUG or os.isatty(2) else ("json", "console")))
LOG_LEVEL = env.choice("LOG_LEVEL", "info", "debug", "warning", "error").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"unexpected": {"()": "config.logs.OnlyUnexpected"}},
    "formatters": {"line": {"()": "config.logs.LineFormatter", "form": LOG_FORMAT, "colors": os.isatty(2)}},
    "handlers": {"stderr": {"()": "config.logs.LineHandler", "formatter": "line", "level": LOG_LEVEL}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},  # at DEBUG it logs each query with its values
        "django.request": {"filters": ["unexpected"]},
        "django.server": {"handlers": [], "level": "ERROR", "propagate": True},  # runserver's own line for each request
        "_granian": {"handlers": [], "propagate": True},
        "granian.access": {"handlers": [], "propagate": True},
    },
}
