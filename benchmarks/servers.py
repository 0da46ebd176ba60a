"""Start a system's server on a free port, and stop it."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests

from .nginx import nginx
from .processes import cpu_seconds, pin
from .systems import ROOT, Call, Server

PATIENCE = 60  # seconds
NOT_YET = 502  # nginx's answer before the server accepts connections
INTERVAL, QUIET = 0.05, 3  # seconds, and how many of them in a row
BUSY = 0.1  # of a core


class Running:
    """A server's process, in a group of its own, on its core, and where it is `proxied` nginx in front of it."""

    def __init__(self, server: Server, database_url: str, core: int | None, log: Path) -> None:
        self.server, self.log = server, log
        self.port = free_port()
        own_port = free_port() if server.proxied else self.port
        command = [part.format(port=own_port) for part in server.command]
        with log.open("a") as out:
            self.process = subprocess.Popen(
                command,
                cwd=server.folder,
                env=environment(server, database_url),
                stdout=out,
                stderr=out,
                process_group=0,
                preexec_fn=lambda: pin(os.getpid(), core),
            )
        self.nginx = nginx(self.port, own_port, log.with_suffix(".nginx")) if server.proxied else None

    @property
    def pid(self) -> int:
        return self.process.pid

    def ask(self, call: Call, **values: str) -> requests.Response:
        return requests.request(
            call.method,
            f"http://127.0.0.1:{self.port}{call.path}",
            headers={name: value.format(**values) for name, value in call.headers.items()},
            data=call.body_for(**values),
            timeout=30,
            allow_redirects=False,
        )

    def first_answer(self, call: Call, **values: str) -> requests.Response:
        """The first answer of the server with any status. Raises RuntimeError after a minute."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(requests.ConnectionError):
                answer = self.ask(call, **values)
                if answer.status_code != NOT_YET:
                    return answer
            time.sleep(0.002)
        raise RuntimeError(f"{self.server.name} does not answer:\n{self.log.read_text()[-3000:]}")

    def wait_until_idle(self) -> None:
        """Waits for unfinished requests of clients that have left, so that the next turn is not charged for them."""
        quiet, before = 0, cpu_seconds(self.pid)
        while quiet < QUIET:
            time.sleep(INTERVAL)
            now = cpu_seconds(self.pid)
            quiet = quiet + 1 if now - before <= INTERVAL * BUSY else 0
            before = now

    def stop(self) -> None:
        if self.nginx:
            self.nginx.terminate()
            self.nginx.wait()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)  # workers that outlived their parent


def free_port() -> int:
    """A port below the ephemeral range, from which the system could give it to a client before the server binds it."""
    while True:
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return int(one.getsockname()[1])


@contextmanager
def serving(server: Server, database_url: str, core: int | None, log: Path) -> Iterator[Running]:
    running = Running(server, database_url, core, log)
    try:
        yield running
    finally:
        running.stop()


def environment(server: Server, database_url: str) -> dict[str, str]:
    """The server's environment, without the settings of this machine."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return kept | {"DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)} | server.env


def prepare(server: Server, database_url: str) -> None:
    """Creates the system's tables with its own migrations."""
    for command in server.migrate:
        run(server, command, database_url)


def run(server: Server, command: tuple[str, ...], database_url: str) -> None:
    done = subprocess.run(
        command, cwd=server.folder, env=environment(server, database_url), text=True, capture_output=True
    )
    if done.returncode:
        raise RuntimeError(f"{server.name}: {' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
