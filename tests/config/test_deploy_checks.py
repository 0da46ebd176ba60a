"""`manage.py check --deploy` reports each unsafe setting, and nothing for safe ones."""

import os
import re
import secrets
import subprocess
import sys
from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.core.checks import ERROR, run_checks

from ..server import ROOT

SAFE = {
    "DEBUG": False,
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-0123456789-only-for-tests",
    "HTTPS": True,
    "FRONTEND_URL": "https://app.example.org",
    "TRUSTED_PROXY_COUNT": 1,
    "PROCESSES": 1,
    "ENGINE": "config.postgresql",
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    "OAUTH_HANDOVER": "code",
    "SESSION_IDLE": timedelta(days=30),
    "ADMIN_ENABLED": False,
    "ARGON2_TIME_COST": 3,
    "ARGON2_MEMORY_COST": 65536,
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example.org",
    "EMAIL_USE_TLS": True,
    "DEFAULT_FROM_EMAIL": "Latchkey <accounts@example.org>",
    "SECURE_HSTS_SECONDS": 365 * 24 * 3600,
    "SESSION_COOKIE_SECURE": True,
    "ALLOWED_HOSTS": ["auth.example.org"],
    "CORS_ALLOWED_ORIGINS": ["https://app.example.org", "capacitor://localhost"],
    "THREADS": 8,
    "HASHES_AT_ONCE": 4,
    "LOG_LEVEL": "INFO",
    "HOST": "db.example.org",
    "OPTIONS": {"sslmode": "verify-full"},
}
REDIS = "django.core.cache.backends.redis.RedisCache"
GOOGLE = {"GOOGLE_OAUTH_ENABLED": True}
DAY = timedelta(days=1)
UNSAFE = [
    ("sessions_api.E001", {"SESSION_LIFETIME": timedelta(0)}),
    ("sessions_api.E002", {"SESSION_IDLE": -DAY}),
    ("sessions_api.E003", {"SESSION_TOUCH": -DAY}),
    ("sessions_api.E004", {"SESSION_IDLE": DAY, "SESSION_TOUCH": DAY}),
    ("sessions_api.E005", {"SESSION_MAX_PER_USER": 0}),
    ("sessions_api.E006", {"EVENTS_KEEP": timedelta(0)}),
    ("sessions_api.E007", {"TRUSTED_PROXY_COUNT": -1}),
    ("sessions_api.E009", {"REAUTHENTICATION": timedelta(0)}),
    ("sessions_api.E015", {"TRUSTED_PEERS": [ip_network("0.0.0.0/0")]}),
    ("sessions_api.E008", {"RATE_LIMIT_FACTOR": -1}),
    ("accounts.E001", {"PASSWORD_MIN_LENGTH": 129}),
    ("accounts.E002", {"HASHES_AT_ONCE": 0}),
    ("accounts.E003", {"ARGON2_TIME_COST": 0}),
    ("accounts.E003", {"ARGON2_PARALLELISM": 0}),
    ("accounts.E003", {"ARGON2_PARALLELISM": 8193}),
    ("accounts_mail.E001", {"EMAIL_BACKEND": "nowhere.Backend"}),
    ("accounts_mail.E002", {"MAIL_LANGUAGE": "tlh"}),
    ("sessions_api.W001", {"HTTPS": False}),
    ("sessions_api.W002", {"SESSION_IDLE": timedelta(0)}),
    ("sessions_api.W003", {"ENGINE": "django.db.backends.sqlite3"}),
    ("sessions_api.W004", {"RATE_LIMIT_FACTOR": 0}),
    ("sessions_api.W005", {"PROCESSES": 2}),
    ("sessions_api.W006", {"TRUSTED_PROXY_COUNT": 0}),
    ("sessions_api.W002", {"SESSION_IDLE": timedelta(days=36500)}),
    ("sessions_api.W004", {"RATE_LIMIT_FACTOR": 1000}),
    ("sessions_api.W007", {"ALLOWED_HOSTS": ["auth.example.org", "*"]}),
    ("sessions_api.W008", {"CORS_ALLOWED_ORIGINS": ["https://app.example.org", "http://app.example.org"]}),
    ("sessions_api.W008", {"CORS_ALLOWED_ORIGINS": ["http://localhost:3000"]}),
    ("sessions_api.W009", {"TRUSTED_PROXY_COUNT": 50}),
    ("sessions_api.W010", {"TRUSTED_PEERS": [ip_network("0.0.0.0/1"), ip_network("128.0.0.0/1")]}),
    ("sessions_api.W010", {"TRUSTED_PEERS": [ip_network("10.0.0.0/8")]}),
    ("sessions_api.W010", {"TRUSTED_PEERS": [ip_network("2001:db8::/32")]}),
    ("sessions_api.W011", {"OPTIONS": {}}),
    ("sessions_api.W011", {"OPTIONS": {"sslmode": "prefer"}}),
    ("sessions_api.W011", {"OPTIONS": {}, "HOST": "localhost,192.0.2.7"}),
    ("sessions_api.W011", {"OPTIONS": {"hostaddr": "192.0.2.7"}, "HOST": "db"}),
    ("sessions_api.W012", {"CACHES": {"default": {"BACKEND": REDIS, "LOCATION": "redis://:p@cache.example.org"}}}),
    ("sessions_api.W012", {"CACHES": {"default": {"BACKEND": REDIS, "LOCATION": "rediss://cache.example.org:6379/0"}}}),
    (
        "sessions_api.W012",
        {"CACHES": {"default": {"BACKEND": REDIS, "LOCATION": ["redis://cache", "redis://192.0.2.7"]}}},
    ),
    ("sessions_api.W013", {"SECRET_KEY": "0123456789" * 6}),
    ("sessions_api.W013", {"SECRET_KEY": "abcdefghijklmnopqrstuvwxyz" * 2}),
    ("sessions_api.W013", {"SECRET_KEY": "please-Change-this-key-before-you-go-into-production-0815"}),
    ("sessions_api.W013", {"SECRET_KEY_FALLBACKS": ["a key of latchkey " * 5]}),
    ("sessions_api.W014", {"SESSION_LIFETIME": timedelta(days=36500)}),
    ("sessions_api.W015", {"REAUTHENTICATION": timedelta(days=365)}),
    ("sessions_api.W016", {"SESSION_MAX_PER_USER": 1_000_000}),
    ("sessions_api.W017", {"EVENTS_KEEP": DAY}),
    ("sessions_api.W018", {"LOG_LEVEL": "DEBUG"}),
    ("sessions_api.W018", {"LOG_LEVEL": "ERROR"}),
    ("sessions_api.W019", {"SESSION_TOUCH": timedelta(days=20)}),
    ("accounts.W005", {"FRONTEND_URL": "https://localhost:3000"}),
    ("accounts.W011", {"PAGES": True, "ADMIN_ENABLED": True, "ADMIN_HOST": ""}),
    ("accounts.W005", {"FRONTEND_URL": "https://[::1]"}),
    ("accounts.W006", {"PASSWORD_MIN_LENGTH": 1}),
    ("accounts.W007", GOOGLE | {"SOCIAL_AUTH_GOOGLE_OIDC_ENDPOINT": "https://mock.example.org"}),
    ("accounts.W008", GOOGLE | {"SOCIAL_AUTH_GOOGLE_REDIRECT_URI": "http://auth.example.org/callback"}),
    ("accounts.W008", {"OIDC_PROVIDERS": {"mock": {"OIDC_ENDPOINT": "http://localhost:9400"}}}),
    ("accounts.W009", {"PWNED_PASSWORDS_URL": "http://pwned.example.org/range"}),
    ("accounts.W010", {"HASHES_AT_ONCE": 64}),
    ("accounts.W001", {"FRONTEND_URL": "http://app.example.org"}),
    ("accounts.W002", {"OAUTH_HANDOVER": "query"}),
    ("accounts.W003", {"ARGON2_TIME_COST": 1, "ARGON2_MEMORY_COST": 19456}),
    ("accounts.W004", {"ADMIN_ENABLED": True}),
    ("accounts_mail.W001", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
    ("accounts_mail.W002", {"EMAIL_USE_TLS": False}),
    *(
        ("accounts_mail.W003", {"DEFAULT_FROM_EMAIL": sender})
        for sender in ("latchkey@localhost", "Me <root@localhost.localdomain>", "root@box.local", "root@127.0.0.1", "x")
    ),
    ("security.W004", {"SECURE_HSTS_SECONDS": 0}),
    ("security.W009", {"SECRET_KEY": "short"}),
    ("security.W018", {"DEBUG": True}),
    ("security.W020", {"ALLOWED_HOSTS": []}),
]


@pytest.fixture
def said(settings, monkeypatch):
    """A function: the messages of the checks for these settings, with safe values for all others."""

    def check(**unsafe):
        wanted = SAFE | unsafe
        for name in ("ENGINE", "HOST", "OPTIONS"):
            monkeypatch.setitem(settings.DATABASES["default"], name, wanted.pop(name))
        for name, value in wanted.items():
            setattr(settings, name, value)
        return [message for message in run_checks(include_deployment_checks=True) if not message.is_silenced()]

    return check


def ids_in_code():
    checks = [path.read_text() for path in ROOT.glob("*/**/checks.py") if ".venv" not in path.parts]
    literal = {name for text in checks for name in re.findall(r'id="(\w+\.[EW]\d{3})"', text)}
    tables = [re.findall(r'"([EW]\d{3})": \(', text) for text in checks]
    apps = [re.search(r'messages\(Warning, "(\w+)"', text) for text in checks]
    return literal | {f"{app[1]}.{number}" for app, table in zip(apps, tables, strict=True) for number in table if app}


def test_deploy_check_accepts_safe_settings(said):
    assert said() == []


@pytest.mark.asvs("13.4.2", "11.4.2")
@pytest.mark.parametrize(("number", "unsafe"), UNSAFE, ids=[number for number, _ in UNSAFE])
def test_deploy_check_reports_each_unsafe_setting_with_a_hint(said, number, unsafe):
    told = said(**unsafe)
    assert number in {message.id for message in told}
    warned = [message for message in told if message.id == number and message.level < ERROR]
    assert all(
        message.hint for message in warned if not number.startswith("security.")
    )  # Django's messages contain the hint
    follows = {"accounts.W004"} if number == "accounts.W011" else set()  # it is about the admin too
    assert {message.id for message in told} - {number} <= {"sessions_api.W006"} | follows


@pytest.mark.parametrize(
    "location", ["redis://x", "redis://127.0.0.1:6379/0", "redis://[::1]", "rediss://:pass@cache.example.org:6380/0"]
)
def test_deploy_check_accepts_several_processes_with_redis(said, location):
    assert said(PROCESSES=4, CACHES={"default": {"BACKEND": REDIS, "LOCATION": location}}) == []


@pytest.mark.parametrize("host", ["", "/var/run/postgresql", "localhost", "127.0.0.1", "::1", "db", "db,localhost"])
def test_deploy_check_accepts_a_database_on_this_machine_without_tls(said, host):
    assert said(HOST=host, OPTIONS={}) == []


@pytest.mark.parametrize("sslmode", ["require", "verify-ca", "verify-full"])
def test_deploy_check_accepts_a_database_elsewhere_with_tls(said, sslmode):
    assert said(HOST="db1.example.org,db2.example.org", OPTIONS={"sslmode": sslmode}) == []


def test_deploy_check_accepts_random_keys_of_any_alphabet(said):
    digits = "".join(secrets.choice("0123456789") for _ in range(50))
    for key in (secrets.token_hex(25), secrets.token_urlsafe(64), digits):
        assert [message.id for message in said(SECRET_KEY=key)] == []


@pytest.mark.parametrize("backend", ["db.DatabaseCache", "dummy.DummyCache", "filebased.FileBasedCache"])
def test_deploy_check_reports_several_processes_with_another_cache(said, backend, tmp_path):
    caches = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": str(tmp_path)}}
    assert "sessions_api.W005" in {message.id for message in said(PROCESSES=2, CACHES=caches)}


@pytest.mark.asvs("11.4.2")
@pytest.mark.parametrize(("passes", "memory"), [(1, 47104), (2, 19456), (3, 12288), (4, 9216), (5, 7168), (3, 65536)])
def test_deploy_check_accepts_each_hash_strength_of_owasp(said, passes, memory):
    assert said(ARGON2_TIME_COST=passes, ARGON2_MEMORY_COST=memory) == []
    weaker = said(ARGON2_TIME_COST=passes, ARGON2_MEMORY_COST=7167)
    assert [message.id for message in weaker] == ["accounts.W003"]


IN_ODD_DATABASES = {"postgresql.E001", "postgresql.E002", "postgresql.E003", "postgresql.W001"}  # tried there


def test_checks_page_lists_exactly_the_checks_of_the_code():
    rows = re.findall(r"^\| `([\w.]+)` \| .+ \| .+ \|$", (ROOT / "docs" / "checks.md").read_text(), re.MULTILINE)
    tried = {number for number, _ in UNSAFE} | IN_ODD_DATABASES
    assert set(rows) == tried, set(rows) ^ tried
    assert len(rows) == len(tried)
    assert ids_in_code() == {number for number in tried if not number.startswith("security.")}


@pytest.mark.once
def test_deploy_check_reads_the_environment():
    environment = {"PATH": os.environ["PATH"], "DOTENV": os.devnull, "SECRET_KEY": "short", "DEBUG": "true"}
    environment |= {
        "ALLOWED_HOSTS": "*",
        "ARGON2_MEMORY_COST": "8",
        "ARGON2_PARALLELISM": "1",
        "DATABASE_URL": "sqlite://:memory:",
        "GRANIAN_WORKERS": "2",
        "PASSWORD_MIN_LENGTH": "6",
        "PWNED_PASSWORDS_URL": "http://pwned.example.org/range",
        "RATE_LIMIT_FACTOR": "0",
        "TRUSTED_PEERS": "10.0.0.0/8",
    }
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(check, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    told = set(re.findall(r"\((\w+\.[EW]\d{3})\)", done.stderr))
    of_sessions = {f"sessions_api.W{number:03}" for number in (1, 2, 3, 4, 5, 7, 8, 10)}
    of_users = {f"accounts.W{number:03}" for number in (1, 2, 3, 4, 5, 6, 9)}
    others = {"accounts_mail.W001", "accounts_mail.W003", "security.W009", "security.W018"}
    assert told >= of_sessions | of_users | others
