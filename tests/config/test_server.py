"""`python -m config.server`: workers that are forks of a process which has imported everything and begun nothing."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from ..server import ROOT, Server, children, database, free_port, serving
from ..smtp import mail_server

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only"),
]
WAIT = 20


@pytest.fixture(scope="module")
def mails():
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def server(mails, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    with database(folder) as url:
        env = {"DATABASE_URL": url, "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}", "MAIL_IN_PROCESS": "true"}
        with serving(workers=2, log=folder / "log", GRANIAN_RESPAWN_FAILED_WORKERS="true", **env) as running:
            wait_for(lambda: started(running) == 2)
            yield running


def started(server):
    return server.log.read_text().count("Started worker")


def wait_for(condition):
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # for a process, not for time to pass


def opened(pid):
    """What the file descriptors of this process are: `socket:[12345]`, `pipe:[…]` or a path."""
    return {os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()}


def connections(pid):
    """The sockets of this process that are connected or listen. One that is only bound is in none of these lists."""
    listed = "".join(Path(f"/proc/net/{kind}").read_text() for kind in ("tcp", "tcp6", "unix"))
    inodes = [what[len("socket:[") : -1] for what in opened(pid) if what.startswith("socket:")]
    return [inode for inode in inodes if re.search(rf"\b{inode}\b", listed)]


def anonymous(pid):
    """Memory that no file backs, as (its size, its share when each page is divided by the processes that have it)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return tuple(int(re.search(rf"^{name}:\s+(\d+) kB", rollup, re.MULTILINE)[1]) for name in ("Anonymous", "Pss_Anon"))


@contextmanager
def wire_to(worker, server):
    """A connection that this worker has accepted."""
    for _ in range(200):
        wire = HTTPConnection(server.url.removeprefix("http://"), timeout=WAIT)
        assert ask(wire, "GET", "/healthz") == 200
        if f"socket:[{inode(wire)}]" in opened(worker):
            break
        wire.close()
    else:
        raise AssertionError("The kernel never chose this worker")
    try:
        yield wire
    finally:
        wire.close()


def ask(wire, method, path, body=None):
    wire.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"} if body else {})
    answer = wire.getresponse()
    answer.read()
    return answer.status


def register(wire, address):
    assert ask(wire, "POST", "/api/auth/register", {"email": address, "password": "correct horse battery"}) == 201
    return address


def inode(wire):
    """Of the server's end of this connection."""
    ends = [wire.port, wire.sock.getsockname()[1]]
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if [int(field.partition(":")[2], 16) for field in fields[1:3]] == ends:
            return fields[9]
    return None


@contextmanager
def stopped(worker):
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def test_server_workers_share_the_imported_modules(server):
    for worker in children(server.process.pid):
        size, share = anonymous(worker)
        assert share < 0.75 * size, "a worker that imports for itself has a share of nearly its size"


def test_server_begins_nothing_before_it_forks(server):
    """It has no thread but those in which granian waits for its workers, no connection and no database file."""
    parent = server.process.pid
    assert len([*Path(f"/proc/{parent}/task").iterdir()]) == 1 + len(children(parent))
    assert connections(parent) == []
    assert [what for what in opened(parent) if "sqlite" in what] == []
    assert any(connections(worker) for worker in children(parent))


def test_import_of_the_application_begins_nothing(server):
    """Not even with a shared store and providers: a fork would copy what began."""
    configured = {"CACHE_URL": "redis://127.0.0.1:1", "GOOGLE_CLIENT_ID": "x", "GOOGLE_CLIENT_SECRET": "x"}
    configured |= {"PWNED_PASSWORDS_URL": "http://127.0.0.1:1", "MAIL_IN_PROCESS": "true"}
    url = f"{os.environ['DATABASE_URL']}&application_name=importing"
    code = "import config.application, sys; print(flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | configured | {"DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process, psycopg.connect(url.replace("importing", "looking")) as database:
        assert process.stdout.readline() == b"\n"
        assert len([*Path(f"/proc/{process.pid}/task").iterdir()]) == 1
        assert [what for what in opened(process.pid) if what.startswith("socket:")] == []
        seen = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
        assert database.execute(seen, ["importing"]).fetchone() == (0,)
        assert database.execute(seen, ["looking"]).fetchone() == (1,)


def test_server_sends_mails_from_each_worker(server, mails):
    for worker in children(server.process.pid):
        (other,) = {*children(server.process.pid)} - {worker}
        address = f"of-{worker}@example.org"
        with wire_to(worker, server) as wire, stopped(other):
            assert (
                ask(wire, "POST", "/api/auth/register", {"email": address, "password": "correct horse battery"}) == 201
            )
            wait_for(lambda address=address: address in mails.to)


def test_server_replaces_a_killed_worker_by_another_fork(server, mails):
    before = children(server.process.pid)
    count = started(server)
    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: started(server) > count)
    (new,) = {*children(server.process.pid)} - {*before}
    with wire_to(new, server) as wire:
        address = register(wire, f"of-{new}@example.org")
    wait_for(lambda: address in mails.to)
    size, share = anonymous(new)
    assert share < 0.75 * size


@pytest.fixture
def start(tmp_path):
    """Start the command with these settings in its `.env`; it ends with the test."""
    begun = []

    def begin(*arguments, **settings):
        dotenv, log = tmp_path / "dotenv", tmp_path / "log"
        dotenv.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        env = {name: value for name, value in os.environ.items() if name not in settings} | {"DOTENV": str(dotenv)}
        port = free_port()
        command = [sys.executable, "-m", "config.server", "--port", str(port), *arguments]
        with log.open("w") as out:
            process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out)
        begun.append(process)
        return Server(f"http://127.0.0.1:{port}", process, log)

    yield begin
    for process in begun:
        process.terminate()
        process.wait(WAIT)


def test_server_reads_the_number_of_workers_from_dotenv_too_and_connects_nowhere_at_start(start):
    url = f"{os.environ['DATABASE_URL']}&application_name=waiting"
    server = start(GRANIAN_WORKERS="2", DATABASE_URL=url)
    server.wait_until_alive()
    wait_for(lambda: started(server) == 2)
    assert len(children(server.process.pid)) == 2
    with psycopg.connect(os.environ["DATABASE_URL"]) as database:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'waiting'"
        assert database.execute(waiting).fetchone() == (0,), "no worker connects before it has to"


def test_server_replaces_all_workers_at_sighup_and_ends_at_sigterm(start):
    server = start("--workers", "2", "--respawn-interval", "0.1", DATABASE_URL="sqlite://:memory:")
    wait_for(lambda: started(server) == 2)
    before = children(server.process.pid)
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: started(server) == 4 and len(children(server.process.pid)) == 2)
    for worker in {*children(server.process.pid)} - {*before}:
        with wire_to(worker, server):
            size, share = anonymous(worker)
            assert share < 0.75 * size
    server.process.terminate()
    assert server.process.wait(WAIT) == 0


def test_server_ends_at_sigterm_while_it_imports(start):
    """The first process of a container has no default handlers, so it would not hear the signal."""
    server = start()
    wait_for(lambda: handles(server.process.pid, signal.SIGTERM))
    server.process.terminate()
    assert server.process.wait(WAIT) == 0
    assert server.log.read_text() == ""


def handles(pid, number):
    caught = re.search(r"^SigCgt:\s+(\w+)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[1]
    return int(caught, 16) >> (number - 1) & 1


def test_server_reports_an_invalid_setting_in_one_line_and_does_not_start(start):
    server = start(REGISTRATION="hunter2")
    assert server.process.wait(WAIT) == 1
    (line,) = server.log.read_text().splitlines()
    assert "REGISTRATION" in line
    assert "hunter2" not in line


def test_server_does_not_start_after_a_failed_import(start, monkeypatch):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "config.nowhere")
    server = start()
    assert server.process.wait(WAIT) == 1
    assert "No module named 'config.nowhere'" in server.log.read_text()
