"""The jobs that each system does in its turn, and how a turn is measured."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from . import load, rows
from .checks import values
from .postgresql import PostgreSQL
from .processes import cpu_seconds, each, memory
from .results import Turn
from .servers import Running, serving
from .systems import Call, System

ATTEMPTS = 5


@dataclass(frozen=True)
class Job:
    """Sends `call` for these `users`, in turn, on this many connections, after it was sent for `warm` seconds."""

    name: str
    call: Callable[[System], Call | None]
    users: range
    connections: int
    warm: float


JOBS = (
    Job("me", lambda system: system.me, rows.READERS, 8, 1),
    Job("session", lambda system: system.session, rows.READERS, 8, 1),
    # One after another: hashes that run side by side on one core only slow each other down.
    Job("login", lambda system: system.login, rows.LOGGING_IN, 1, 0),
    Job("list", lambda system: system.sessions, rows.LISTED, 1, 0.2),
)
WORKERS = (1, 2, 4)
MANY = 32  # connections, so that each worker gets some


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
            raise load.Failed(f"{job.name} of {system.name}: {failed}") from None
        cpu, database_cpu = each(before, after, loaded.requests)
        running.wait_until_idle()
        return Turn(job.name, system.name, round, cpu, database_cpu, loaded.per_second, loaded.p50, loaded.p99)

    def start(self, system: System, workers: int, round: int) -> Turn:
        """The CPU time until all workers are ready, and the memory that they hold after some checks.

        No other server runs meanwhile, because memory that is shared with one would hardly count. Ours shares some
        libraries with this program, about 2 MiB.
        """
        server = replace(system.server, command=(*system.server.command, "--workers", str(workers)))
        url, log = self.postgresql.url(server.database), self.folder / f"{server.name}-{workers}.log"
        requests = self.checks(system)
        with serving(server, url, self.server_core, log) as running:
            running.first_answer(system.me, **values(system, rows.READERS[0]))
            running.wait_until_idle()
            cpu = cpu_seconds(running.pid) * 1e6
            loaded = load.wrk(running.port, requests, MANY, self.seconds)
            held = memory(running.pid)
        times = loaded.per_second, loaded.p50, loaded.p99
        return Turn(f"workers-{workers}", system.name, round, cpu, 0, *times, memory=held)

    def checks(self, system: System) -> list[load.Request]:
        return [system.me.filled(**values(system, user)) for user in rows.READERS]

    def warm_up(self, system: System, running: Running) -> None:
        """Gives Node's compiler the time to find what is called often."""
        load.wrk(running.port, self.checks(system), JOBS[0].connections, 2 * self.seconds)

    def warm(self, job: Job, running: Running, requests: list[load.Request]) -> None:
        """Opens connections and does what a server does only once."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                self.load(job, running, requests, job.warm * attempt)
                break
            except load.Silent:
                if attempt == ATTEMPTS:
                    raise
            finally:
                running.wait_until_idle()

    def load(self, job: Job, running: Running, requests: list[load.Request], seconds: float) -> load.Load:
        if job.connections == 1:
            return load.one_by_one(running.port, requests, seconds)
        return load.wrk(running.port, requests, job.connections, int(seconds))
