"""The three pages docs/inventory-….md, held to the code: cryptography, communication, data."""

import ast
import hashlib
import hmac
import math
import re
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from string import ascii_letters, digits
from urllib.parse import parse_qs, urlsplit

import argon2
import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.test import Client

from accounts import hash_pool
from accounts.login.models import CODE_LIFETIME, KEPT, SessionExchangeCode
from accounts.mail import queue, worker
from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.token_types import RULES, TokenType
from accounts.models import User
from accounts.passwords import pwned
from accounts.single_use.models import CLOCKS_DIFFER
from accounts.social.flow_state import OAuthFlowState
from accounts.social.providers import base, oidc
from config import env
from config.postgresql import connection
from config.postgresql.connection import PAUSE as PAUSE_OF_POSTGRESQL
from sessions_api.events.models import KEEP_FAILURES_OF_UNKNOWN
from sessions_api.models import Session
from sessions_api.outbound import documents, http
from sessions_api.ratelimit import redis
from sessions_api.tokens import new_token

from ..accounts.social.forger import forging
from ..server import ROOT

pytestmark = pytest.mark.once

OURS = ("config", "accounts", "sessions_api")
MODULES = [path for app in OURS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
ALPHANUMERIC = len(ascii_letters + digits)


def page(name):
    return (ROOT / "docs" / f"inventory-{name}.md").read_text()


def rows(name, heading):
    """The rows of the first table below this heading, without its two lines of head: the texts of the cells."""
    below = re.split(rf"^## {heading}$", page(name), flags=re.MULTILINE)[1].split("\n## ")[0]
    table = [line.split("|")[1:-1] for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in table[2:]]


def in_backticks(text):
    return set(re.findall(r"`([^`]+)`", text))


def minutes(time):
    return time // timedelta(minutes=1)


# Cryptography

PRIMITIVES = {"argon2", "cryptography", "hashlib", "hmac", "jwt", "secrets", "ssl"}
CONSTRUCTIONS = {"salted_hmac", "signing", "get_random_string"}  # of Django
UNUSED = r"(?i)\b(AES\w*|ECB|CBC|GCM|PKCS1v15|Cipher|Fernet|hazmat|nacl|Cryptodome|md5|sha1|rsa|ecdsa)\b"


def imports(path):
    """Each name that the module imports, with the module that it comes from."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.module.split(".")[0], alias.name) for alias in node.names)


@pytest.mark.asvs("11.1.2", "11.1.3", "11.1.4", "11.2.1")
def test_cryptography_page_lists_each_module_that_uses_cryptography():
    """So a use that is added later fails this test until it is in the inventory."""
    using = {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        for package, name in imports(path)
        if package in PRIMITIVES or (package == "django" and name in CONSTRUCTIONS)
    }
    listed = {name for row in rows("cryptography", "Algorithms") for name in in_backticks(row[2])}
    assert {name for name in listed if name.endswith(".py")} == using


@pytest.mark.asvs("11.1.1", "11.1.2")
def test_cryptography_page_lists_each_purpose_of_the_secret_key():
    text = "".join(path.read_text() for path in MODULES)
    salts = {re.sub(r"\{.*", "<>", salt) for salt in re.findall(r'"(latchkey\.[\w.{}]+)"', text)}
    listed = {name for row in rows("cryptography", "Algorithms") for name in in_backticks(row[2])}
    assert {re.sub("<.*", "<>", name) for name in listed if name.startswith("latchkey.")} == salts
    assert len(salts) == 7


@pytest.mark.asvs("11.1.1", "13.1.4")
def test_cryptography_page_lists_each_secret_setting_with_its_rotation():
    listed = {row[0]: row[1:] for row in rows("cryptography", "Keys and passwords")}
    known = in_backticks(" ".join(listed))
    settings = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    secret = {name for name in settings if re.search("SECRET|PASSWORD$|TOKEN|(DATABASE|CACHE|EMAIL)_URL", name)}
    assert secret - {"SECRET_KEY_FALLBACKS"} == {name for name in known if name in settings}
    assert {"OIDC_…_CLIENT_SECRET", "ANYMAIL_…"} <= known
    assert all(cell for cells in listed.values() for cell in cells)
    for step in ("Create", "Distribute", "Use", "Replace", "Destroy"):
        assert f"**{step}:**" in page("cryptography")


def names_in(path):
    """Each name of the module's code: variables, attributes, imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        yield from (getattr(node, field) for field in ("id", "attr", "module") if getattr(node, field, None))
        yield from (alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias))


@pytest.mark.asvs("11.3.1", "11.3.2", "11.3.3", "11.4.1")
def test_code_names_no_cipher_and_no_weak_hash_but_that_of_the_breach_lookup():
    """The page says that the service encrypts nothing itself; tests/config/test_nginx.py shows the ciphers of TLS."""
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {word}"
        for path in MODULES
        for name in names_in(path)
        for word in re.findall(UNUSED, name)
    }
    assert found == {"accounts/passwords/pwned.py: sha1"}
    text = "".join(path.read_text() for path in MODULES)
    assert text.count("salted_hmac(") == text.count('algorithm="sha256"')  # by default Django takes SHA-1
    assert "no cipher, mode, padding or nonce is in its code" in " ".join(page("cryptography").split())


@pytest.mark.asvs("11.1.4")
def test_cryptography_page_has_a_way_to_move_from_each_algorithm():
    moved = " ".join(row[0] for row in rows("cryptography", "Migration"))
    for algorithm in ("Argon2id", "SHA-256", "HMAC-SHA-256", "RS256", "TLS", "SECRET_KEY"):
        assert algorithm in moved
    assert "X25519MLKEM768" in page("cryptography").partition("**Post-quantum:**")[2]
    assert oidc.OIDCProvider.JWT_ALGORITHMS == ["RS256"]


@pytest.mark.asvs("11.2.1", "11.4.3")
def test_digests_and_signatures_are_those_of_the_standard_library(api, mailbox):
    """Each is computed again here: SHA-256 and HMAC-SHA-256, with Django's derivation of a key for each salt."""

    def signed(salt, text):
        key = hashlib.sha256(salt.encode() + django_settings.SECRET_KEY.encode()).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    opened = api.register("alice@example.org").json()
    user, token = User.objects.get(), opened["device_token"]
    assert bytes(Session.objects.get().digest) == hashlib.sha256(opened["token"].encode()).digest()
    claims = token[2:42]
    assert token[42:] == signed("latchkey.device_token", f"{user.pk}\0{user.device_epoch}\0{claims}")
    mailed = mailbox.token("alice@example.org")
    row = OneTimeToken.objects.get()
    assert mailed == row.pk.hex + signed(
        "latchkey.one_time_token.verify", "\0".join([row.pk.hex, row.email, row.email])
    )
    assert user.password.startswith("argon2$argon2id$v=19$")
    assert argon2.PasswordHasher().verify(user.password.removeprefix("argon2"), "correct horse battery")


@pytest.fixture
def values(api, root, mailbox, settings):
    """Each random value of the page, with the number of its alphabet's signs."""
    opened = api.register("alice@example.org").json()
    alice = User.objects.get(email="alice@example.org")
    code = SessionExchangeCode.objects.issue(alice, provider="google", code_challenge="x")
    browser = Client()
    browser.post("/admin/login/", {"username": root.email, "password": "the password of root"})
    with forging() as forger:
        forger.configure(settings)
        start = Client().get("/api/auth/oauth/google")
    query = {name: found for name, (found,) in parse_qs(urlsplit(start.headers["Location"]).query).items()}
    (cookie,) = start.cookies.values()
    kept = OAuthFlowState.decode(cookie.value).social_session.values()
    (verifier,) = (each["code_verifier"] for each in kept if "code_verifier" in each)
    return {
        "session token": (opened["token"].removeprefix("s_"), 64),
        "session exchange code": (code, 64),
        "HMAC of a mail token": (mailbox.token(alice.email)[32:], 16),
        "mark of a device token": (opened["device_token"][2:-72], 16),  # before the expiry and the HMAC
        "cookie of the admin": (browser.cookies[django_settings.SESSION_COOKIE_NAME].value, 36),
        "CSRF secret of the admin": (browser.cookies[django_settings.CSRF_COOKIE_NAME].value, ALPHANUMERIC),
        "OAuth state": (query["state"], ALPHANUMERIC),
        "nonce of a sign-in": (query["nonce"], ALPHANUMERIC),
        "PKCE verifier of a sign-in": (verifier, ALPHANUMERIC),
    }


@pytest.mark.asvs("6.5.4", "7.2.3", "11.5.1")
def test_cryptography_page_has_the_bits_of_each_random_value(values):
    """A Base64 text ends with a sign that carries fewer bits, so whole bytes count there."""
    bits = {}
    for name, (text, signs) in values.items():
        exact = len(text) * math.log2(signs)
        bits[name] = int(exact // 8 * 8 if signs == 64 else exact)
    assert {row[0]: int(row[1]) for row in rows("cryptography", "Random values")} == bits
    assert min(bits.values()) >= 128


def tokens(number):
    return [new_token() for _ in range(number)]


@pytest.mark.asvs("11.5.2")
def test_processes_that_were_forked_at_once_make_different_tokens():
    """A generator in a process' own memory would go on from the same state in each copy."""
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as processes:
        made = [token for batch in processes.map(tokens, [2500] * 8) for token in batch]
    assert len(set(made)) == len(made) == 20_000


# Communication


def seconds(time):
    number = time.total_seconds() if isinstance(time, timedelta) else time
    return f"{number:g} s"


@pytest.mark.asvs("13.1.1", "13.1.2", "13.1.3")
def test_communication_page_has_the_limits_and_times_of_the_code(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://latchkey@db.example.org/latchkey")
    database = env.database("DATABASE_URL", "", folder=ROOT)["OPTIONS"]
    monkeypatch.setenv("CACHE_URL", "redis://cache.example.org/0")
    first, longest, give_up = queue.BACK_OFF.first, queue.BACK_OFF.longest, queue.GIVE_UP_AFTER
    hours, days = f"{longest // timedelta(hours=1)} h", f"{give_up // timedelta(days=1)} days"
    expected = {
        "`DATABASE_URL`": [
            "9: threads + 1",
            f"{database['connect_timeout']} s to connect, {seconds(connection.PATIENCE)} for one of 6 places, "
            f"{seconds(connection.DEADLINE)} for a statement, "
            f"{seconds(database['tcp_user_timeout'] / 1000)} for a network that drops packets",
            "one request a second",
        ],
        "`CACHE_URL`": ["one for each thread", seconds(redis.PATIENCE), "one request a second"],
        "`EMAIL_URL`": [
            "1: the worker",
            f"{django_settings.EMAIL_TIMEOUT} s for each answer, {seconds(worker.DELIVERY_SECONDS)} for a mail",
            f"after {seconds(first)}, doubled up to {hours}, for {days}",
        ],
        "`GOOGLE_…`": [
            f"{8 * 3 // 8} of 8 threads",
            f"{seconds(base.TOTAL_SECONDS)} for a sign-in, {seconds(http.BYTE_SECONDS)} for the next byte",
            "never within a sign-in",
        ],
        "documents": [
            "1 for each document",
            "as above",
            f"after {minutes(documents.RETRY)} min; for unknown keys once in {minutes(oidc.UNKNOWN_KEY_PAUSE)} min",
        ],
        "`PWNED_PASSWORDS_URL`": [
            "one for each thread",
            seconds(pwned.SECONDS),
            f"after {minutes(pwned.PAUSE)} min",
        ],
        "standard error": ["", "", "never"],
    }
    found = rows("communication", "Neighbours")
    assert len(found) == len(expected)
    for (service, *told), (name, wanted) in zip(found, expected.items(), strict=True):
        assert name in service
        assert told[:3] == wanted, name
        assert told[3], name
    assert (timedelta(seconds=1), timedelta(seconds=1)) == (redis.PAUSE, PAUSE_OF_POSTGRESQL)
    assert base.provider_calls.places == max(1, django_settings.THREADS * 3 // 8)
    assert documents.SharedDocuments(keep=timedelta(days=1), wait=2.0).keep == oidc.documents.keep
    assert f"{http.MAX_BYTES // 1024**2} MiB" in page("communication")


@pytest.mark.asvs("13.1.1")
def test_communication_page_names_each_setting_of_a_neighbour():
    named = in_backticks(" ".join(row[0] for row in rows("communication", "Neighbours")))
    settings = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    outbound = {name for name in settings if re.search("_URL$|_BACKEND$|^GOOGLE|^GITHUB|^OIDC", name)}
    prefixes = tuple(name.removesuffix("…") for name in named)
    assert {name for name in outbound if not name.startswith(prefixes)} == {"PUBLIC_URL", "FRONTEND_URL"}  # links only


@pytest.mark.asvs("13.1.1")
def test_modules_that_connect_to_other_services_are_exactly_these():
    """A module that opens connections in a new way fails this test until the page has its neighbour."""
    clients = {
        "requests",
        "urllib3",
        "httpx",
        "socket",
        "smtplib",
        "psycopg",
        "redis",
        "http",
        "ftplib",
    }
    using = {
        path.relative_to(ROOT).as_posix() for path in MODULES for package, _ in imports(path) if package in clients
    }
    assert using <= {
        "accounts/mail/worker.py",
        "accounts/passwords/pwned.py",
        "accounts/social/providers/base.py",
        "config/devserver.py",  # asks whether the port is free
        "config/postgresql/base.py",
        "config/postgresql/connection.py",
        "config/postgresql/url.py",  # reads the address
        "sessions_api/outbound/http.py",
        "sessions_api/ratelimit/redis.py",
    }


@pytest.mark.asvs("15.1.3")
def test_communication_page_lists_each_route_that_hashes_a_password(api, alice, root, mailbox, settings, hashes):
    """Each route is called as a user would, and those that compute a hash are the listed ones."""
    costly = {row[0]: in_backticks(row[1]) for row in rows("communication", "What is costly")}
    settings.RATE_LIMIT_FACTOR = 0
    mailbox.new()
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    reset = {"token": mailbox.token(alice.email, "password"), "new_password": "another password"}
    settings.REGISTRATION = "verified"
    api.call("POST", "/api/auth/register", {"email": "carol@example.org"})
    confirm = {"token": mailbox.token("carol@example.org"), "password": "the password of carol"}
    settings.REGISTRATION = "open"
    change = {"current_password": "wrong", "new_password": "another password"}
    calls = {
        "POST /api/auth/login": {"email": alice.email, "password": "wrong"},
        "POST /api/auth/register": {"email": "dora@example.org", "password": "correct horse"},
        "POST /api/auth/register/confirm": confirm,
        "POST /api/auth/reauthenticate": {"password": "wrong"},
        "POST /api/auth/password": change,
        "POST /api/auth/secure": {"token": "0" * 96},
        "POST /api/auth/exchange": {"code": "x" * 43, "code_verifier": "x" * 43},
        "POST /api/auth/password/reset": {"email": alice.email},
        "POST /api/auth/email/verify": {"token": "0" * 96},
        "POST /api/auth/email/verify/resend": None,
        "POST /api/auth/email/change": {"email": "new@example.org"},
        "POST /api/auth/email/change/confirm": {"token": "0" * 96},
        "GET /api/auth/session": None,
        "GET /api/auth/sessions": None,
        "GET /api/users/me": None,
        "GET /api/users/me/events": None,
        "POST /api/auth/password/reset/confirm": reset,  # the last one, since it revokes the session
    }
    costs = set()
    for call, body in calls.items():
        hashes.clear()
        api.call(*call.split(), body, token=alice.token)
        costs |= {call} if hashes else set()
    admin = Client()
    admin.force_login(root)
    own = {"old_password": "wrong", "new_password1": "a new password", "new_password2": "a new password"}
    forms = {"/admin/login/": {"username": root.email, "password": "wrong"}, "/admin/password_change/": own}
    for path, form in forms.items():
        hashes.clear()
        (Client() if "login" in path else admin).post(path, form)
        costs |= {path} if hashes else set()
    assert costs == {name for name in costly["a password hash"] if name.startswith(("POST", "/admin"))}
    (bound,) = [row[2] for row in rows("communication", "What is costly") if row[0] == "a password hash"]
    waits = f"{hash_pool.WAITING} more wait at most {seconds(hash_pool.WAIT_SECONDS)}, {hash_pool.SHARE} of one network"
    assert waits in bound


# Data

TABLES = {name: row[1:] for row in rows("data", "Tables") for name in sorted(in_backticks(row[0]))}
TELLING = r"^email$|name$|^ip_|agent|device$|network|^uid|^data$|session_data|object_repr|last_login"
HASHED = r"digest|^password$|session_key"


@pytest.mark.asvs("14.1.1", "14.1.2")
def test_data_page_lists_each_table():
    stored = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert TABLES.keys() == stored


@pytest.mark.asvs("14.1.1")
@pytest.mark.parametrize("model", apps.get_models(include_auto_created=True), ids=lambda model: model._meta.db_table)
def test_data_page_classifies_each_column_that_is_secret_or_tells_of_a_user(model):
    columns = {field.column for field in model._meta.concrete_fields}
    secret, personal, kept = TABLES[model._meta.db_table]
    assert kept
    if model.__module__.startswith(("django.contrib.auth", "django.contrib.contenttypes")) or "not in use" in kept:
        return
    assert in_backticks(secret) == {name for name in columns if re.search(HASHED, name)}
    assert in_backticks(personal) == {name for name in columns if re.search(TELLING, name)}


@pytest.mark.asvs("14.1.2")
def test_data_page_has_the_times_of_the_code():
    kept = {table: cells[2] for table, cells in TABLES.items()}
    days = lambda time: f"{time // timedelta(days=1)} day{'s' * (time != timedelta(days=1))}"  # noqa: E731
    hours = lambda time: f"{time // timedelta(hours=1)} hour{'s' * (time != timedelta(hours=1))}"  # noqa: E731
    reset, revert = RULES[TokenType.RESET].lifetime, RULES[TokenType.REVERT].lifetime
    others = {rule.lifetime for name, rule in RULES.items() if name not in {TokenType.RESET, TokenType.REVERT}}
    assert others == {timedelta(days=1)}
    told = f"{hours(reset)} (reset), 1 day, or {days(revert)} (undo; at most {days(revert + queue.GIVE_UP_AFTER)})"
    assert kept["accounts_mail_onetimetoken"] == told
    assert kept["accounts_mail_queuedmail"] == f"until sent; failed ones {days(queue.KEEP_ABANDONED)}"
    assert kept["accounts_login_loginfailures"].startswith(f"{days(KEPT)} after")
    assert kept["accounts_login_sessionexchangecode"] == f"{int(CODE_LIFETIME.total_seconds())} seconds"
    assert kept["accounts_single_use_consumedtoken"].startswith(f"{hours(CLOCKS_DIFFER)} after")
    assert kept["admin_sessions_adminsession"] == hours(timedelta(seconds=django_settings.SESSION_COOKIE_AGE))
    assert kept["events_event"].endswith(f"unknown addresses {days(KEEP_FAILURES_OF_UNKNOWN)}")


@pytest.mark.asvs("14.1.2")
def test_data_page_says_of_each_level_how_it_is_protected():
    levels = {row[0]: row[1:] for row in rows("data", "Protection levels")}
    assert levels.keys() == {"secret", "personal", "internal"}
    assert all(cell for cells in levels.values() for cell in cells)
