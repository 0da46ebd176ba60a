"""From what was measured to the tables of docs/scaling.md, and the arithmetic on them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from .report import spelled, table

RATES = (10, 1_000, 100_000)
BUSY = 0.6  # of a core, on average: the rest is for the hour in which more come
ASKS = 60  # seconds between two requests of a session in use
NOTED = 300  # SESSION_TOUCH_SECONDS
LOGINS = 1_000  # checks for each login
KEPT = 30  # days: SESSION_IDLE_DAYS
HASH = 64  # MiB: ARGON2_MEMORY_COST
COMMANDS = 6  # of Valkey for each login: tests/sessions_api/test_what_asks_the_store.py
MIB = 1024**2
KINDS = {
    "check": "a bearer check (`GET /api/users/me`)",
    "seen": "the same, when `last_seen_at` is due",
    "list": "a list of 50 sessions",
    "login": "a login",
}


@dataclass(frozen=True)
class Shape:
    """`where`: the server on "one core", all else on the other; all on "both cores"; the same by "pgbouncer"; "alone"
    with nothing beside it that has the same memory."""

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
    cpu: float  # microseconds for each request: the server,
    database_cpu: float  # PostgreSQL,
    pooler_cpu: float  # PgBouncer
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
    """Bytes of all processes of a server: after checks, and after logins too."""

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
    """In place of what stands between the two marks of this name, and nowhere else."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, rest = page.read_text().split(begin)
    page.write_text(before + begin + text + end + rest.split(end)[1])


def document(measured: Measured, page: Path) -> None:
    put(page, "arithmetic", text(measured, [arithmetic]))
    put(page, "tables", text(measured, PARTS[1:]))


def text(measured: Measured, parts: list[Callable[[Measured], Iterator[str]]]) -> str:
    return "\n" + "\n".join(line for part in parts for line in part(measured)) + "\n"


def needs(measured: Measured) -> Iterator[str]:
    yield "### What a request takes\n"
    yield (
        "On one worker with eight threads, which has a core of its own. Statements without those of transactions. Each "
        "login is the first of its person.\n"
    )
    heads = ["", "CPU of Latchkey, µs", "CPU of PostgreSQL, µs", "statements", "WAL, bytes"]
    forms = {"cpu": "{:,.0f}", "database_cpu": "{:,.0f}", "statements": "{:.0f}", "wal": "{:,.0f}"}
    rows = [
        [title, *(cell(measured.kind(name, what), form) for what, form in forms.items())]
        for name, title in KINDS.items()
    ]
    yield table(heads, rows)
    person, session = (measured.bytes[name] for name in ("accounts_user", "sessions_api_session"))
    yield (
        f"WAL is without the images of whole pages that follow a checkpoint. A person takes {person:,.0f} bytes of "
        f"PostgreSQL's disk and a session {session:,.0f}, with their indexes.\n"
    )


def threads(measured: Measured) -> Iterator[str]:
    yield "### Threads, on one core\n"
    yield "Bearer checks over 32 connections. The server has one core, its clients and PostgreSQL the other.\n"
    yield table(HEADS[1:], [row(measured, shape)[1:] for shape in measured.shapes("one core")])


def workers(measured: Measured) -> Iterator[str]:
    yield "### Workers × threads, on two cores\n"
    yield "The same; the server, its clients and PostgreSQL share both cores.\n"
    yield table(HEADS, [row(measured, shape) for shape in measured.shapes("both cores")])


def memory(measured: Measured) -> Iterator[str]:
    yield "### Memory\n"
    yield (
        "Of all processes of one server with eight threads in each and nothing beside it, in MiB (proportional set "
        "size). With `CACHE_URL`, the client of Valkey is loaded. After eight logins it is what they leave behind; "
        f"while a password is hashed, it is {HASH} MiB more.\n"
    )
    yes = {True: "yes", False: "no"}
    rows = [
        [str(held.shape.workers), yes[held.cache], f"{held.checked / MIB:.0f}", f"{held.logged_in / MIB:.0f}"]
        for held in measured.held
    ]
    yield table(["workers", "`CACHE_URL`", "after checks", "after logins"], rows)


def pooled(measured: Measured) -> Iterator[str]:
    yield "### By PgBouncer\n"
    yield (
        "The same through the PgBouncer of `deploy/pgbouncer.ini`, over Unix sockets as without it. Its connections, "
        "at most 16, are for both rows together.\n"
    )
    rows = [
        [*row(measured, shape), spelled(measured.of(shape, "pooler_cpu"))] for shape in measured.shapes("pgbouncer")
    ]
    yield table([*HEADS, "of PgBouncer, µs"], rows)


def mixed(measured: Measured) -> Iterator[str]:
    yield "### Nine checks, one list of fifty\n"
    yield "In turn, on both cores.\n"
    shapes = [shape for shape in measured.shapes("both cores") if any(measured.of(shape, "cpu", "mixed"))]
    yield table(HEADS, [row(measured, shape, "mixed") for shape in shapes])


HEADS = ["workers", "threads", "a second", "CPU for each, µs", "of PostgreSQL, µs", "p50, ms", "p99, ms"]
HEADS += ["connections"]


def row(measured: Measured, shape: Shape, job: str = "checks") -> list[str]:
    def said(what: str, form: str = "{:,.0f}") -> str:
        return cell(measured.of(shape, what, job), form)

    times = (said("p50", "{:.1f}"), said("p99", "{:.1f}"))
    connections = f"{max(measured.of(shape, 'connections', job)):.0f}"
    return [
        str(shape.workers),
        str(shape.threads),
        *map(said, ("per_second", "cpu", "database_cpu")),
        *times,
        connections,
    ]


def cell(seen: list[float], form: str) -> str:
    return spelled(seen, form=form) if len(set(map(form.format, seen))) > 1 else form.format(seen[0])


@dataclass(frozen=True)
class Costs:
    """Medians. Of Latchkey, PostgreSQL and PgBouncer in microseconds for each request, of memory and disk in bytes."""

    check: float
    note: float  # what is added where `last_seen_at` is due
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


Line = tuple[str, str, Callable[[int], float]]  # what it is, how it is reckoned, and from the rate to the number


def arithmetic(measured: Measured) -> Iterator[str]:
    """What so many bearer checks a second come to."""
    yield (
        f"A process is given {BUSY:.0%} of a core to do, so that the busiest hour fits. The people of this example ask "
        f"once a minute with each session, and log in once in {LOGINS:,} requests. At 100,000 the numbers are "
        "extrapolated: nothing of that size was run.\n"
    )
    costs = Costs.of(measured)
    heads = ["bearer checks a second", "is", *(f"{rate:,}" for rate in RATES)]
    lines = (*of_processes(costs), *of_postgresql(costs), *of_neighbours(costs))
    yield table(heads, [[title, how, *(figure(of(rate)) for rate in RATES)] for title, how, of in lines])


def of_processes(costs: Costs) -> Iterator[Line]:
    held = costs.process / MIB + HASH
    checks = f"rate × ({costs.check:.0f} + {ASKS}/{NOTED} × {costs.note:.0f}) µs"
    yield "cores busy with checks", checks, costs.checking
    yield "cores busy with logins", f"rate / {LOGINS:,} × {costs.login / 1e3:.0f} ms", costs.logging_in
    yield "processes", f"both by {BUSY}, rounded up", costs.processes
    yield (
        "their memory, MiB",
        f"× ({held - HASH:.0f} + {HASH} for one hash at a time)",
        lambda rate: costs.processes(rate) * held,
    )
    yield "connections to PostgreSQL, directly", "processes × (8 threads + 1)", lambda rate: costs.processes(rate) * 9


def of_postgresql(costs: Costs) -> Iterator[Line]:
    each = f"{costs.database_check:.0f} + {ASKS}/{NOTED} × {costs.database_note:.0f}"
    size = costs.session / MIB
    yield (
        "cores of PostgreSQL that are busy",
        f"rate × ({each} + {costs.database_login:.0f} / {LOGINS:,}) µs",
        costs.database,
    )
    yield "writes of `last_seen_at` a second", f"rate × {ASKS}/{NOTED}", lambda rate: rate * ASKS / NOTED
    yield (
        "their WAL, MiB a second, at least",
        f"× {costs.wal:.0f} bytes",
        lambda rate: rate * ASKS / NOTED * costs.wal / MIB,
    )
    yield "sessions in use", f"rate × {ASKS}", lambda rate: rate * ASKS
    yield "their rows and indexes, MiB", f"× {costs.session:.0f} bytes", lambda rate: rate * ASKS * size
    yield f"sessions kept for {KEPT} days", f"rate / {LOGINS:,} × {KEPT} × 86,400", kept
    yield "their rows and indexes, MiB", f"× {costs.session:.0f} bytes", lambda rate: kept(rate) * size


def kept(rate: int) -> float:
    return rate / LOGINS * KEPT * 86_400


def of_neighbours(costs: Costs) -> Iterator[Line]:
    yield "commands of Valkey a second", f"rate / {LOGINS:,} × {COMMANDS}", lambda rate: rate / LOGINS * COMMANDS
    yield "cores of PgBouncer, where it is", f"rate × {costs.pooler:.0f} µs", lambda rate: rate * costs.pooler / 1e6


def figure(value: float) -> str:
    """Two digits that count; whole from ten on."""
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
        f"{options['people']:,} people with a session each; rate limits off"
    )
    yield "- PostgreSQL with `shared_buffers` of 1 GB, a checkpoint an hour, and no autovacuum, which would be noise"
    named = {"Python": machine["python"], **measured.versions}
    yield f"- {', '.join(f'{name} {number}' for name, number in named.items())}\n"


PARTS = [arithmetic, needs, threads, workers, memory, pooled, mixed, conditions]
