"""Measures what a streaming replica costs, and how long it still finds revoked sessions. Writes docs/scaling.md."""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median

import psycopg

from . import load, rows, scaling
from .checks import values
from .jobs import Bench
from .others import command, fill, machine
from .postgresql import PostgreSQL, embedded_postgres, running
from .processes import cpu_seconds
from .report import table
from .servers import Running, serving
from .systems import BY_NAME, LONG_AGO, ROOT

OURS = BY_NAME["latchkey"]
CONNECTIONS, PORT = 8, 5433
PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
REVOKE = "DELETE FROM sessions_api_session WHERE id = md5('session' || %s)::uuid"
FIND = "SELECT count(*) FROM sessions_api_session WHERE id = md5('session' || %s)::uuid"


def main(words: list[str]) -> None:
    wanted = arguments(words)
    hashed = rows.hashed()
    with tempfile.TemporaryDirectory(prefix="latchkey-bench-") as folder, running() as primary:
        fill(Bench(primary, Path(folder), wanted.seconds, None, hashed), {"latchkey": OURS.server}, wanted.users)
        with (
            standby(primary) as (replica, pid),
            serving(OURS.server, primary.url("latchkey"), None, Path(folder) / "log") as server,
        ):
            server.first_answer(OURS.me, **values(OURS, rows.READERS[0]))
            lags = Lags(primary, replica, wanted.users)
            until = time.monotonic() + wanted.seconds
            idle = lags.see(lambda: time.monotonic() < until)
            spent = lags.spent(pid, lambda: write(server, wanted))
            with ThreadPoolExecutor(1) as pool:
                lags.make_all_due()
                writing = pool.submit(write, server, wanted)
                loaded = lags.see(lambda: not writing.done())
    text = said(idle, loaded, spent, writing.result(), command("replica", *words))
    sys.stdout.write(text)
    scaling.put(ROOT / "docs" / "scaling.md", "replica", text)


def arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks replica", description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="length of each part: idle, and twice under load (5)")
    parser.add_argument("--users", type=int, default=40_000, help="users in the database (40000)")
    return parser.parse_args(words)


def write(server: Running, wanted: argparse.Namespace) -> load.Load:
    """Sends checks that each write `last_seen_at`."""
    users = range(rows.LIST * 2, wanted.users // 2)
    asked = [OURS.me.filled(**values(OURS, user)) for user in users]
    return load.wrk(server.port, asked, CONNECTIONS, wanted.seconds)


class Lags:
    """Revokes one session after another on the primary, and reads the replica until each is gone there."""

    def __init__(self, primary: PostgreSQL, replica: str, users: int) -> None:
        self.pid = primary.pid
        self.primary = psycopg.connect(primary.url("latchkey"), autocommit=True)
        self.replica = psycopg.connect(replica, autocommit=True)
        self.sessions = count(users // 2)  # no load asks for these

    def see(self, go_on: Callable[[], bool]) -> list[float]:
        """Milliseconds until the replica no longer finds each session."""
        seen = []
        while go_on():
            session = str(next(self.sessions))
            assert self.primary.execute(REVOKE, [session]).rowcount == 1
            revoked = time.perf_counter()
            while self.replica.execute(FIND, [session]).fetchone() != (0,):
                pass
            seen.append((time.perf_counter() - revoked) * 1e3)
            time.sleep(0.005)
        return seen

    def spent(self, pid: int, write: Callable[[], load.Load]) -> tuple[float, float]:
        """CPU microseconds for each request: of the replica, whose process is `pid`, and of the primary."""
        self.make_all_due()
        before = cpu_seconds(pid), cpu_seconds(self.pid)
        requests = write().requests
        self.wait_until_equal()
        replica, primary = cpu_seconds(pid) - before[0], cpu_seconds(self.pid) - before[1]
        return replica / requests * 1e6, primary / requests * 1e6

    def make_all_due(self) -> None:
        self.primary.execute(LONG_AGO)
        self.wait_until_equal()

    def wait_until_equal(self) -> None:
        (here,) = self.primary.execute("SELECT pg_current_wal_lsn()").fetchone()
        while not self.replica.execute("SELECT pg_last_wal_replay_lsn() >= %s", [here]).fetchone()[0]:
            time.sleep(0.05)


@contextmanager
def standby(primary: PostgreSQL) -> Iterator[tuple[str, int]]:
    """The URL and process id of a streaming replica, made by `pg_basebackup -R`."""
    user, folder = Path(primary.socket).owner(), primary.folder.parent / "replica"
    folder.mkdir(mode=0o700)
    shutil.chown(folder, user)

    def run(command: str, *words: str) -> None:
        subprocess.run([PROGRAMS / command, *words], user=user, check=True, stdout=subprocess.DEVNULL)

    run("pg_basebackup", "-D", str(folder), "-h", primary.socket, "-U", "postgres", "-R", "-X", "stream", "-c", "fast")
    run("pg_ctl", "-D", str(folder), "-w", "-l", f"{folder}/log", "-o", f'-h "" -k {folder} -p {PORT}', "start")
    try:
        pid = int((folder / "postmaster.pid").read_text().splitlines()[0])
        yield f"postgres://postgres@/latchkey?host={folder}&port={PORT}", pid
    finally:
        run("pg_ctl", "-D", str(folder), "-m", "immediate", "stop")


def said(idle: list[float], loaded: list[float], spent: tuple[float, float], writing: load.Load, words: str) -> str:
    here = machine(None)
    rows = [[name, f"{len(seen):,}", *quantiles(seen)] for name, seen in (("idle", idle), ("under load", loaded))]
    lags = table(["primary", "sessions revoked", "median, ms", "p99, ms", "longest, ms"], rows)
    replica, primary = spent
    where = f"{here['date']}, commit {here['commit']}, `{words}`, {here['processor']}"
    return (
        f"\n{lags}\nThe load is {writing.per_second:,.0f} bearer checks a second that each write `last_seen_at`. While "
        f"no query reads the replica, a check takes {primary:.0f} µs of CPU on the primary and {replica:.0f} µs on the "
        f"replica. ({where}, all on one machine.)\n\n"
    )


def quantiles(seen: list[float]) -> list[str]:
    ordered = sorted(seen)
    return [f"{value:.1f}" for value in (median(ordered), ordered[len(ordered) * 99 // 100], ordered[-1])]
