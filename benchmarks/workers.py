"""Measures what more processes and threads bring, and what each request costs. Writes docs/scaling-measurements.md."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from tqdm import tqdm

from . import load, rows, scaling
from .checks import values
from .jobs import Bench
from .others import command, completed, fill, machine, store
from .pgbouncer import FOUND, USER, PgBouncer, pooling
from .postgresql import forget_statements, running, statements
from .processes import allow, cores, cpu_seconds, each, memory
from .scaling import Held, Kind, Measured, Shape, Turn
from .servers import Running
from .systems import BY_NAME, LONG_AGO, ROOT, Call, Server

OURS = BY_NAME["latchkey"]
ME, LIST, LOGIN = OURS.me, OURS.sessions, OURS.login
CONNECTIONS = 32
ONE_CORE = [Shape("one core", 1, threads) for threads in (1, 2, 4, 8, 16, 32)]
BOTH_CORES = [Shape("both cores", workers, threads) for workers in (1, 2, 3) for threads in (2, 4, 8, 16)]
POOLED = [Shape("pgbouncer", workers, 8) for workers in (1, 2)]
ALONE = [Shape("alone", workers, 8) for workers in (1, 2)]
USUAL = Shape("one core", 1, 8)
MIXED = [Shape("both cores", workers, 8) for workers in (1, 2)]
FULL = {"rounds": 5, "seconds": 3, "users": 20_000}
QUICK = {"rounds": 1, "seconds": 1, "users": rows.FEW}
NO_SERVER = "redis://127.0.0.1:1"  # loads the client; with RATE_LIMIT_FACTOR=0 it connects nowhere
LOGINS = 100  # in each round, each the first of its user
SENT = {"SELECT", "INSERT", "UPDATE", "DELETE"}


@dataclass(frozen=True)
class Asked:
    """`before` is SQL that runs first. A slow kind of request runs `times` as long."""

    name: str
    call: Call
    users: range
    connections: int
    before: str
    times: int = 1


KINDS = (
    Asked("check", ME, rows.READERS, 8, OURS.freshen),
    Asked("seen", ME, range(rows.LIST * 2, FULL["users"]), 8, LONG_AGO),
    Asked("list", LIST, rows.LISTED, 1, OURS.freshen),
    Asked("login", LOGIN, rows.LOGGING_IN, 1, "", times=4),
)


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks workers", description=__doc__)
    parser.add_argument("--rounds", type=int, help="turns of each shape (5)")
    parser.add_argument("--seconds", type=int, help="length of a turn (3)")
    parser.add_argument("--users", type=int, help="users in the database (20000)")
    parser.add_argument(
        "--quick", action="store_true", help="one short round, to see whether everything works; docs stay as they are"
    )
    wanted = parser.parse_args(words)
    return completed(wanted, QUICK if wanted.quick else FULL)


def main(words: list[str]) -> None:
    wanted = arguments(words)
    if not FOUND:
        sys.exit("make bench ARGS=workers needs PgBouncer. Debian: apt install pgbouncer")
    measured = Measured(machine=machine(cores()[0]), versions={n: version(n) for n in ("django", "granian", "psycopg")})
    measured.options = {name: getattr(wanted, name) for name in ("rounds", "seconds", "users")}
    measured.options["command"] = command("workers", *words)
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder, running() as postgresql:
        measured.versions["postgresql"] = postgresql.version
        hashed = rows.hashed()
        bench = Bench(postgresql, Path(folder), wanted.seconds, cores()[0], hashed)
        fill(bench, {"latchkey": OURS.server}, wanted.users)
        measured.bytes = sizes(bench)
        with pooling(postgresql, "latchkey") as pgbouncer, ExitStack() as stack:
            workers = Workers(bench, pgbouncer, wanted.users)
            stack.callback(workers.stop)
            workers.start([*ONE_CORE, *BOTH_CORES, *POOLED])
            for number in range(wanted.rounds):
                measured.turns += workers.turns(number)
                measured.kinds += workers.kinds(number)
            workers.stop()
            measured.held = [workers.alone(shape, cache) for shape in ALONE for cache in (False, True)]
    keep(measured, quick=wanted.quick)


def sizes(bench: Bench) -> dict[str, float]:
    """By table, bytes of a row with its share of the indexes."""
    tables = ("accounts_user", "sessions_api_session")
    size = "SELECT pg_total_relation_size('{0}')::float8 / count(*) FROM {0}"
    return {table: bench.postgresql.execute("latchkey", size.format(table))[0][0] for table in tables}


class Workers:
    """All servers run at once, and one at a time gets requests. None sends mails, which would add noise."""

    def __init__(self, bench: Bench, pgbouncer: PgBouncer, users: int) -> None:
        self.bench, self.pgbouncer, self.users = bench, pgbouncer, users
        self.up: dict[Shape, Running] = {}

    def start(self, shapes: list[Shape]) -> None:
        for shape in shapes:
            self.up[shape] = self.started(shape)
        for one in self.up.values():
            assert one.first_answer(ME, **values(OURS, rows.READERS[0])).status_code == 200, one.log.read_text()

    def started(self, shape: Shape, **env: str) -> Running:
        core = self.bench.server_core if shape.where == "one core" else None
        return Running(served(shape, **env), self.url(shape), core, self.bench.folder / f"{shape.name}.log")

    def stop(self) -> None:
        while self.up:
            self.up.popitem()[1].stop()

    def alone(self, shape: Shape, cache: bool) -> Held:
        """The memory of a server that runs alone: memory shared with other servers would hardly count."""
        one = self.started(shape, HASHES_AT_ONCE="1", CACHE_URL=NO_SERVER if cache else "")
        try:
            one.first_answer(ME, **values(OURS, rows.READERS[0]))
            load.wrk(one.port, requests("checks"), CONNECTIONS, self.bench.seconds)
            checked = memory(one.pid)
            for user in rows.LOGGING_IN[:8]:  # on a connection each, to reach every process
                load.one_by_one(one.port, [LOGIN.filled(**values(OURS, user))], 0)
            one.wait_until_idle()
            return Held(shape, cache, checked, memory(one.pid))
        finally:
            one.stop()

    def url(self, shape: Shape) -> str:
        direct = f"{self.bench.postgresql.url('latchkey')}&application_name={shape.name}"
        return self.pgbouncer.url if shape.where == "pgbouncer" else direct

    def place(self, shape: Shape) -> None:
        """Keeps the clients and PostgreSQL on the other core, or lets them use both."""
        server_core, other_core = cores()
        if server_core is not None and other_core is not None:
            theirs = {other_core} if shape.where == "one core" else {server_core, other_core}
            allow(os.getpid(), theirs)
            self.bench.postgresql.allow(theirs)

    def turns(self, number: int) -> Iterator[Turn]:
        planned = [(shape, "checks") for shape in (*ONE_CORE, *BOTH_CORES, *POOLED)]
        planned += [(shape, "mixed") for shape in MIXED]
        for shape, job in (bar := tqdm(planned, unit="turn", disable=None)):
            bar.set_description(f"{job} by {shape.name}")
            yield self.turn(shape, job, number)

    def turn(self, shape: Shape, job: str, number: int) -> Turn:
        running = self.up[shape]
        self.place(shape)
        self.bench.postgresql.execute("latchkey", OURS.freshen)
        load.wrk(running.port, requests(job), CONNECTIONS, 1)
        running.wait_until_idle()
        loaded, spent = self.ask(running, requests(job), CONNECTIONS, self.bench.seconds)
        return Turn(shape, job, number, *spent, loaded.per_second, loaded.p50, loaded.p99, self.opened(shape))

    def ask(
        self, running: Running, asked: list[load.Request], connections: int, seconds: int
    ) -> tuple[load.Load, list[float]]:
        """The load, and the CPU microseconds for each request: of the server, PostgreSQL and PgBouncer."""
        pids = running.pid, self.bench.postgresql.pid, self.pgbouncer.process.pid
        before = [cpu_seconds(pid) for pid in pids]
        if connections == 1:
            loaded = load.one_by_one(running.port, asked, seconds)
        else:
            loaded = load.wrk(running.port, asked, connections, seconds)
        after = [cpu_seconds(pid) for pid in pids]
        running.wait_until_idle()
        return loaded, each(before, after, loaded.requests)

    def opened(self, shape: Shape) -> int:
        """The number of connections to PostgreSQL."""
        pooled = shape.where == "pgbouncer"
        theirs = f"usename = '{USER}'" if pooled else f"application_name = '{shape.name}'"
        query = f"SELECT count(*) FROM pg_stat_activity WHERE {theirs}"
        opened = int(self.bench.postgresql.execute("latchkey", query)[0][0])
        assert pooled or opened <= shape.workers * (shape.threads + 1), f"{shape.name} has {opened} connections"
        return opened

    def kinds(self, number: int) -> Iterator[Kind]:
        """Measures each kind of request."""
        self.place(USUAL)
        for kind in KINDS:
            users = kind.users[number * LOGINS :][:LOGINS] if kind.name == "login" else kind.users
            asked = [kind.call.filled(**values(OURS, user)) for user in users if user <= self.users]
            yield self.kind(kind, asked, number)

    def kind(self, kind: Asked, asked: list[load.Request], number: int) -> Kind:
        running, postgresql = self.up[USUAL], self.bench.postgresql
        self.ask(running, asked[::-1], kind.connections, 1)
        if kind.before:
            postgresql.execute("latchkey", kind.before)
        forget_statements(postgresql, "latchkey")
        wal = self.written()
        loaded, (cpu, database_cpu, _) = self.ask(running, asked, kind.connections, self.bench.seconds * kind.times)
        wal = self.written() - wal
        sent = sum(calls for query, calls in statements(postgresql, "latchkey") if query.split()[0] in SENT)
        return Kind(kind.name, number, cpu, database_cpu, sent / loaded.requests, wal / loaded.requests)

    def written(self) -> int:
        """Bytes of WAL written since the database was created."""
        return int(self.bench.postgresql.execute("latchkey", "SELECT pg_current_wal_insert_lsn() - '0/0'")[0][0])


def served(shape: Shape, **env: str) -> Server:
    """A server as the image starts it: granian and the connection pool read the same variable."""
    env |= {"GRANIAN_BLOCKING_THREADS": str(shape.threads), "MAIL_IN_PROCESS": "false"}
    words = ("--workers", str(shape.workers), "--blocking-threads", str(shape.threads))
    command = (*OURS.server.command, *words)  # granian uses the last of two equal options
    return replace(OURS.server, command=command, env=OURS.server.env | env)


def requests(job: str) -> list[load.Request]:
    """Checks, or for "mixed" a list of fifty sessions after each nine checks."""
    checks = [ME.filled(**values(OURS, user)) for user in rows.READERS]
    if job == "checks":
        return checks
    lists = [LIST.filled(**values(OURS, user)) for user in rows.LISTED]
    return [lists[n // 10 % len(lists)] if n % 10 == 9 else check for n, check in enumerate(checks)]


def keep(measured: Measured, *, quick: bool) -> None:
    file = store(measured.as_json(), "workers")
    sys.stdout.write(scaling.text(measured, scaling.PARTS))
    if not quick:
        scaling.document(measured, scaling.PAGE)
    sys.stdout.write(f"\nEvery number is in {file.relative_to(ROOT)}\n")
