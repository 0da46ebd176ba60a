"""The jobs that each system does in its turn, and how a turn is measured."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import load, rows
from .checks import values
from .postgresql import PostgreSQL
from .processes import cpu_seconds, each, pin
from .results import Turn
from .servers import Running, serving
from .systems import ROOT, Call, System

MICROSECONDS = 1e6
ATTEMPTS = 5


@dataclass(frozen=True)
class Job:
    """Sends `call` for these `users`, in turn, on this many connections."""

    name: str
    title: str
    call: Callable[[System], Call | None]
    users: range
    connections: int


JOBS = (
    Job("bearer", "Bearer check", lambda system: system.me, rows.READERS, 8),
    Job("crowd", "Bearer check, 200 connections", lambda system: system.me, rows.READERS, 200),
    # One after another: hashes that run side by side on one core only slow each other down.
    Job("login", "Login", lambda system: system.login, rows.LOGGING_IN, 1),
    Job("list", "List of 50 sessions", lambda system: system.sessions, rows.LISTED, 1),
)
START = "start"
ARGON2 = "argon2"


@dataclass
class Bench:
    """The measured server has a core of its own; its clients and PostgreSQL share another."""

    postgresql: PostgreSQL
    folder: Path
    seconds: int
    server_core: int | None
    hash: str

    def turn(self, job: Job, system: System, running: Running, round: int) -> Turn:
        call = job.call(system)
        assert call
        if system.freshen:
            self.postgresql.execute(system.server.database, system.freshen)
        requests = [call.filled(**values(system, user)) for user in job.users]
        try:
            self.warm(job, running, requests)
            before = cpu_seconds(running.pid), cpu_seconds(self.postgresql.pid)
            loaded = self.load(job, running, requests, self.seconds)
            after = cpu_seconds(running.pid), cpu_seconds(self.postgresql.pid)
        except load.Failed as failed:
            raise load.Failed(f"{job.title} of {system.name}: {failed}") from None
        cpu, database_cpu = each(before, after, loaded.requests)
        running.wait_until_idle()
        return Turn(job.name, system.name, round, cpu, database_cpu, loaded.per_second, loaded.p50, loaded.p99)

    def warm(self, job: Job, running: Running, requests: list[load.Request]) -> None:
        """Opens connections and does what a server does only once."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self.load(job, running, requests, max(1, self.seconds // 5) * attempt)
                break
            except load.Silent:
                if attempt == ATTEMPTS:
                    raise
            finally:
                running.wait_until_idle()

    def load(self, job: Job, running: Running, requests: list[load.Request], seconds: int) -> load.Load:
        if job.connections == 1:
            return load.one_by_one(running.port, requests, seconds)
        return load.wrk(running.port, requests, job.connections, seconds)

    def argon2(self, round: int) -> Turn:
        """Measures the hash alone, to compare logins with."""
        command = [sys.executable, "-m", "benchmarks.argon2_alone", self.hash, str(self.seconds)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: pin(os.getpid(), self.server_core)
        )
        said = json.loads(process.communicate()[0])
        cpu = said["cpu"] / said["requests"] * MICROSECONDS
        return Turn("login", ARGON2, round, cpu, 0, said["requests"] / said["seconds"], said["p50"], said["p99"])

    def start(self, system: System, round: int) -> Turn:
        """From the start of the process to its first right answer: `p50` is the time, `cpu` the CPU time."""
        began = time.perf_counter()
        url = self.postgresql.url(system.server.database)
        with serving(system.server, url, self.server_core, self.folder / f"{system.server.name}.log") as running:
            answer = running.first_answer(system.me, **values(system, rows.READERS[0]))
            took = (time.perf_counter() - began) * 1e3
            cpu = cpu_seconds(running.pid) * MICROSECONDS
        if answer.status_code != 200:
            raise load.Failed(f"{system.name} first answered {answer.status_code}")
        return Turn(START, system.name, round, cpu, 0, 1e3 / took, took, took)
