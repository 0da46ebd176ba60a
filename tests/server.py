"""The real server: granian processes with a database of their own."""

import atexit
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import requests

ROOT = Path(__file__).resolve().parent.parent
SERVER = (sys.executable, "-m", "config.server")


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """The URL of a new, migrated database beside that of the tests."""
    name = f"latchkey_{os.getpid()}_{free_port()}"
    url = os.environ["DATABASE_URL"]
    if url.startswith("sqlite"):
        shutil.copy(migrated_file(), folder / f"{name}.sqlite3")
        yield f"sqlite:///{folder / name}.sqlite3"
        return
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{migrated_database()}"')
    try:
        yield beside(name)
    finally:
        drop(name)


@cache
def migrated_file() -> Path:
    """Of SQLite, to copy: migrating takes two seconds, and most modules of tests want a database."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    file = Path(folder) / "migrated.sqlite3"
    manage("migrate", "-v0", DATABASE_URL=f"sqlite:///{file}")
    return file


@cache
def migrated_database() -> str:
    """The same on PostgreSQL: its name."""
    name = f"latchkey_{os.getpid()}_migrated"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    atexit.register(drop, name)
    manage("migrate", "-v0", DATABASE_URL=beside(name))
    return name


def beside(name: str) -> str:
    """The URL of this database on the server of the tests."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


def drop(name: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def manage(*arguments: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=os.environ | env, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def serving(*, workers: int = 1, threads: int = 8, log: Path, port: int = 0, **env: str) -> Iterator["Server"]:
    """A server on this port or a free one, once it answers. It has no rate limits, and writes to `log`."""
    port = port or free_port()
    command = [*SERVER, "--port", str(port), "--workers", str(workers), "--blocking-threads", str(threads)]
    env = {"RATE_LIMIT_FACTOR": "0", "HASHES_AT_ONCE": "64", "GRANIAN_WORKERS_KILL_TIMEOUT": "8"} | env
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | env, stdout=out, stderr=out)
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        server.wait_until_alive()
        yield server
    finally:
        process.terminate()
        process.wait(20)


def children(pid: int) -> list[int]:
    """The processes that this one started: of a server, its workers."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until_up(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            requests.get(url, timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.05)  # until the process answers
    raise AssertionError(f"Nothing answers at {url}")


class Server:
    def __init__(self, url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.url, self.process, self.log = url, process, log

    def wait_until_alive(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                requests.get(f"{self.url}/healthz", timeout=5)
                return
            except requests.ConnectionError:
                time.sleep(0.05)  # until the process answers
        raise AssertionError(self.log.read_text())

    def call(self, method: str, path: str, body: Any = None, *, token: str = "", **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= options.pop("headers", {})
        json = {} if body is None else {"json": body}
        return requests.request(method, self.url + path, headers=headers, timeout=30, **json, **options)

    def exchange(self, raw: bytes) -> requests.Response:
        """The answer to exactly these bytes, on a connection of their own."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        answer = requests.Response()
        with socket.create_connection((host, int(port)), timeout=10) as wire:
            wire.sendall(raw)
            reply = http.client.HTTPResponse(wire, method=raw.partition(b" ")[0].decode("latin1"))
            reply.begin()
            answer.status_code, answer._content = reply.status, reply.read()
            answer.headers.update(reply.headers)
        return answer
