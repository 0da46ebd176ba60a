"""The environment becomes settings, and an invalid value an error that names the setting and hides the value."""

import ast
import os
import re
import runpy
import subprocess
import sys
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import quote, urlencode, urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured

from ..server import ROOT

pytestmark = pytest.mark.once


def setting(expression, **environment):
    """The value of this expression with only these environment variables, on a machine of sixteen cores."""
    cores = "import os; os.sched_getaffinity = lambda _: range(16)"
    done = python(f"{cores}; from config import settings; print({expression})", **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def python(code, **environment):
    environment = {"PATH": os.environ["PATH"], "DOTENV": os.devnull, "SECRET_KEY": "short"} | environment
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("given", "location"),
    [
        ("valkey://:secret@cache:6380/3", "redis://:secret@cache:6380/3"),
        ("valkeys://cache:6380/3", "rediss://cache:6380/3"),
        ("redis://cache:6379/0", "redis://cache:6379/0"),
    ],
)
def test_cache_url_of_valkey_is_read_as_redis(given, location):
    assert setting("settings.CACHES['default']['LOCATION']", CACHE_URL=given) == location


@pytest.mark.parametrize(
    ("given", "sender"),
    [
        ("accounts@example.org", "accounts@example.org"),
        ("<accounts@example.org>", "accounts@example.org"),
        ("Acme, Inc. <accounts@example.org>", '"Acme, Inc." <accounts@example.org>'),
        ('"Acme, Inc." <accounts@example.org>', '"Acme, Inc." <accounts@example.org>'),
        ("Bücher <accounts@bücher.example>", '"Bücher" <accounts@bücher.example>'),
    ],
)
def test_sender_of_mails_is_one_address(given, sender):
    assert setting("settings.DEFAULT_FROM_EMAIL", DEFAULT_FROM_EMAIL=given) == sender


@pytest.mark.parametrize(("processes", "hashes"), [("1", "4"), ("2", "2"), ("3", "1"), ("16", "1")])
def test_hashes_at_once_are_divided_by_processes(processes, hashes):
    assert setting("settings.HASHES_AT_ONCE", GRANIAN_WORKERS=processes) == hashes


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize(("threads", "hashes"), [("8", "4"), ("7", "3"), ("6", "2"), ("4", "1"), ("1", "1")])
def test_hashes_at_once_leave_a_thread_free(threads, hashes):
    """Below five threads none is left, because at least one password must be hashed."""
    assert setting("settings.HASHES_AT_ONCE", GRANIAN_BLOCKING_THREADS=threads) == hashes


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("postgres://u:p%40%2Fw@db:6432/latchkey", {"USER": "u", "PASSWORD": "p@/w", "HOST": "db", "PORT": "6432"}),
        ("postgresql://u@[2001:db8::7]:5433/latchkey", {"HOST": "2001:db8::7", "PORT": "5433"}),
        ("postgres://u@%2Frun%2Fpostgresql/latchkey", {"HOST": "/run/postgresql", "PORT": ""}),
        ("postgres:///latchkey?host=/run/a,/run/b&user=u", {"HOST": "/run/a,/run/b", "USER": "u"}),
        ("postgres://u@a:1,[::1]:2/latchkey", {"HOST": "a,::1", "PORT": "1,2"}),
        ("postgres://latchkey@db", {"HOST": "db"}),  # libpq's default: the database is named as the user
    ],
)
def test_database_url_is_read_as_libpq_reads_it(url, parts):
    read = setting(f"[settings.DATABASES['default'][name] for name in {['NAME', *parts]}]", DATABASE_URL=url)
    assert read == str(["latchkey", *parts.values()])


def test_database_url_takes_the_parameters_of_libpq():
    given = {
        "target_session_attrs": "read-write",
        "load_balance_hosts": "random",
        "sslmode": "verify-full",
        "sslrootcert": "/etc/latchkey/ca of us.pem",
        "sslcert": "/etc/latchkey/client.pem",
        "sslkey": "/etc/latchkey/client.key",
        "passfile": "/etc/latchkey/passwords",
        "connect_timeout": "5",
        "options": "-c statement_timeout=5s",
    }
    url = f"postgres://u@a,b/latchkey?{urlencode(given, quote_via=quote)}"
    options = setting("settings.DATABASES['default']['OPTIONS']", DATABASE_URL=url)
    assert given.items() <= ast.literal_eval(options).items()


@pytest.mark.parametrize(("given", "value"), [("true", True), ("Yes", True), ("1", True), ("off", False), ("0", False)])
def test_boolean_setting_has_several_spellings(given, value):
    assert setting("settings.DEBUG", DEBUG=given) == str(value)


@pytest.mark.asvs("16.2.5")
@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ADMIN_ENABLED", "hunter2", "ADMIN_ENABLED must be true or false."),
        ("CACHE_URL", "redis://:hunter2@cache:port/0", "CACHE_URL is not a valid URL."),
        ("CACHE_URL", "hunter2://cache", "CACHE_URL must start with redis:// or valkey://."),
        ("DATABASE_URL", "postgres://u:hunter2/x@db/latchkey", "DATABASE_URL has an invalid port. Write special"),
        ("DATABASE_URL", "postgres://u:%hunter2@db/latchkey", "DATABASE_URL is not a valid URL"),
        ("DATABASE_URL", "postgres://db/latchkey?hunter2=x", "DATABASE_URL is not a valid URL, or has a parameter"),
        ("DATABASE_URL", "postgres://db/latchkey?sslmode=hunter2", "DATABASE_URL has an invalid sslmode."),
        ("DATABASE_URL", "postgres://db/latchkey?service=hunter2", "DATABASE_URL has an invalid service."),
        ("DATABASE_URL", "postgres://db/latchkey?connect_timeout=hunter2", "DATABASE_URL has an invalid connect_timeo"),
        ("DATABASE_URL", "postgres://a:1,b:2,c:70000/hunter2", "DATABASE_URL has an invalid port."),
        ("DATABASE_URL", "postgres://:hunter2@db", "DATABASE_URL names no database."),
        ("DATABASE_URL", "mysql://u:hunter2@db/latchkey", "DATABASE_URL must start with postgres:// or sqlite:///."),
        ("DEBUG", "", "DEBUG must be true or false."),
        ("EMAIL_URL", "smtp://u:hunter2/x@mail:25", "EMAIL_URL is not a valid URL."),
        (
            "DEFAULT_FROM_EMAIL",
            "hunter2",
            "DEFAULT_FROM_EMAIL must be one address, such as Acme <accounts@example.org>.",
        ),
        ("DEFAULT_FROM_EMAIL", "a@x.org, hunter2@x.org", "DEFAULT_FROM_EMAIL must be one address, such as Acme <acc"),
        ("EMAIL_EHLO_NAME", "hunter2 x", "EMAIL_EHLO_NAME must be the name of a host, such as auth.example.org."),
        ("EMAIL_URL", "hunter2", "EMAIL_URL must start with smtp+tls://, smtps:// or smtp://."),
        ("CORS_ALLOWED_HEADERS", "X-Hunter2, hunter2:", "CORS_ALLOWED_HEADERS must list names of headers, such as X-T"),
        ("CORS_ALLOWED_HEADERS", "*", "CORS_ALLOWED_HEADERS must list names of headers, such as X-Trace-ID."),
        ("PUBLIC_URL", "https://example.org/hunter2", "PUBLIC_URL must have no path, because the service answers at"),
        ("FRONTEND_URL", "hunter2", "FRONTEND_URL must be an absolute URL, such as https://example.org."),
        ("GOOGLE_OIDC_ENDPOINT", "http://hunter2.org", "GOOGLE_OIDC_ENDPOINT must be an https URL without query"),
        ("LOG_LEVEL", "hunter2", "LOG_LEVEL must be one of: info, debug, warning, error."),
        ("PORT", "hunter2", "PORT must be a whole number."),
        ("PORT", "99999", "PORT must be from 1 to 65535."),
        (
            "PWNED_PASSWORDS_URL",
            "http://[hunter2",
            "PWNED_PASSWORDS_URL must be an absolute URL, such as https://example.org.",
        ),
        ("RATE_LIMIT_FACTOR", "hunter2", "RATE_LIMIT_FACTOR must be a number."),
        ("SECRET_KEY", "", "SECRET_KEY is not set. `make run` writes a new one into .env."),
        ("SECRET_KEY_FILE", "/nowhere/hunter2", "SECRET_KEY_FILE cannot be read: No such file or directory."),
        ("SESSION_IDLE_DAYS", "99999999999", "SESSION_IDLE_DAYS is too large."),
    ],
)
def test_invalid_setting_is_named_and_its_value_is_hidden(name, value, says):
    done = python("from config import settings", **{name: value})
    assert done.returncode == 1
    *_, error = done.stderr.strip().splitlines()
    assert error.startswith(f"django.core.exceptions.ImproperlyConfigured: {says}")
    assert "hunter2" not in error


def test_setting_can_be_read_from_a_file(tmp_path):
    (tmp_path / "key").write_text("$from a file\n")
    assert setting("settings.SECRET_KEY", SECRET_KEY_FILE=str(tmp_path / "key")) == "$from a file"


@pytest.mark.parametrize(
    "line",
    [
        "SITE_NAME=Tea & Co.",
        "\ufeffSITE_NAME=Tea & Co.",
        "  SITE_NAME = Tea & Co.  ",
        "export SITE_NAME=Tea & Co.\r",
        '\ufeff# a comment\n\nSITE_NAME = "Tea & Co."',
        "SITE_NAME='Tea & Co.'",
    ],
)
def test_dotenv_is_read_as_users_write_it(tmp_path, line):
    (tmp_path / ".env").write_text(f"{line}\n", encoding="utf-8", newline="")
    assert setting("settings.SITE_NAME", DOTENV=str(tmp_path / ".env")) == "Tea & Co."


@pytest.mark.asvs("16.2.5")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"SITE_NAME=Tea\n\nSECRET_KEY: hunter2\n", "Line 3 of .env is not NAME=value."),
        (b"hunter2\n", "Line 1 of .env is not NAME=value."),
        (b"SECRET-KEY=hunter2\n", "Line 1 of .env is not NAME=value."),
        ("SECRET_KEY=hunter2\n".encode("utf-16"), ".env is not in UTF-8."),
        (None, ".env cannot be read: Is a directory."),
    ],
)
def test_dotenv_that_cannot_be_read_ends_the_start_without_its_content(tmp_path, content, says):
    path = tmp_path / ".env"
    path.mkdir() if content is None else path.write_bytes(content)
    done = python("import django; django.setup()", DOTENV=str(path), DJANGO_SETTINGS_MODULE="config.settings")
    assert done.stderr.rstrip().endswith(f"ImproperlyConfigured: {says}")
    assert "hunter2" not in done.stdout + done.stderr


def test_environment_wins_over_dotenv_as_a_value_and_as_a_file(tmp_path):
    (tmp_path / ".env").write_text("REGISTRATION=closed\nLOG_LEVEL=debug\nSITE_NAME_FILE=/nowhere\nMAIL_LANGUAGE=de\n")
    (tmp_path / "level").write_text("error")
    given = {"DOTENV": str(tmp_path / ".env"), "REGISTRATION": "verified", "SITE_NAME": "Tea"}
    given["LOG_LEVEL_FILE"] = str(tmp_path / "level")
    names = ("REGISTRATION", "LOG_LEVEL", "SITE_NAME", "MAIL_LANGUAGE")
    read = setting("[" + ", ".join(f"settings.{name}" for name in names) + "]", **given)
    assert read == "['verified', 'ERROR', 'Tea', 'de']"


def test_anymail_gets_each_of_its_settings_from_the_environment(tmp_path):
    (tmp_path / "token").write_text("from a file\n")
    given = {"ANYMAIL_POSTMARK_SERVER_TOKEN_FILE": str(tmp_path / "token"), "ANYMAIL_TRACK_CLICKS": "no"}
    read = setting("sorted(settings.ANYMAIL.items())", **given)
    assert read == "[('POSTMARK_SERVER_TOKEN', 'from a file'), ('TRACK_CLICKS', 'no')]"


def test_trusted_peers_are_addresses_and_networks():
    given = "10.0.0.7, fd00:7::/64,"
    assert setting("*settings.TRUSTED_PEERS", TRUSTED_PEERS=given) == "10.0.0.7/32 fd00:7::/64"


@pytest.mark.parametrize("wrong", ["front.example.org", "10.0.0.7/24", "10.0.0.7:80", "*"])
def test_trusted_peers_refuse_anything_else_without_repeating_it(wrong):
    done = python("from config import settings", TRUSTED_PEERS=wrong)
    assert "TRUSTED_PEERS must be IP addresses or networks" in done.stderr
    assert wrong not in done.stderr.splitlines()[-1].replace("10.0.0.0/24", "")


# Addresses and lists, read in this process: that takes milliseconds


def read(**environment):
    """The settings with only these environment variables. Raises ImproperlyConfigured."""
    environment = {"DOTENV": os.devnull, "SECRET_KEY": "short"} | environment
    with patch.dict(os.environ, environment, clear=True):
        return SimpleNamespace(**runpy.run_path(str(ROOT / "config" / "settings.py")))


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://Auth.Example.ORG", "https://auth.example.org"),
        ("HTTPS://auth.example.org:443/", "https://auth.example.org"),
        ("http://auth.example.org:80", "http://auth.example.org"),
        ("https://auth.example.org:8443", "https://auth.example.org:8443"),
        ("http://auth.example.org:443", "http://auth.example.org:443"),
        ("https://Bücher.example", "https://xn--bcher-kva.example"),
        ("https://bücher.example:443", "https://xn--bcher-kva.example"),
        ("https://XN--BCHER-KVA.example", "https://xn--bcher-kva.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://[2001:DB8:0:0::1]:80/", "http://[2001:db8::1]"),
        ("http://my_host:8000", "http://my_host:8000"),
    ],
)
def test_addresses_have_the_form_that_browsers_send(given, url):
    """So an `Origin` or `Host` header equals the setting."""
    settings = read(PUBLIC_URL=given, FRONTEND_URL=given)
    assert [url, url] == [settings.PUBLIC_URL, settings.FRONTEND_URL]
    assert settings.CORS_ALLOWED_ORIGINS == settings.CSRF_TRUSTED_ORIGINS == [url]
    assert settings.ALLOWED_HOSTS[3] == re.sub(":[0-9]+$", "", urlsplit(url).netloc)
    assert [url, url] == read(CORS_ALLOWED_ORIGINS=f" {given} , {given},").CORS_ALLOWED_ORIGINS


def test_front_end_may_have_a_path():
    settings = read(FRONTEND_URL="https://Example.org:443/App/")
    assert settings.FRONTEND_URL == "https://example.org/App"
    assert settings.CORS_ALLOWED_ORIGINS == ["https://example.org"]


def test_apps_may_have_origins_with_a_scheme_of_their_own():
    given = "capacitor://localhost, https://app.example.org/"
    assert read(CORS_ALLOWED_ORIGINS=given).CORS_ALLOWED_ORIGINS == ["capacitor://localhost", "https://app.example.org"]


def test_allowed_hosts_are_canonical():
    given = "Auth.Example.org, .Example.net:443,bücher.example, ::1, [::1]:8000, 192.0.2.7:80, *,"
    expected = ["auth.example.org", ".example.net", "xn--bcher-kva.example", "[::1]", "[::1]", "192.0.2.7", "*"]
    assert expected == read(ALLOWED_HOSTS=given).ALLOWED_HOSTS


ADDRESSES = ("PUBLIC_URL", "FRONTEND_URL", "CORS_ALLOWED_ORIGINS")
NO_ADDRESSES = ["example.org", "https://", "https://*.example.org", "https://a@example.org", "https://exa mple.org"]
NO_ADDRESSES += [
    "https://example.org:99999",
    "https://example.org?a=b",
    "https://example.org#a",
    "https://xn--a.example",
]
NO_ADDRESSES += ["https://example.org\\app", "*", "null", "file:///"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ADDRESSES for value in NO_ADDRESSES),
        *(("PUBLIC_URL", url) for url in ("https://example.org/auth", "ftp://example.org", "capacitor://localhost")),
        *(("ALLOWED_HOSTS", host) for host in ("https://example.org", "*.example.org", "a b", "example.org/", "[::1")),
        ("CORS_ALLOWED_ORIGINS", "https://example.org/app"),
        ("PWNED_PASSWORDS_URL", "example.org"),
    ],
)
def test_address_that_cannot_be_meant_is_refused_in_one_sentence(name, value):
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} must [^.]+(, such as \S+)?\.$"):
        read(**{name: value})


def test_site_name_is_the_front_ends_host_in_its_own_alphabet():
    assert read(FRONTEND_URL="https://xn--bcher-kva.example:3000/").SITE_NAME == "bücher.example"


@pytest.mark.parametrize(
    ("given", "tls", "ssl", "port"),
    [
        ("smtps://u:p@mail.example.org", False, True, 465),
        ("smtps://mail.example.org:4650", False, True, 4650),
        ("smtp+ssl://mail.example.org", False, True, 465),
        ("smtp+tls://mail.example.org", True, False, 587),
        ("smtp://mail.example.org", False, False, 25),
    ],
)
def test_email_url_chooses_the_encryption_and_the_port(given, tls, ssl, port):
    settings = read(EMAIL_URL=given)
    assert (tls, ssl, port) == (settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL, settings.EMAIL_PORT)


PROVIDERS = {"OIDC_PROVIDERS": "a, b"} | {
    f"OIDC_{provider}_{key}": "https://example.org"
    for provider in "AB"
    for key in ("CLIENT_ID", "CLIENT_SECRET", "ISSUER")
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY_FALLBACKS", lambda settings: settings.SECRET_KEY_FALLBACKS),
        ("GOOGLE_NATIVE_CLIENT_IDS", lambda settings: settings.SOCIAL_AUTH_GOOGLE_NATIVE_CLIENT_IDS),
        ("CORS_ALLOWED_HEADERS", lambda settings: settings.CORS_ALLOW_HEADERS[-2:]),
        ("OIDC_PROVIDERS", lambda settings: list(settings.OIDC_PROVIDERS)),
        ("OIDC_A_NATIVE_CLIENT_IDS", lambda settings: settings.OIDC_PROVIDERS["a"]["NATIVE_CLIENT_IDS"]),
    ],
)
def test_lists_may_have_blanks_around_their_commas(name, value):
    assert value(read(**PROVIDERS | {name: " a , b ,"})) == ["a", "b"]
