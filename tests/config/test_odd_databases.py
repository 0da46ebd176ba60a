"""Databases whose defaults differ from those of a new one. `make odd-databases` tries each default alone as well."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

import psycopg
import pytest
import requests

from ..races import at_once
from ..server import ROOT, beside, database, drop, free_port, manage, serving

DEFAULTS = {
    "default_transaction_isolation": "serializable",
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "America/Sao_Paulo",  # whose summer time ended at midnight
    "bytea_output": "escape",
    "transform_null_equals": "on",
    "search_path": "elsewhere, public",
    "extra_float_digits": "0",
    "backslash_quote": "on",
    "standard_conforming_strings": "off",
    "client_encoding": "LATIN1",
    "array_nulls": "off",
    "quote_all_identifiers": "on",
    "default_transaction_deferrable": "on",
    "enable_seqscan": "off",
}
LOCALES = {  # some only where the server was built with them; SQL's lower() of I is no i in Turkish
    "C": "LOCALE 'C'",
    "Turkish": "LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C.UTF-8'",
    "German": "LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C.UTF-8'",
    "built in": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
}
ODD = {"all at once": (DEFAULTS, "")}
if "ODD_DATABASES" in os.environ:
    ODD |= {name: ({name: value}, "") for name, value in DEFAULTS.items()}
    ODD |= {f"locale {name}": ({}, f"{locale} TEMPLATE template0") for name, locale in LOCALES.items()}
ALICE = {"email": "alice@example.org", "password": "correct horse battery", "display_name": "Özlem Þórr 愛"}

pytestmark = [pytest.mark.postgres]


@contextmanager
def odd_database(defaults=None, options=""):
    """The URL of a new database with these defaults and a schema `elsewhere`."""
    name = f"latchkey_{os.getpid()}_{free_port()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        try:
            admin.execute(f'CREATE DATABASE "{name}" {options}')
        except (psycopg.errors.FeatureNotSupported, psycopg.errors.SyntaxError) as refusal:
            pytest.skip(f"this PostgreSQL: {refusal.diag.message_primary}")
        for setting, value in (defaults or {}).items():
            quoted = value if setting == "search_path" else f"'{value}'"
            admin.execute(f'ALTER DATABASE "{name}" SET {setting} TO {quoted}')
    try:
        with psycopg.connect(beside(name), autocommit=True) as own:
            own.execute("CREATE SCHEMA elsewhere")
        yield beside(name)
    finally:
        drop(name)


@pytest.mark.parametrize(("defaults", "options"), ODD.values(), ids=ODD)
def test_database_with_odd_defaults_serves_the_whole_story(tmp_path, defaults, options):
    with odd_database(defaults, options) as url:
        manage("migrate", "-v0", DATABASE_URL=url)
        with serving(log=tmp_path / "log", DATABASE_URL=url) as server:
            assert server.call("GET", "/readyz").status_code == 200
            token = server.call("POST", "/api/auth/register", ALICE).json()["token"]
            who = {name: ALICE[name] for name in ("email", "password")}
            logins = at_once(*[lambda: server.call("POST", "/api/auth/login", who)] * 20)
            assert [login.status_code for login in logins] == [200] * 20
            sessions = server.call("GET", "/api/auth/sessions", token=token).json()
            assert len(sessions) == 21
            assert all(session["created_at"].endswith("Z") for session in sessions)
            exported = server.call("GET", "/api/users/me/export", token=token).json()
            assert exported["user"]["display_name"] == ALICE["display_name"]
            disable(url)
            assert server.call("GET", "/api/auth/session", token=token).status_code == 401
        with psycopg.connect(url) as own:
            assert own.execute("SELECT count(*) FROM sessions_api_session").fetchone() == (0,)
    assert "Traceback" not in (tmp_path / "log").read_text()


def disable(url):
    """As an operator would, with a `search_path` in which the tables are not found."""
    with psycopg.connect(url) as operator:
        (schema,) = operator.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'accounts_user'").fetchone()
        operator.execute("SET search_path TO pg_catalog")
        operator.execute(f"UPDATE {schema}.accounts_user SET is_active = false")


@pytest.mark.parametrize(("defaults", "options"), ODD.values(), ids=ODD)
def test_admin_works_on_a_database_with_odd_defaults(tmp_path, defaults, options):
    with odd_database(defaults, options) as url:
        manage("migrate", "-v0", DATABASE_URL=url)
        root = {"DJANGO_SUPERUSER_EMAIL": "mine@example.org", "DJANGO_SUPERUSER_PASSWORD": "the password of root"}
        manage("createsuperuser", "--noinput", DATABASE_URL=url, **root)
        with serving(log=tmp_path / "log", DATABASE_URL=url) as server, requests.Session() as browser:
            page = f"{server.url}/admin/login/"
            (csrf,) = re.findall('name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(page, timeout=10).text)
            form = {"username": "mine@example.org", "password": "the password of root", "csrfmiddlewaretoken": csrf}
            entered = browser.post(page, form | {"next": "/admin/"}, headers={"Referer": page}, timeout=10)
            assert entered.url == f"{server.url}/admin/", entered.text
            found = browser.get(f"{server.url}/admin/accounts/user/?q=MINE", timeout=10)
            assert "mine@example.org" in found.text
            for path in ("sessions_api/session/", "events/event/", "adminkit/adminaction/"):
                assert browser.get(f"{server.url}/admin/{path}", timeout=10).status_code == 200


def run(*command, url):
    """`python` with these arguments, to its end."""
    command = [sys.executable, *command]
    env = os.environ | {"DATABASE_URL": url, "PORT": str(free_port())}
    return subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True, check=False, timeout=20)


MAKE_RUN = ("-m", "config.devserver")


@pytest.mark.parametrize(
    ("encoding", "command"), [("LATIN1", ("manage.py", "migrate", "-v0")), ("SQL_ASCII", MAKE_RUN)]
)
def test_database_that_stores_not_all_characters_is_refused_in_one_sentence(tmp_path, encoding, command):
    with odd_database(options=f"ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0") as url:
        done = run(*command, url=url)
        assert done.returncode == 1
        assert "The database does not store all characters." in done.stderr
        assert "Traceback" not in done.stderr
        with serving(log=tmp_path / "log", DATABASE_URL=url) as server:
            assert server.call("GET", "/readyz").status_code == 503


def assert_make_run_ends(url, reason):
    """In one line with this reason."""
    done = run(*MAKE_RUN, url=url)
    assert done.returncode == 1
    assert re.fullmatch(f".*{reason}.*\n", done.stderr)


def test_make_run_ends_in_one_line_for_a_database_without_rights():
    with odd_database() as url, psycopg.connect(url, autocommit=True) as operator:
        operator.execute("CREATE ROLE latchkey_of_tests LOGIN")
        try:
            assert_make_run_ends(url.replace("//postgres@", "//latchkey_of_tests@"), "permission denied for schema")
        finally:
            operator.execute("DROP ROLE latchkey_of_tests")


def test_make_run_ends_in_one_line_for_a_database_that_is_read_only(tmp_path):
    with database(tmp_path) as url, psycopg.connect(url, autocommit=True) as operator:
        operator.execute(f"ALTER DATABASE {operator.info.dbname} SET default_transaction_read_only TO on")
        assert_make_run_ends(url, "read-only transaction")


def test_sequence_that_a_restore_left_behind_is_found_and_repaired(tmp_path):
    """As after a restore of rows only, and on a subscriber of logical replication that became the primary."""
    with database(tmp_path) as url, serving(log=tmp_path / "log", DATABASE_URL=url) as server:
        for name in ("alice", "bob"):
            server.call("POST", "/api/auth/register", ALICE | {"email": f"{name}@example.org"})
        with psycopg.connect(url) as operator:
            operator.execute("SELECT setval(pg_get_serial_sequence('events_event', 'id'), 1, false)")
        assert server.call("GET", "/readyz").status_code == 503
        told = run("manage.py", "check", "--database", "default", url=url)
        assert (told.returncode, "postgresql.E002" in told.stderr) == (1, True)
        (repair,) = re.findall(r"SELECT setval.*;", told.stderr)
        with psycopg.connect(url) as operator:
            operator.execute(repair)
        assert server.call("GET", "/readyz").status_code == 200
        assert server.call("POST", "/api/auth/register", ALICE | {"email": "carol@example.org"}).status_code == 201
    assert "Unsuitable: The sequence of events_event" in (tmp_path / "log").read_text()


def test_database_in_which_no_trigger_fires_is_refused(tmp_path):
    """As a subscriber that was cut off, or after an import that set it for the whole database."""
    with database(tmp_path) as url, psycopg.connect(url, autocommit=True) as operator:
        operator.execute(f"ALTER DATABASE {operator.info.dbname} SET session_replication_role TO replica")
        assert_make_run_ends(url, "No trigger of the database fires")


def test_database_whose_transactions_are_not_read_committed_is_reported():
    with odd_database({"default_transaction_isolation": "repeatable read"}) as url:
        told = run("manage.py", "check", "--database", "default", url=url)
        assert told.returncode == 0
        assert "postgresql.W001" in told.stderr
