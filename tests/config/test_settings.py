"""The environment becomes settings, and an invalid value an error that names the setting and hides the value."""

import ast
import os
import subprocess
import sys
from urllib.parse import quote, urlencode

import pytest

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


@pytest.mark.parametrize(("processes", "hashes"), [("1", "4"), ("2", "2"), ("3", "1"), ("16", "1")])
def test_hashes_at_once_are_divided_by_processes(processes, hashes):
    assert setting("settings.HASHES_AT_ONCE", GRANIAN_WORKERS=processes) == hashes


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize(("threads", "hashes"), [("8", "4"), ("7", "3"), ("6", "2"), ("4", "1"), ("1", "1")])
def test_hashes_at_once_leave_a_thread_free(threads, hashes):
    """Below five threads none is left, because at least one password must be hashed."""
    assert setting("settings.HASHES_AT_ONCE", GRANIAN_BLOCKING_THREADS=threads) == hashes


@pytest.mark.asvs("13.2.6")
def test_connection_pool_has_one_connection_for_each_thread_and_one_for_mail():
    pool = "settings.DATABASES['default']['OPTIONS']['pool']['max_size']"
    url = "postgres://latchkey@db.example.org/latchkey"
    assert setting(pool, DATABASE_URL=url) == "9"
    assert setting(pool, DATABASE_URL=url, GRANIAN_BLOCKING_THREADS="3") == "4"


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
        ("EMAIL_URL", "hunter2", "EMAIL_URL must start with smtp+tls://, smtp+ssl:// or smtp://."),
        ("FRONTEND_URL", "hunter2", "FRONTEND_URL must be an absolute URL, such as https://example.org."),
        ("FRONTEND_URL", "", "FRONTEND_URL must be an absolute URL, such as https://example.org."),
        ("LOG_LEVEL", "hunter2", "LOG_LEVEL must be one of: info, debug, warning, error."),
        ("PORT", "hunter2", "PORT must be a whole number."),
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
