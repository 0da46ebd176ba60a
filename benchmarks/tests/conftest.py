"""Small results, as a run would leave them. These tests start none of the measured systems."""

from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.growth_report import Grown
from benchmarks.results import Results, Turn
from benchmarks.scaling import Held, Kind, Measured, Shape
from benchmarks.scaling import Turn as ScalingTurn

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
MACHINE = dict.fromkeys(["processor", "memory", "kernel", "python", "cores", "commit", "date"], "x")
LOADS = {"load before": "0.1", "load after": "0.2"}


def turn(round, system, cpu, job="bearer", p99=9, database_cpu=100):
    return Turn(job, system, round, cpu, database_cpu=database_cpu, per_second=1000, p50=1.5, p99=p99)


def form(text):
    """The headings of a page, and the first row of each of its tables."""
    lines = text.splitlines()
    heads = [line for line, below in pairwise(lines) if below.startswith("|---")]
    return {*heads, *(line for line in lines if line.startswith("#"))}


@pytest.fixture
def results():
    """Three rounds, with 12 µs of PostgreSQL for each of our checks, and 100 µs for each of the others."""
    cpu = {"latchkey": (38, 60, 88), "before": (200, 188, 200), "knox": (1200, 1196, 1200), "allauth": (830, 836, 1200)}
    checks = [
        turn(n, name, values[n], "me", database_cpu=12 if name == "latchkey" else 100)
        for n in range(3)
        for name, values in cpu.items()
    ]
    logins = [turn(n, name, cpu, "login") for n in range(3) for name, cpu in (("latchkey", 800), ("before", 900))]
    return Results(
        machine=MACHINE | LOADS | {"pgo": "no"},
        versions={"django": "5.2"},
        options={"command": "make bench", "rounds": 3, "seconds": 5, "users": 1000},
        turns=[*checks, *logins],
        statements={"knox": [("SELECT 1", 2.0), ("BEGIN", 1.0)]},
    )


@pytest.fixture
def grown():
    """Ten thousand and ten million sessions, and a purge that is slow but delays no check much."""
    few, many = "postgresql-10000", "postgresql-10000000"
    turns = [turn(n, few, 400) for n in range(3)] + [turn(n, many, 500) for n in range(3)]
    turns += [turn(n, many, 0, job, p99) for n in range(3) for job, p99 in (("idle", 4), ("purge", 6))]
    options = {"command": "make bench ARGS=growth", "rounds": 3, "seconds": 5, "pace": 200, "purged": {many: 500_000}}
    return Grown(
        machine=MACHINE,
        options=options,
        turns=turns,
        sizes={few: {"row": 2_000_000}, many: {"row": 10**9, "x_digest_key": 10**9, "x_pkey": 5 * 10**8}},
    )


@pytest.fixture
def measured():
    def turns(shape, **values):
        usual = {"cpu": 300.0, "database_cpu": 100.0, "pooler_cpu": 0.0, "per_second": 3000.0, "p50": 9.0, "p99": 13.0}
        usual |= {"connections": 8}
        return [ScalingTurn(shape, "checks", round, **usual | values) for round in range(3)]

    kinds = {"check": 300.0, "seen": 500.0, "list": 2000.0, "login": 180_000.0}
    return Measured(
        machine=MACHINE,
        options={"command": "make bench", "rounds": 3, "seconds": 2, "users": 1000},
        bytes={"accounts_user": 400.0, "sessions_api_session": 440.0},
        turns=[
            *turns(Shape("one core", 1, 8)),
            *turns(Shape("both cores", 1, 8), per_second=2000.0),
            *turns(Shape("both cores", 2, 8)),
            *turns(Shape("pgbouncer", 2, 8), pooler_cpu=21.0),
        ],
        kinds=[Kind(name, 0, cpu, cpu / 3, 1.0, 290.0) for name, cpu in kinds.items()],
        held=[Held(Shape("alone", 2, 8), cache, 140 * 1024**2, 190 * 1024**2) for cache in (False, True)],
    )
