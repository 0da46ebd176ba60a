"""Measures what each request costs with ten thousand sessions and with ten million. Writes docs/growth.md."""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

from tqdm import tqdm

from . import growth_report, load, rows
from .checks import Wrong
from .databases import SESSIONS_PER_USER, PostgreSQLSessions, Sessions, SQLiteSessions
from .growth_report import Grown
from .others import command, completed, machine, store
from .postgresql import running
from .processes import cores, cpu_seconds, each, pin
from .results import Turn
from .servers import Running, environment, serving
from .systems import BEARER, BY_NAME, ON_GRANIAN, PY, ROOT, Call, Server

FULL = {
    "steps": [10_000, 1_000_000, 10_000_000],
    "sqlite_steps": [10_000, 1_000_000],
    "rounds": 3,
    "seconds": 4,
}
QUICK = {"steps": [1_000, 20_000], "sqlite_steps": [10_000], "rounds": 1, "seconds": 1}
VERSIONS = ("django", "granian", "psycopg")
LATCHKEY = BY_NAME["latchkey"]
TOKENS = 20_000  # different ones in a turn, or all sessions where there are fewer
PACE = 200  # checks a second beside the purge
MOST_PURGED = 500_000
# Only the job `touch` writes `last_seen_at`, and kept databases stay usable for a while.
ENV = {"SESSION_TOUCH_SECONDS": "8640000", "REAUTHENTICATION_SECONDS": "8640000", "MAIL_IN_PROCESS": "false"}


def main(words: list[str]) -> None:
    wanted = arguments(words)
    server_core, other_core = cores()
    pin(os.getpid(), other_core)
    results = Grown(machine=machine(server_core), versions={name: version(name) for name in VERSIONS})
    results.options = {name: getattr(wanted, name) for name in FULL}
    results.options["command"] = command("growth", *words)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="latchkey-growth-")))
        if wanted.keep:
            wanted.keep.mkdir(parents=True, exist_ok=True)
        postgresql = stack.enter_context(running(wanted.keep))
        postgresql.pin(other_core)
        results.versions["postgresql"] = postgresql.version
        results.versions["sqlite"] = SQLiteSessions.version
        databases: list[Sessions] = [PostgreSQLSessions(number, postgresql) for number in wanted.steps]
        databases += [SQLiteSessions(number, postgresql, wanted.keep or folder) for number in wanted.sqlite_steps]
        results.options |= {"pace": PACE, "purged": {one.name: purged(one) for one in databases}}
        results.sizes = fill(databases, (wanted.keep or folder) / "sizes.json")
        server = replace(ON_GRANIAN, env=ON_GRANIAN.env | ENV)
        benches = []
        for one in databases:
            up = stack.enter_context(serving(server, one.url, server_core, folder / f"{one.name}.log"))
            benches.append(Bench(one, up, server, wanted.seconds, server_core, other_core))
        for bench in benches:
            bench.check()
            bench.wrk(bench.checks(), wanted.seconds)  # so that the server does what it does only once
        results.turns = turns(benches, wanted.jobs, wanted.rounds)
    keep(results, quick=wanted.quick)


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks growth", description=__doc__)
    parser.add_argument("--steps", nargs="*", type=int, help="sessions on PostgreSQL; ratios are to the first")
    parser.add_argument("--sqlite-steps", nargs="*", type=int, help="sessions on SQLite")
    parser.add_argument(
        "--jobs", nargs="+", choices=JOBS, default=list(JOBS), metavar="JOB", help=f"some of {', '.join(JOBS)}"
    )
    parser.add_argument("--rounds", type=int, help="turns of each database (3)")
    parser.add_argument("--seconds", type=int, help="length of a turn (4)")
    parser.add_argument(
        "--keep", type=Path, metavar="FOLDER", help="keeps the filled databases here, and uses those that it finds"
    )
    parser.add_argument(
        "--quick", action="store_true", help="one short round, to see whether everything works; docs stay as they are"
    )
    wanted = parser.parse_args(words)
    return completed(wanted, QUICK if wanted.quick else FULL)


def fill(databases: list[Sessions], file: Path) -> dict[str, dict[str, int]]:
    """Fills the missing databases. Returns the sizes of all, which `file` keeps, because purges change them."""
    sizes: dict[str, dict[str, int]] = json.loads(file.read_text()) if file.exists() else {}
    hash = rows.hashed()
    missing = [one for one in databases if not one.is_there()]
    with tqdm(total=sum(one.number for one in missing), unit="session", unit_scale=True, disable=None) as bar:
        for one in missing:
            bar.set_description(f"Filling {one.name}")
            for number in one.fill(hash):
                bar.update(number)
            file.write_text(json.dumps(sizes := sizes | {one.name: one.sizes()}))
    return {one.name: sizes[one.name] for one in databases}


def turns(benches: list["Bench"], jobs: list[str], rounds: int) -> list[Turn]:
    """A B C, C B A, …: each job runs on all databases before the next job."""
    planned = [
        (job, bench, round) for round in range(rounds) for job in jobs for bench in benches[:: -1 if round % 2 else 1]
    ]
    done: list[Turn] = []
    for job, bench, round in (bar := tqdm(planned, unit="turn", disable=None)):
        bar.set_description(f"{job} of {bench.sessions.name}")
        done += JOBS[job](bench, round)
    return done


class Bench:
    """A server on one of the databases, and the jobs that it does."""

    def __init__(
        self, sessions: Sessions, up: Running, server: Server, seconds: int, core: int | None, other: int | None
    ) -> None:
        self.sessions, self.up, self.server, self.seconds = sessions, up, server, seconds
        self.core, self.other = core, other
        self.chance = random.Random(sessions.number)

    def check(self) -> None:
        """Checks the answers first: the last token finds its user, and an unknown token is refused."""
        last = self.sessions.number
        own = self.up.first_answer(LATCHKEY.me, token=token(last)).text
        listed = self.up.ask(LATCHKEY.sessions, token=token(last)).json()
        unknown = self.up.ask(LATCHKEY.me, token=token(10**9)).status_code
        if rows.email(self.sessions.owner(last)) not in own or len(listed) < SESSIONS_PER_USER or unknown != 401:
            raise Wrong(f"{self.sessions.name}: {own} {listed} {unknown}")

    def some(self, most: int) -> list[int]:
        """At most this many different sessions, drawn from the whole table."""
        return self.chance.sample(range(1, self.sessions.number + 1), min(most, self.sessions.number))

    def checks(self) -> list[load.Request]:
        return [LATCHKEY.me.filled(token=token(number)) for number in self.some(TOKENS)]

    def bearer(self, round: int) -> list[Turn]:
        self.wrk(self.checks(), max(1, self.seconds // 4))
        return [self.measured("bearer", round, lambda: self.wrk(self.checks(), self.seconds))]

    def touch(self, round: int) -> list[Turn]:
        stale = self.some(TOKENS // 2)
        self.sessions.let_rest(stale)
        asked = [LATCHKEY.me.filled(token=token(number)) for number in stale]
        return [self.measured("touch", round, lambda: self.one_by_one(asked, once=True))]

    def login(self, round: int) -> list[Turn]:
        users = [self.sessions.owner(number) for number in self.some(1_000)]
        values = [{"email": rows.email(user), "password": rows.PASSWORD} for user in users]
        asked = [LATCHKEY.login.filled(**one) for one in values]
        return [self.measured("login", round, lambda: self.one_by_one(asked))]

    def listed(self, round: int) -> list[Turn]:
        asked = [LATCHKEY.sessions.filled(token=token(number)) for number in self.some(TOKENS)]
        return [self.measured("list", round, lambda: self.one_by_one(asked))]

    def revoke(self, round: int) -> list[Turn]:
        """Revokes sessions by their ids, with the token of the same user's last session; then inserts them again."""
        users = self.sessions.number // SESSIONS_PER_USER
        others = range(1, users * (SESSIONS_PER_USER - 1) + 1)
        revoked = self.chance.sample(others, min(TOKENS, len(others)))
        last = {number: users * (SESSIONS_PER_USER - 1) + self.sessions.owner(number) for number in revoked}
        asked = [revoke(number).filled(token=token(last[number])) for number in revoked]
        done = [self.measured("revoke", round, lambda: self.one_by_one(asked, once=True))]
        self.sessions.put_back(revoked)
        return done

    def purge(self, round: int) -> list[Turn]:
        """Checks at a steady pace, first alone, then beside the purge of expired sessions.

        The clients share the server's core meanwhile, so that the service waits for the purge, and they do not.
        """
        self.sessions.expire(purged(self.sessions))
        pin(os.getpid(), self.core)
        try:
            until = time.monotonic() + 2 * self.seconds
            idle = self.measured("idle", round, lambda: self.paced(lambda: time.monotonic() < until))
            beside = self.beside_purge(round)
        finally:
            pin(os.getpid(), self.other)
        self.sessions.tidy()
        return [idle, beside]

    def beside_purge(self, round: int) -> Turn:
        number, began = purged(self.sessions), time.perf_counter()
        process = subprocess.Popen(
            [PY, "manage.py", "purge_sessions"],
            cwd=ROOT,
            env=environment(self.server, self.sessions.url),
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: pin(os.getpid(), self.other),
        )
        asked = self.paced(lambda: process.poll() is None)
        took = time.perf_counter() - began
        said = process.communicate()[0]
        if f"{number} expired sessions deleted" not in said:
            raise load.Failed(f"purge: expected {number}, but: {said}")
        return Turn("purge", self.sessions.name, round, 0, 0, number / took, asked.p50, asked.p99)

    def wrk(self, requests: list[load.Request], seconds: int) -> load.Load:
        return load.wrk(self.up.port, requests, 8, seconds)

    def one_by_one(self, requests: list[load.Request], *, once: bool = False) -> load.Load:
        return load.one_by_one(self.up.port, requests, self.seconds, once=once)

    def paced(self, going: Callable[[], bool]) -> load.Load:
        return load.paced(self.up.port, self.checks(), PACE, going)

    def measured(self, job: str, round: int, ask: Callable[[], load.Load]) -> Turn:
        self.up.wait_until_idle()
        before = cpu_seconds(self.up.pid), self.sessions.cpu_seconds()
        loaded = ask()
        after = cpu_seconds(self.up.pid), self.sessions.cpu_seconds()
        cpu, database_cpu = each(before, after, loaded.requests)
        return Turn(job, self.sessions.name, round, cpu, database_cpu, loaded.per_second, loaded.p50, loaded.p99)


JOBS: dict[str, Callable[[Bench, int], list[Turn]]] = {
    "bearer": Bench.bearer,
    "touch": Bench.touch,
    "login": Bench.login,
    "list": Bench.listed,
    "revoke": Bench.revoke,
    "purge": Bench.purge,
}


def purged(sessions: Sessions) -> int:
    """The number of expired sessions that each purge deletes."""
    return min(sessions.number // 2, MOST_PURGED)


def token(session: int) -> str:
    return LATCHKEY.token(rows.body(session))


def revoke(session: int) -> Call:
    return Call("DELETE", f"/api/auth/sessions/{UUID(rows.uuid(f'session{session}'))}", BEARER)


def keep(results: Grown, *, quick: bool) -> None:
    file = store(results.as_json(), "growth")
    sys.stdout.write(growth_report.tables(results))
    if not quick:
        growth_report.write(results, ROOT / "docs")
    sys.stdout.write(f"\nEvery number is in {file.relative_to(ROOT)}\n")
