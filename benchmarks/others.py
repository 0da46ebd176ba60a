"""Compares Latchkey with its commit a0f27e1 and other systems on one PostgreSQL. Writes docs/benchmarks.md.

All servers are up at once, and each gets requests for two seconds: A B C, A B C, …
"""

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from psycopg import sql
from tqdm import tqdm

from . import report, rows
from .checks import Check, values
from .jobs import JOBS, WORKERS, Bench, Job
from .postgresql import ROWS, running
from .processes import cores, pin
from .results import Results, Turn
from .servers import Running, prepare, run, serving
from .systems import BETTER_AUTH, BY_NAME, PEERS_PY, ROOT, Server, System

FULL = {"rounds": 5, "seconds": 2, "users": rows.USERS}
QUICK = {"rounds": 1, "seconds": 1, "users": rows.FEW}
START = "start"
RESULTS = Path(__file__).with_name("results")
OURS = ("django", "granian")  # requirements.txt pins all others
PEERS = (
    "django-allauth",
    "django-rest-knox",
    "dj-rest-auth",
    "djoser",
    "djangorestframework",
    "fastapi-users",
    "fastapi",
    "sqlalchemy",
    "uvicorn",
)


def arguments(words: list[str]) -> argparse.Namespace:
    names = [*(job.name for job in JOBS), START]
    parser = argparse.ArgumentParser(prog="python -m benchmarks others", description=__doc__)
    parser.add_argument(
        "--systems",
        nargs="+",
        choices=BY_NAME,
        default=list(BY_NAME),
        metavar="SYSTEM",
        help=f"some of {', '.join(BY_NAME)}; ratios need latchkey",
    )
    parser.add_argument(
        "--jobs", nargs="+", choices=names, default=names, metavar="JOB", help=f"some of {', '.join(names)}"
    )
    parser.add_argument("--rounds", type=int, help="turns of each system (5)")
    parser.add_argument("--seconds", type=int, help="length of a turn (2)")
    parser.add_argument("--users", type=int, help=f"users in each database ({rows.USERS})")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="few rows and one short round, to see whether everything works; docs stay as they are",
    )
    wanted = parser.parse_args(words)
    return completed(wanted, QUICK if wanted.quick else FULL)


def completed(wanted: argparse.Namespace, usual: dict[str, Any]) -> argparse.Namespace:
    """Fills options that were not given with these defaults."""
    for name, value in usual.items():
        if getattr(wanted, name) is None:
            setattr(wanted, name, value)
    return wanted


def command(*words: str) -> str:
    """The command that repeats this run."""
    return f"make bench ARGS={shlex.quote(' '.join(words))}" if words else "make bench"


def main(words: list[str]) -> None:
    wanted = arguments(words)
    systems = [BY_NAME[name] for name in wanted.systems]
    server_core, other_core = cores()
    pin(os.getpid(), other_core)
    results = Results(machine=machine(server_core) | {"load before": load_of_machine()}, versions=versions())
    results.options = {name: getattr(wanted, name) for name in ("jobs", "rounds", "seconds", "users")}
    results.options["command"] = command(*words)
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder, running() as postgresql, ExitStack() as stack:
        postgresql.pin(other_core)
        results.versions["postgresql"] = postgresql.version
        bench = Bench(postgresql, Path(folder), wanted.seconds, server_core, rows.hashed())
        servers = {system.server.name: system.server for system in systems}
        fill(bench, servers, wanted.users)
        if START in wanted.jobs:
            results.turns += starts(bench, systems, (wanted.rounds + 1) // 2)
        up = {
            name: stack.enter_context(
                serving(server, postgresql.url(server.database), server_core, bench.folder / f"{name}.log")
            )
            for name, server in servers.items()
        }
        check(bench, systems, up, results)
        for job, system, round in (bar := tqdm(planned(systems, wanted), unit="turn", disable=None)):
            bar.set_description(f"{job.name} of {system.name}")
            results.turns.append(bench.turn(job, system, up[system.server.name], round))
    results.machine |= {"load after": load_of_machine()}
    keep(results, quick=wanted.quick)


def load_of_machine() -> str:
    return f"{os.getloadavg()[1]:.1f}"


def machine(server_core: int | None) -> dict[str, str]:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())
    return {
        "processor": f"{os.cpu_count()} × {model[1] if model else platform.machine()}",
        "memory": f"{int(memory[1]) / 1024**2:.0f} GiB" if memory else "",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "pgo": "yes" if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "") else "no",
        "cores": "shared" if server_core is None else "one for the server, one for its clients and PostgreSQL",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True, capture_output=True
        ).stdout.strip(),
    }


def versions() -> dict[str, str]:
    """Of the packages that are measured, in their environments."""
    said = "import json, sys; from importlib.metadata import version; print(json.dumps([*map(version, sys.argv[1:])]))"
    theirs = json.loads(subprocess.run([PEERS_PY, "-c", said, *PEERS], capture_output=True, check=True).stdout)
    node = subprocess.run(["node", "--version"], text=True, capture_output=True, check=True).stdout.strip()
    packages = json.loads((BETTER_AUTH.folder / "package.json").read_text())["dependencies"]
    ours = {name: version(name) for name in OURS}
    return ours | dict(zip(PEERS, theirs, strict=True)) | packages | {"Node": node.removeprefix("v")}


def fill(bench: Bench, servers: dict[str, Server], users: int) -> None:
    databases = {server.database: server for server in servers.values()}
    more = rows.LIST - 1
    for database, server in (bar := tqdm(databases.items(), unit="database", disable=None)):
        bar.set_description(f"Filling {database}")
        one = bench.postgresql
        one.execute("postgres", f"CREATE DATABASE {database}")
        prepare(server, one.url(database))
        one.execute(
            database,
            sql.SQL(ROWS).format(hash=sql.Literal(bench.hash), users=users, listed=len(rows.LISTED), more=more),
        )
        one.execute(database, "SET session_replication_role = replica;" + (server.rows / "fill.sql").read_text())
        if server.fill:
            run(server, server.fill, one.url(database))
        one.execute(database, "DROP SCHEMA bench CASCADE")
        one.execute(database, "VACUUM ANALYZE")
    bench.postgresql.execute("postgres", "CHECKPOINT")


def check(bench: Bench, systems: list[System], up: dict[str, Running], results: Results) -> None:
    for system, user in (bar := tqdm(list(zip(systems, rows.CHECKED, strict=False)), unit="system", disable=None)):
        bar.set_description(f"Checking {system.name}")
        running = up[system.server.name]
        running.first_answer(system.me, **values(system, user))
        one = Check(system, running, bench.postgresql, user)
        one.all()
        results.statements[system.name] = one.count(system.me, rows.READERS[-1])
        bench.warm_up(system, running)


def starts(bench: Bench, systems: list[System], rounds: int) -> Iterator[Turn]:
    ours = [system for system in systems if system.login]
    planned = [(round, workers, system) for round in range(rounds) for workers in WORKERS for system in ours]
    for round, workers, system in (bar := tqdm(planned, unit="turn", disable=None)):
        bar.set_description(f"Starting {workers} of {system.name}")
        yield bench.start(system, workers, round)


def planned(systems: list[System], wanted: argparse.Namespace) -> list[tuple[Job, System, int]]:
    """A B C, A B C, …, so that a change on the machine meets all systems alike."""
    jobs = [job for job in JOBS if job.name in wanted.jobs]
    return [
        (job, system, round) for round in range(wanted.rounds) for job in jobs for system in systems if job.call(system)
    ]


def keep(results: Results, *, quick: bool) -> None:
    file = store(results.as_json(), "others")
    text = report.document(results)
    if quick:
        sys.stdout.write(text)
    else:
        sys.stdout.write(report.tables(results))
        report.write(results, ROOT / "docs")
    sys.stdout.write(f"\nEvery number is in {file.relative_to(ROOT)}\n")


def store(numbers: dict[str, Any], part: str) -> Path:
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{part}-{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(numbers, indent=1))
    return file
