"""PostgreSQL keeps the plans of the hot statements, for each thread's own connection, under the real server."""

import time

import psycopg
import pytest
from django.db import connection, transaction

from sessions_api.compiled_query import KeptStatement
from sessions_api.models import BY_DIGEST, Session
from sessions_api.tokens import digest

from ..races import at_once
from ..server import database, serving
from ..users import problem

pytestmark = pytest.mark.postgres

WORKERS, THREADS = 2, 8
IDLE = 5  # seconds until granian ends an idle thread: the least that it allows
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with database(tmp_path_factory.mktemp("kept")) as url:
        yield url


@pytest.fixture(scope="module")
def service(url, tmp_path_factory):
    more = {"DATABASE_URL": url, "GRANIAN_BLOCKING_THREADS_IDLE_TIMEOUT": str(IDLE), "MAIL_IN_PROCESS": "true"}
    log = tmp_path_factory.mktemp("service") / "log"
    with serving(workers=WORKERS, threads=THREADS, log=log, **more) as server:
        yield server


@pytest.fixture
def operator(url):
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def registered(service, name):
    body = {"email": f"{name}@example.org", "password": PASSWORD}
    return service.call("POST", "/api/auth/register", body).json()["token"]


def crowd(service, token, path="/api/auth/session"):
    """The answers to as many requests at once as the service has threads, several times."""

    def ask():
        return [service.call("GET", path, token=token) for _ in range(8)]

    return [answer for answers in at_once(*[ask] * (WORKERS * THREADS)) for answer in answers]


def connections(operator):
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    return operator.execute(count).fetchone()[0]


def logs_out(service, operator, token):
    assert service.call("POST", "/api/auth/logout", token=token).status_code == 204


def is_ended_elsewhere(service, operator, token):
    (session,) = service.call("GET", "/api/auth/sessions", token=token).json()
    operator.execute("DELETE FROM sessions_api_session WHERE id = %s", [session["handle"]])


def is_disabled(service, operator, token):
    user = service.call("GET", "/api/users/me", token=token).json()["id"]
    operator.execute("UPDATE accounts_user SET is_active = false WHERE id = %s", [user])


def changes_the_password(service, operator, token):
    body = {"current_password": PASSWORD, "new_password": "another horse battery"}
    assert service.call("POST", "/api/auth/password", body, token=token).status_code in {200, 204}


def expires(service, operator, token):
    (session,) = service.call("GET", "/api/auth/sessions", token=token).json()
    operator.execute("UPDATE sessions_api_session SET expires_at = now() WHERE id = %s", [session["handle"]])


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("end", [logs_out, is_ended_elsewhere, is_disabled, changes_the_password, expires])
def test_kept_plan_finds_the_end_of_a_session_at_once(service, operator, end):
    token = registered(service, end.__name__.replace("_", "-"))
    assert {answer.status_code for answer in crowd(service, token)} == {200}
    end(service, operator, token)
    assert {problem(answer) for answer in crowd(service, token)} == {(401, "session_expired")}


def test_kept_plan_is_made_anew_after_a_change_of_a_column(service, operator):
    token = registered(service, "column")
    assert {answer.status_code for answer in crowd(service, token)} == {200}
    for length in (301, 300):
        operator.execute(f"ALTER TABLE accounts_user ALTER COLUMN display_name TYPE varchar({length})")
        assert {answer.status_code for answer in crowd(service, token)} == {200}


@pytest.mark.asvs("13.2.6")
def test_server_has_one_connection_for_each_thread_and_one_for_mail(service, operator):
    token = registered(service, "crowd")
    crowd(service, token)
    assert WORKERS < connections(operator) <= WORKERS * (THREADS + 1)


def test_connections_end_with_idle_threads(service, operator):
    crowd(service, registered(service, "idle"))
    before = connections(operator)
    deadline = time.monotonic() + 4 * IDLE
    while connections(operator) > WORKERS * 2:  # one thread of each process stays, and that of the mail
        assert time.monotonic() < deadline, (before, connections(operator))
        time.sleep(0.1)  # for another process


@pytest.mark.django_db(transaction=True)
def test_postgresql_plans_a_hot_statement_five_times_at_most(alice):
    for _ in range(20):
        assert Session.objects.authenticate(alice.token)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, custom_plans, generic_plans FROM pg_prepared_statements")
        ((name, custom, generic),) = cursor.fetchall()
    assert name.startswith("latchkey_")
    assert custom <= 5
    assert custom + generic == 20


@pytest.mark.django_db(transaction=True)
def test_kept_plan_survives_that_the_server_forgets_it(alice):
    """As behind a pooler that cannot be recognised."""
    assert BY_DIGEST.first(digest(alice.token))
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert BY_DIGEST.first(digest(alice.token))


@pytest.mark.django_db(transaction=True)
def test_kept_plan_is_not_used_in_a_transaction(alice, django_assert_num_queries):
    with transaction.atomic():
        assert not connection.keeps_plans()
    assert connection.keeps_plans()
    with django_assert_num_queries(1):  # nor where statements are logged
        assert BY_DIGEST.first(digest(alice.token))


def test_name_of_a_kept_plan_follows_from_its_text():
    first, second = KeptStatement.of("SELECT %s"), KeptStatement.of("SELECT %s + 1")
    assert first.sql == b"SELECT $1"
    assert first.name != second.name
    assert len(first.name) < 64  # PostgreSQL cuts longer names off
