"""Writes the tables of docs/scaling-measurements.md, and calculates from them what a rate of requests needs."""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from .report import spelled, table
from .systems import ROOT

PAGE = ROOT / "docs" / "scaling-measurements.md"
RATES = (1_000, 100_000)
BUSY = 0.6  # of a core, on average; the rest is for the busiest hour
ASKS = 60  # seconds between two requests of a session in use
NOTED = 300  # SESSION_TOUCH_SECONDS
LOGINS = 1_000  # checks for each login
KEPT = 30  # days: SESSION_IDLE_DAYS
HASH = 64  # MiB: ARGON2_MEMORY_COST
COMMANDS = 6  # of Valkey for each login; the product's tests count them against the page
MIB = 1024**2
KINDS = {
    "check": "a bearer check (`GET /api/users/me`)",
    "seen": "the same, when `last_seen_at` is due",
    "list": "a list of 50 sessions",
    "login": "a login",
}


@dataclass(frozen=True)
class Shape:
    """`where` is "one core" for the server, with all else on the other; "both cores" for all; "pgbouncer" for the same
    through it; or "alone", with no other server that could share memory."""

    where: str
    workers: int
    threads: int

    @property
    def name(self) -> str:
        return f"{self.where}-{self.workers}x{self.threads}".replace(" ", "-")


@dataclass(frozen=True)
class Turn:
    shape: Shape
    job: str
    round: int
    cpu: float  # microseconds for each request, of the server
    database_cpu: float  # of PostgreSQL
    pooler_cpu: float  # of PgBouncer
    per_second: float
    p50: float  # milliseconds
    p99: float
    connections: int  # at PostgreSQL


@dataclass(frozen=True)
class Kind:
    name: str
    round: int
    cpu: float
    database_cpu: float
    statements: float
    wal: float  # bytes for each request


@dataclass(frozen=True)
class Held:
    """Bytes that all processes of a server hold: after checks, and after checks and logins."""

    shape: Shape
    cache: bool
    checked: int
    logged_in: int


@dataclass
class Measured:
    machine: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    bytes: dict[str, float] = field(default_factory=dict)  # of a row, by table
    turns: list[Turn] = field(default_factory=list)
    kinds: list[Kind] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def of(self, shape: Shape, what: str, job: str = "checks") -> list[float]:
        return [getattr(turn, what) for turn in self.turns if (turn.shape, turn.job) == (shape, job)]

    def kind(self, name: str, what: str) -> list[float]:
        return [getattr(kind, what) for kind in self.kinds if kind.name == name]

    def shapes(self, where: str) -> list[Shape]:
        return list(dict.fromkeys(turn.shape for turn in self.turns if turn.shape.where == where))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, said: dict[str, Any]) -> "Measured":
        turns = [Turn(**turn | {"shape": Shape(**turn["shape"])}) for turn in said["turns"]]
        held = [Held(**held | {"shape": Shape(**held["shape"])}) for held in said["held"]]
        return cls(**said | {"turns": turns, "kinds": [Kind(**kind) for kind in said["kinds"]], "held": held})


def put(page: Path, name: str, text: str) -> None:
    """Replaces the text between the two marks of this name. Raises ValueError where there is no such mark."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, rest = page.read_text().split(begin)
    page.write_text(before + begin + text + end + rest.split(end)[1])


def document(measured: Measured, page: Path) -> None:
    put(page, "arithmetic", text(measured, [arithmetic]))
    put(page, "tables", text(measured, PARTS[1:]))


def text(measured: Measured, parts: list[Callable[[Measured], Iterator[str]]]) -> str:
    return "\n" + "\n".join(line for part in parts for line in part(measured)) + "\n"


def needs(measured: Measured) -> Iterator[str]:
    yield "### A request\n"
    yield "On one process with eight threads and its own core. Each login is the first of its user.\n"
    heads = ["", "CPU of Latchkey, µs", "of PostgreSQL, µs", "statements", "WAL, bytes"]
    forms = {"cpu": "{:,.0f}", "database_cpu": "{:,.0f}", "statements": "{:.0f}", "wal": "{:,.0f}"}
    rows = [
        [title, *(cell(measured.kind(name, what), form) for what, form in forms.items())]
        for name, title in KINDS.items()
    ]
    yield table(heads, rows)
    user, session = (measured.bytes[name] for name in ("accounts_user", "sessions_api_session"))
    yield (
        "Statements of transactions and whole pages in the WAL do not count. With indexes, a user takes "
        f"{user:,.0f} bytes of disk and a session {session:,.0f}.\n"
    )


def processes(measured: Measured) -> Iterator[str]:
    yield "### Processes, on two cores\n"
    yield "Requests a second on 32 connections. The server, its clients and PostgreSQL share both cores.\n"
    both = measured.shapes("both cores")
    counts = sorted({shape.workers for shape in both})
    rows = [
        [f"checks, {threads} threads", *rates(measured, "both cores", threads, counts)]
        for threads in sorted({shape.threads for shape in both})
    ]
    rows.append(["checks by PgBouncer, 8 threads", *rates(measured, "pgbouncer", 8, counts)])
    rows.append(["nine checks and one list, 8 threads", *rates(measured, "both cores", 8, counts, "mixed")])
    yield table(["", *(f"{count} process{'es' * (count > 1)}" for count in counts)], rows)


def rates(measured: Measured, where: str, threads: int, counts: list[int], job: str = "checks") -> Iterator[str]:
    """Requests a second with so many threads, a cell for each number of processes; empty where not measured."""
    for count in counts:
        yield spelled(measured.of(Shape(where, count, threads), "per_second", job))


def memory(measured: Measured) -> Iterator[str]:
    yield "### Memory\n"
    yield (
        "MiB of a server with eight threads a process, after eight logins (proportional set size). Hashing a password "
        f"takes {HASH} MiB more.\n"
    )
    held = {(held.shape.workers, held.cache): f"{held.logged_in / MIB:.0f}" for held in measured.held}
    counts = sorted({workers for workers, _ in held})
    rows = [[str(count), held.get((count, False), ""), held.get((count, True), "")] for count in counts]
    yield table(["processes", "alone", "with `CACHE_URL`"], rows)


def cell(seen: list[float], form: str) -> str:
    return spelled(seen, form=form) if len(set(map(form.format, seen))) > 1 else form.format(seen[0])


@dataclass(frozen=True)
class Costs:
    """Medians: CPU in microseconds for each request, memory and disk in bytes."""

    check: float
    note: float  # added where `last_seen_at` is written
    login: float
    database_check: float
    database_note: float
    database_login: float
    wal: float
    pooler: float
    process: float
    session: float

    @classmethod
    def of(cls, measured: Measured) -> "Costs":
        def added(what: str) -> tuple[float, float, float]:
            check, seen, login = (median(measured.kind(name, what)) for name in ("check", "seen", "login"))
            return check, max(0, seen - check), login

        (held,) = (held for held in measured.held if held.shape.workers == 2 and held.cache)
        return cls(
            *added("cpu"),
            *added("database_cpu"),
            wal=median(measured.kind("seen", "wal")),
            pooler=median(measured.of(Shape("pgbouncer", 2, 8), "pooler_cpu")),
            process=held.logged_in / 2,
            session=measured.bytes["sessions_api_session"],
        )

    def checking(self, rate: int) -> float:
        return rate * (self.check + ASKS / NOTED * self.note) / 1e6

    def logging_in(self, rate: int) -> float:
        return rate / LOGINS * self.login / 1e6

    def processes(self, rate: int) -> int:
        return ceil((self.checking(rate) + self.logging_in(rate)) / BUSY)

    def database(self, rate: int) -> float:
        each = self.database_check + ASKS / NOTED * self.database_note + self.database_login / LOGINS
        return rate * each / 1e6


Line = tuple[str, str, Callable[[int], float]]  # title, formula, and the function from the rate to the number


def arithmetic(measured: Measured) -> Iterator[str]:
    """What each rate of bearer checks needs."""
    yield (
        f"A process is busy {BUSY:.0%} of the time, to leave room for the busiest hour. Each session is used once a "
        f"minute, and one in {LOGINS:,} requests is a login. The numbers for 100,000 are extrapolated.\n"
    )
    costs = Costs.of(measured)
    heads = ["bearer checks a second", "formula", *(f"{rate:,}" for rate in RATES)]
    lines = (*of_processes(costs), *of_postgresql(costs), *of_neighbours(costs))
    yield table(heads, [[title, how, *(figure(of(rate)) for rate in RATES)] for title, how, of in lines])


def of_processes(costs: Costs) -> Iterator[Line]:
    held = costs.process / MIB + HASH
    checks = f"rate × ({costs.check:.0f} + {ASKS}/{NOTED} × {costs.note:.0f}) µs"
    yield "cores for checks", checks, costs.checking
    yield "cores for logins", f"rate / {LOGINS:,} × {costs.login / 1e3:.0f} ms", costs.logging_in
    yield "processes", f"cores / {BUSY}, rounded up", costs.processes
    yield (
        "their memory, MiB",
        f"processes × ({held - HASH:.0f} + {HASH})",
        lambda rate: costs.processes(rate) * held,
    )
    yield "connections to PostgreSQL", "processes × (8 + 1)", lambda rate: costs.processes(rate) * 9


def of_postgresql(costs: Costs) -> Iterator[Line]:
    each = f"{costs.database_check:.0f} + {ASKS}/{NOTED} × {costs.database_note:.0f}"
    size = costs.session / MIB
    yield (
        "cores of PostgreSQL",
        f"rate × ({each} + {costs.database_login:.0f} / {LOGINS:,}) µs",
        costs.database,
    )
    yield "writes of `last_seen_at` a second", f"rate × {ASKS}/{NOTED}", lambda rate: rate * ASKS / NOTED
    yield (
        "WAL, MiB a second",
        f"writes × {costs.wal:.0f} bytes",
        lambda rate: rate * ASKS / NOTED * costs.wal / MIB,
    )
    yield "sessions in use", f"rate × {ASKS}", lambda rate: rate * ASKS
    yield "their disk, MiB", f"× {costs.session:.0f} bytes", lambda rate: rate * ASKS * size
    yield f"sessions kept for {KEPT} days", f"rate / {LOGINS:,} × {KEPT} × 86,400", kept
    yield "their disk, MiB", f"× {costs.session:.0f} bytes", lambda rate: kept(rate) * size


def kept(rate: int) -> float:
    return rate / LOGINS * KEPT * 86_400


def of_neighbours(costs: Costs) -> Iterator[Line]:
    yield "commands of Valkey a second", f"rate / {LOGINS:,} × {COMMANDS}", lambda rate: rate / LOGINS * COMMANDS
    yield "cores of PgBouncer", f"rate × {costs.pooler:.0f} µs", lambda rate: rate * costs.pooler / 1e6


def figure(value: float) -> str:
    """Two significant digits; whole numbers from ten on."""
    if isinstance(value, int) or value >= 10:
        return f"{value:,.0f}"
    return re.sub(r"\.?0+$", "", f"{value:.2f}" if value >= 0.1 else f"{value:.4f}") or "0"


def conditions(measured: Measured) -> Iterator[str]:
    machine, options = measured.machine, measured.options
    yield "### Where and when\n"
    yield f"- {machine['date']}, commit {machine['commit']}, by `{options['command']}`"
    yield f"- {machine['processor']}, {machine['memory']}, Linux {machine['kernel']}"
    yield (
        f"- {options['rounds']} rounds of {options['seconds']} s; the median, and in brackets the least and the most; "
        f"{options['users']:,} users; rate limits off"
    )
    yield "- PostgreSQL with `shared_buffers` of 1 GB, a checkpoint an hour, no autovacuum"
    named = {"Python": machine["python"], **measured.versions}
    yield f"- {', '.join(f'{name} {number}' for name, number in named.items())}\n"


PARTS = [arithmetic, needs, processes, memory, conditions]
