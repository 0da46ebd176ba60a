"""`python -m tests.failure_flood`: what a flood of logins with invented addresses costs the database, PostgreSQL.

The flood is written in bulk into the two tables that a refused login writes. Measured are the bytes of a row, the time
of a refused login's statements beside that in an empty database, and the purge while such logins go on.
"""

import argparse
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles

import psycopg

from . import services  # noqa: F401 (starts PostgreSQL and says where)
from .server import Server, database, manage, serving

FLOOD = {  # each row is older than the purge keeps it, and digests are in random order, as those of addresses
    "accounts_login_loginfailures": """
        INSERT INTO accounts_login_loginfailures (digest, count, last_at)
        SELECT sha256(n::text::bytea), 1, now() - interval '31 days' - (%(rows)s - n) * interval '1 s'
        FROM generate_series(1, %(rows)s) n
    """,
    "events_event": """
        INSERT INTO events_event (tag, happened_at, ip_address, network, device, data)
        SELECT 'account:login:failure', now() - interval '31 days' - (%(rows)s - n) * interval '1 s',
            '203.0.113.7', '203.0.113.0/24', 'Firefox on Linux', '{}'
        FROM generate_series(1, %(rows)s) n
    """,
}
SIZES = "SELECT pg_table_size('{0}'), pg_indexes_size('{0}')"
LEFT = "SELECT count(*) FROM {} WHERE {} < now() - interval '31 days'"
MOMENT = {"accounts_login_loginfailures": "last_at", "events_event": "happened_at"}

TURNS, LOGINS = 4, 250  # the two databases take turns, so that what else the machine does slows both down
# Each login has an address of its own. The limits by time are off, and a hash costs next to nothing.
REFUSED_LOGINS = f"""
from time import perf_counter
from django.db import connection
from accounts.errors import AuthenticationFailed
from accounts.login.password import authenticate
from sessions_api.http.client import ClientInfo
client = ClientInfo("203.0.113.7", "curl/8")
took = []
def timed(execute, *statement):
    started = perf_counter()
    answer = execute(*statement)
    took[-1] += perf_counter() - started
    return answer
with connection.execute_wrapper(timed):
    for number in range({LOGINS}):
        took.append(0)
        try:
            authenticate(email=str(perf_counter()) + "@example.org", password="a guess", client=client)
        except AuthenticationFailed:
            pass
print(*took)
"""


class Beside:
    """Refused logins, one after the other, while a block runs."""

    def __init__(self, server: Server) -> None:
        self.server, self.over = server, threading.Event()
        self.thread = threading.Thread(target=self.log_in)
        self.statuses: list[int] = []
        self.slowest = 0.0

    def log_in(self) -> None:
        while not self.over.is_set():
            started = time.monotonic()
            body = {"email": f"{time.monotonic_ns()}@example.org", "password": "a guess"}
            self.statuses.append(self.server.call("POST", "/api/auth/login", body).status_code)
            self.slowest = max(self.slowest, time.monotonic() - started)

    def __enter__(self) -> "Beside":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()


def ask(url: str, statement: str, **values: int) -> list[int]:
    """The first row of the answer, if there is one."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, values)
        return list((cursor.fetchone() or ()) if cursor.description else ())


def compare(empty: str, flooded: str) -> None:
    """Write how long the statements of a refused login take in these two databases."""
    took: dict[str, list[float]] = {empty: [], flooded: []}
    for _ in range(TURNS):
        for url, seconds in took.items():
            told = manage("shell", "-v0", "-c", REFUSED_LOGINS, DATABASE_URL=url, RATE_LIMIT_FACTOR="0")
            seconds += map(float, told.split())
    for name, url in (("an empty", empty), ("this", flooded)):
        tenths = quantiles(took[url], n=10)
        write(
            f"A refused login in {name} database: {ms(tenths[4])} in the median, {ms(tenths[0])} in the fastest tenth"
        )


def flood(empty: str, flooded: str, server: Server, table: str, rows: int) -> bool:
    """Whether the purge deleted the flood, and each login beside it was answered."""
    before = ask(flooded, SIZES.format(table))
    ask(flooded, FLOOD[table], rows=rows)
    ask(flooded, f"VACUUM ANALYZE {table}")  # as autovacuum does after a while
    after = ask(flooded, SIZES.format(table))
    heap, indexes = ((now - then) / rows for now, then in zip(after, before, strict=True))
    write(f"{rows} rows more in {table}: {heap:.0f} bytes a row, {indexes:.0f} in its indexes")
    compare(empty, flooded)
    with Beside(server) as beside:
        started = time.monotonic()
        manage("purge_sessions", DATABASE_URL=flooded)
        took = time.monotonic() - started
    logins = len(beside.statuses)
    write(f"Purged in {took:.1f} s, beside {logins} refused logins, the slowest {beside.slowest:.2f} s")
    return ask(flooded, LEFT.format(table, MOMENT[table])) == [0] and set(beside.statuses) == {401}


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"


def write(line: str) -> None:
    sys.stdout.write(f"{line}.\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="in each table; %(default)s")
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="latchkey-flood-"))
    with ExitStack() as stack:
        empty, flooded = (stack.enter_context(database(folder)) for _ in range(2))
        server = stack.enter_context(serving(log=folder / "log", DATABASE_URL=flooded))
        return 0 if all(flood(empty, flooded, server, table, wanted.rows) for table in FLOOD) else 1


if __name__ == "__main__":
    sys.exit(main())
