"""deploy/pgbouncer.ini in the real PgBouncer: two connections to PostgreSQL for eighteen of the service."""

import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
import requests
from django.db import connection

from sessions_api.models import BY_DIGEST

from ..server import ROOT, free_port, manage, serving
from ..smtp import mail_server
from ..users import problem
from .test_outage import Database, wait_until

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")
NAME, PASSWORD = "latchkey", "p@ss/word"
WORKERS, THREADS, CONNECTIONS = 2, 8, 2
CLIENTS = WORKERS * THREADS
ALICE = {"email": "alice@example.org", "password": "correct horse battery"}
BOB = {"email": "bob@example.org", "password": "correct horse battery"}

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(
        not PGBOUNCER,
        reason="NO PGBOUNCER, so no test runs deploy/pgbouncer.ini: install one, e.g. `apt-get install pgbouncer`.",
    ),
]


class PgBouncer:
    """PgBouncer with the shipped file, on ports and paths of the tests. A test can stop it."""

    def __init__(self, folder, socket, secret):
        self.folder, self.port = folder, free_port()
        self.user = Path(socket).owner()  # PgBouncer refuses to run as root
        self.url = f"postgres://{NAME}:p%40ss%2Fword@127.0.0.1:{self.port}/{NAME}"
        (folder / "userlist.txt").write_text(f'"{NAME}" "{secret}"\n')
        (folder / "pgbouncer.ini").write_text(self.adapted(socket))
        for file in (folder, *folder.iterdir()):
            file.chmod(0o755)

    def adapted(self, socket):
        text = (ROOT / "deploy" / "pgbouncer.ini").read_text()
        for old, new in {
            "host=127.0.0.1 port=5432": f"host={socket}",
            "listen_port = 6432": f"listen_port = {self.port}\nunix_socket_dir =",
            "/etc/pgbouncer/userlist.txt": f"{self.folder}/userlist.txt",
            "default_pool_size = 16": f"default_pool_size = {CONNECTIONS}",
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        return text

    def start(self):
        with (self.folder.parent / "pgbouncer.log").open("a") as log:
            command = [PGBOUNCER, f"{self.folder}/pgbouncer.ini"]
            self.process = subprocess.Popen(command, user=self.user, stdout=log, stderr=log)
        wait_until(self.answers)

    def answers(self):
        assert self.process.poll() is None, (self.folder.parent / "pgbouncer.log").read_text()
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self):
        """Stop at once, without waiting for transactions."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)


@contextmanager
def bouncing():
    """A PostgreSQL of its own, behind a PgBouncer."""
    with tempfile.TemporaryDirectory(prefix="latchkey-pgbouncer-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        database = Database(folder)
        with psycopg.connect(database.url, autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {NAME} LOGIN PASSWORD '{PASSWORD}'")
            admin.execute(f"CREATE DATABASE {NAME} OWNER {NAME}")
            (secret,) = admin.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [NAME]).fetchone()
        (folder / "pgbouncer").mkdir()
        pgbouncer = PgBouncer(folder / "pgbouncer", database.socket, secret)
        pgbouncer.start()
        try:
            yield pgbouncer, database
        finally:
            pgbouncer.stop()
            database.close()


@pytest.fixture(scope="module")
def places():
    with bouncing() as both:
        manage("migrate", "-v0", DATABASE_URL=both[0].url)
        yield both


@pytest.fixture(scope="module")
def pgbouncer(places):
    return places[0]


@pytest.fixture(scope="module")
def postgresql(places):
    return places[1]


@pytest.fixture(scope="module")
def mails():
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def service(pgbouncer, mails, tmp_path_factory):
    log = tmp_path_factory.mktemp("behind") / "log"
    env = {"DATABASE_URL": pgbouncer.url, "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}", "MAIL_IN_PROCESS": "true"}
    with serving(log=log, workers=WORKERS, threads=THREADS, **env) as server:
        yield server


@pytest.fixture(scope="module")
def token(service):
    answer = service.call("POST", "/api/auth/register", ALICE)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def test_pgbouncer_serves_the_whole_story_of_a_user(service, mails):
    def login(password=BOB["password"]):
        return service.call("POST", "/api/auth/login", BOB | {"password": password})

    token = service.call("POST", "/api/auth/register", BOB).json()["token"]
    other = login().json()["token"]
    listed = service.call("GET", "/api/auth/sessions", token=token).json()
    assert len(listed) == 2
    renewed = service.call("POST", "/api/auth/reauthenticate", {"password": BOB["password"]}, token=token)
    mine = renewed.json()["token"]
    (handle,) = (session["handle"] for session in listed if not session["current"])
    assert service.call("DELETE", f"/api/auth/sessions/{handle}", token=mine).status_code == 204
    for dead in (token, other):
        assert problem(service.call("GET", "/api/auth/session", token=dead)) == (401, "session_expired")
    assert service.call("PATCH", "/api/users/me", {"display_name": "Bob"}, token=mine).status_code == 200
    assert service.call("POST", "/api/auth/password/reset", {"email": BOB["email"]}).status_code == 202
    new = {"new_password": "another horse battery", "token": link_in(mails, "password/reset")}
    assert service.call("POST", "/api/auth/password/reset/confirm", new).status_code == 204
    assert service.call("GET", "/api/auth/session", token=mine).status_code == 401
    assert login().status_code == 401
    last = login("another horse battery").json()["token"]
    assert service.call("DELETE", "/api/users/me", token=last).status_code == 204


def link_in(mails, path):
    """The token in the mail with a link to this path, which the mail worker sends."""

    def found():
        bodies = [mail.get_body(("plain",)).get_content() for mail in mails.mails]
        return [token for body in bodies for token in re.findall(rf"/{path}#(\S+)", body)]

    wait_until(found)
    return found()[0]


def test_pgbouncer_allows_a_purge_of_expired_sessions(service, pgbouncer, postgresql, token):
    with psycopg.connect(f"{postgresql.url}&dbname={NAME}", autocommit=True) as operator:
        user = operator.execute("SELECT id FROM accounts_user LIMIT 1").fetchone()
        operator.execute(EXPIRED, user)
    said = manage("purge_sessions", "--batch-size", "10", DATABASE_URL=pgbouncer.url)
    assert "25 expired sessions deleted" in said


EXPIRED = """
    INSERT INTO sessions_api_session (id, digest, user_id, created_at, updated_at, expires_at, last_seen_at,
        authenticated_at, method, user_agent)
    SELECT gen_random_uuid(), sha256(n::text::bytea), %s, now(), now(), now() - interval '1 day', now(), now(),
        'password', '' FROM generate_series(1, 25) n
"""


@pytest.fixture(scope="module")
def admin(service, pgbouncer):
    """An administrator's browser, logged in."""
    more = {"DATABASE_URL": pgbouncer.url, "DJANGO_SUPERUSER_PASSWORD": "the password of root"}
    manage("createsuperuser", "--noinput", "--email", "root@example.org", **more)
    browser, page = requests.Session(), f"{service.url}/admin/login/?next=/admin/"
    browser.get(page, timeout=30)
    form = {"username": "root@example.org", "password": "the password of root"}
    front = browser.post(page, form | {"csrfmiddlewaretoken": browser.cookies["latchkey-csrf"]}, timeout=30)
    assert front.url == f"{service.url}/admin/", front.text
    return browser


@contextmanager
def crowd(service, token):
    """Requests on as many connections as the service has threads. Each must succeed."""
    over = threading.Event()

    def ask():
        with requests.Session() as client:
            while not over.is_set():
                answer = client.get(f"{service.url}/api/users/me", headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == 200, answer.text

    with ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(ask) for _ in range(CLIENTS)]
        try:
            yield
        finally:
            over.set()
    for one in asking:
        one.result()


def test_pgbouncer_serves_admin_pages_while_connections_are_shared(service, admin, token):
    front = admin.get(f"{service.url}/admin/", timeout=30).text
    lists = set(re.findall(r'href="(/admin/\w+/\w+/)"', front))
    assert {"/admin/accounts/user/", "/admin/sessions_api/session/", "/admin/events/event/"} <= lists
    users = admin.get(f"{service.url}/admin/accounts/user/", timeout=30).text
    user = re.search(r'href="(/admin/accounts/user/[^/"]+/change/)', users)[1]
    with crowd(service, token):
        for path in [*lists, *[user] * 10]:  # its form has choices, which Django reads with a cursor
            assert admin.get(service.url + path, timeout=30).status_code == 200, path


def test_pgbouncer_shares_few_connections_among_many_clients(service, postgresql, token):
    with crowd(service, token), psycopg.connect(postgresql.url, autocommit=True) as operator:
        query = "SELECT count(*) FROM pg_stat_activity WHERE usename = %s"
        seen = [operator.execute(query, [NAME]).fetchone()[0] for _ in range(200)]
    assert max(seen) == CONNECTIONS


@pytest.mark.django_db(transaction=True)
def test_pgbouncer_gets_no_named_statement_and_none_of_another_client_is_run(service, pgbouncer, token):
    """Its clients share the connections to PostgreSQL, and the statements that these keep."""
    with psycopg.connect(pgbouncer.url, autocommit=True) as other:
        for _ in range(CONNECTIONS * 4):
            names = [name for (name,) in other.execute("SELECT name FROM pg_prepared_statements")]
            assert not [name for name in names if name.startswith("latchkey_")]
        BY_DIGEST.first(b"")  # on a connection of its own, directly to another PostgreSQL
        for name in connection.connection.readers:
            other.execute(f"PREPARE {name.decode()} (bytea) AS SELECT 1")
        with crowd(service, token):
            other.execute("SELECT 1")
        assert service.call("GET", "/api/users/me", token=token).json()["email"] == ALICE["email"]
        other.execute("DEALLOCATE ALL")


def timed(service, token):
    started = time.monotonic()
    answer = service.call("GET", "/api/users/me", token=token)
    return answer, time.monotonic() - started


def test_pgbouncer_restart_between_requests_fails_no_request(service, pgbouncer, token):
    wait_until(lambda: service.call("GET", "/readyz").status_code == 200)
    pgbouncer.stop()
    pgbouncer.start()
    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(lambda _: timed(service, token)[0], range(5 * CLIENTS)))
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.asvs("16.5.2")
def test_pgbouncer_outage_gives_503_and_keeps_the_token(service, pgbouncer, token):
    with ThreadPoolExecutor(CLIENTS) as clients:
        under_way = clients.map(lambda _: timed(service, token), range(10 * CLIENTS))
        pgbouncer.stop()
        refused, _ = timed(service, token)
        answers = list(under_way)
    pgbouncer.start()
    assert problem(refused) == (503, "service_unavailable")
    assert {answer.status_code for answer, _ in answers} <= {200, 503}
    assert max(took for _, took in answers) < 5
    wait_until(lambda: timed(service, token)[0].status_code == 200, seconds=3)


@pytest.mark.asvs("13.2.6")
def test_pgbouncer_without_a_free_connection_gives_503_in_time(service, pgbouncer, token):
    """By default PgBouncer would let a request wait for two minutes."""
    with ExitStack() as held:
        for _ in range(CONNECTIONS):
            held.enter_context(psycopg.connect(pgbouncer.url)).execute("SELECT")  # begins a transaction
        answer, took = timed(service, token)
    assert problem(answer) == (503, "service_unavailable")
    assert took < 5
    wait_until(lambda: timed(service, token)[0].status_code == 200, seconds=3)


@pytest.mark.asvs("15.4.4")
def test_postgresql_outage_behind_pgbouncer_gives_503_to_two_hundred_requests(service, postgresql, token):
    postgresql.stop()
    try:
        with ThreadPoolExecutor(200) as clients:
            answers = list(clients.map(lambda _: timed(service, token), range(200)))
    finally:
        postgresql.start()
    assert {answer.status_code for answer, _ in answers} == {503}
    assert max(took for _, took in answers) < 5
    wait_until(lambda: timed(service, token)[0].status_code == 200, seconds=3)
