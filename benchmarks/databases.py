"""Databases with a given number of sessions, on PostgreSQL or SQLite. PostgreSQL generates the rows of both."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import psycopg

from .postgresql import PostgreSQL
from .processes import cpu_seconds
from .servers import prepare
from .systems import ON_GRANIAN

SESSIONS_PER_USER = 5  # far from each other in the table, like sessions that were started months apart
BATCH = 100_000
EXPIRED = 10**10  # expired sessions have numbers from here on
USERS = """
    SELECT md5(n::text)::uuid AS id, 'p' || n || '@example.org' AS email, 'User ' || n AS display_name,
        'argon2' || %(hash)s AS password, true AS is_active, false AS is_staff, false AS is_superuser,
        0 AS device_epoch, now() AS created_at, now() AS updated_at
    FROM unnest(%(numbers)s::bigint[]) n
"""
# Session `first` was created `ago` seconds ago, each later one `apart` seconds after the one before.
SESSIONS = """
    SELECT md5('session' || n)::uuid AS id,
        sha256(('s_' || left(repeat(md5(n::text), 3), 86))::bytea) AS digest,
        md5((1 + (n - 1) %% %(users)s)::text)::uuid AS user_id,
        made AS created_at, now() AS updated_at, made + interval '365 days' AS expires_at,
        now() AS last_seen_at, now() AS authenticated_at, 'password' AS method,
        CASE WHEN n %% 4 = 0 THEN '2001:db8:' || to_hex(n %% 65536) || '::' || to_hex(n / 65536 %% 65536)
            ELSE '203.' || n / 65536 %% 256 || '.' || n / 256 %% 256 || '.' || n %% 256 END::inet AS ip_address,
        (ARRAY[
            'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
            'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)'
            ' Chrome/140.0.0.0 Safari/537.36',
            'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)'
            ' Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
            'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'
            ' Version/18.5 Safari/605.1.15',
            'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
            ' Version/18.5 Mobile/15E148 Safari/604.1',
            'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)'
            ' Chrome/140.0.0.0 Mobile Safari/537.36',
            'okhttp/5.1.0'
        ])[1 + n %% 7] AS user_agent
    FROM (
        SELECT n, now() + (%(apart)s * (n - %(first)s) - %(ago)s) * interval '1 second' AS made
        FROM unnest(%(numbers)s::bigint[]) n
    ) numbers
"""
COLUMNS = {
    "accounts_user": "id, email, display_name, password, is_active, is_staff, is_superuser, device_epoch, created_at, "
    "updated_at",
    "sessions_api_session": "id, digest, user_id, created_at, updated_at, expires_at, last_seen_at, authenticated_at, "
    "method, ip_address, user_agent",
}
MADE_BY = {"accounts_user": USERS, "sessions_api_session": SESSIONS}
DAY = 86_400
SIZES = """
    SELECT 'row', pg_table_size('sessions_api_session')
    UNION ALL SELECT indexrelid::regclass::text, pg_relation_size(indexrelid)
    FROM pg_index WHERE indrelid = 'sessions_api_session'::regclass
"""


class Sessions(Protocol):
    name: str
    number: int

    @property
    def url(self) -> str: ...
    def owner(self, session: int) -> int: ...
    def is_there(self) -> bool: ...
    def fill(self, hash: str) -> Iterator[int]: ...
    def sizes(self) -> dict[str, int]: ...
    def let_rest(self, numbers: list[int]) -> None: ...
    def put_back(self, numbers: list[int]) -> None: ...
    def expire(self, number: int) -> None: ...
    def tidy(self) -> None: ...
    def cpu_seconds(self) -> float: ...


class Base:
    vendor: str

    def __init__(self, number: int, postgresql: PostgreSQL) -> None:
        self.number, self.postgresql = number, postgresql
        self.name = f"{self.vendor}-{number}"
        self.users = number // SESSIONS_PER_USER

    def owner(self, session: int) -> int:
        """The number of the user to whom this session belongs."""
        return 1 + (session - 1) % self.users

    def insert(self, table: str, numbers: range | list[int], **values: Any) -> None:
        raise NotImplementedError

    def rows(self, hash: str) -> Iterator[int]:
        """Fills both tables; yields the number of sessions in each batch."""
        for first in range(1, self.users + 1, BATCH):
            self.insert("accounts_user", range(first, min(first + BATCH, self.users + 1)), hash=hash)
        for first in range(1, self.number + 1, BATCH):
            numbers = range(first, min(first + BATCH, self.number + 1))
            self.put_back(numbers)
            yield len(numbers)

    def put_back(self, numbers: range | list[int]) -> None:
        """Inserts these sessions as `rows` made them, except those that are still there."""
        days = 300 * DAY
        self.insert("sessions_api_session", numbers, first=0, apart=days / self.number, ago=days)

    def expire(self, number: int) -> None:
        """Adds this many expired sessions, which expired one after another between two days and one day ago."""
        numbers = range(EXPIRED, EXPIRED + number)
        ago = (365 + 2) * DAY
        for first in range(0, number, BATCH):
            some = numbers[first : first + BATCH]
            self.insert("sessions_api_session", some, first=EXPIRED, apart=DAY / number, ago=ago)


class PostgreSQLSessions(Base):
    vendor = "postgresql"

    @property
    def database(self) -> str:
        return f"growth_{self.number}"

    @property
    def url(self) -> str:
        return self.postgresql.url(self.database)

    def is_there(self) -> bool:
        known = self.postgresql.execute("postgres", "SELECT datname FROM pg_database")
        return (self.database,) in known

    def fill(self, hash: str) -> Iterator[int]:
        """Fills with the indexes in place, so that their pages have the free space of indexes that grew."""
        execute, whole = self.postgresql.execute, self.database
        self.postgresql.execute("postgres", "DROP DATABASE IF EXISTS filling WITH (FORCE)")
        execute("postgres", "CREATE DATABASE filling")
        prepare(ON_GRANIAN, self.postgresql.url("filling"))
        self.pages_in_log("off")
        self.database_now = "filling"
        yield from self.rows(hash)
        execute("filling", "VACUUM (FREEZE, ANALYZE)")
        self.pages_in_log("on")
        execute("postgres", "CHECKPOINT")
        execute("postgres", f"ALTER DATABASE filling RENAME TO {whole}")
        del self.database_now

    def pages_in_log(self, value: str) -> None:
        """Sets `full_page_writes`: off while filling, which would log each index page many times."""
        self.postgresql.execute("postgres", f"ALTER SYSTEM SET full_page_writes = {value}")
        self.postgresql.execute("postgres", "SELECT pg_reload_conf()")

    def insert(self, table: str, numbers: range | list[int], **values: Any) -> None:
        database = getattr(self, "database_now", self.database)
        statement = f"INSERT INTO {table} ({COLUMNS[table]}) {MADE_BY[table]} ON CONFLICT DO NOTHING"
        with psycopg.connect(self.postgresql.url(database), autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")  # skips the check of each foreign key
            connection.execute(statement, values | {"users": self.users, "numbers": list(numbers)})

    def let_rest(self, numbers: list[int]) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(
                "UPDATE sessions_api_session SET last_seen_at = now() - interval '200 days' "
                "WHERE id IN (SELECT md5('session' || n)::uuid FROM unnest(%s::bigint[]) n)",
                [numbers],
            )

    def expire(self, number: int) -> None:
        super().expire(number)
        self.postgresql.execute("postgres", "CHECKPOINT")  # as for old rows, the next change of a page logs all of it

    def tidy(self) -> None:
        """Does what autovacuum would do later."""
        self.postgresql.execute(self.database, "VACUUM ANALYZE")
        self.postgresql.execute("postgres", "CHECKPOINT")

    def sizes(self) -> dict[str, int]:
        return dict(self.postgresql.execute(self.database, SIZES))

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.postgresql.pid)


class SQLiteSessions(Base):
    vendor = "sqlite"
    version = sqlite3.sqlite_version

    def __init__(self, number: int, postgresql: PostgreSQL, folder: Path) -> None:
        super().__init__(number, postgresql)
        self.file = folder / f"growth_{number}.sqlite3"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def is_there(self) -> bool:
        return self.file.exists()

    def fill(self, hash: str) -> Iterator[int]:
        whole, self.file = self.file, self.file.with_suffix(".filling")
        self.file.unlink(missing_ok=True)
        prepare(ON_GRANIAN, self.url)
        yield from self.rows(hash)
        self.execute("ANALYZE")
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.file = self.file.rename(whole)

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file, timeout=60, isolation_level=None)
        connection.execute("PRAGMA ignore_check_constraints = ON")  # they call Django's functions
        return connection

    def execute(self, statement: str) -> list[Any]:
        with closing(self.connect()) as connection:
            return connection.execute(statement).fetchall()

    def insert(self, table: str, numbers: range | list[int], **values: Any) -> None:
        statement = MADE_BY[table]
        marks = ", ".join("?" * len(COLUMNS[table].split(",")))
        with (
            psycopg.connect(self.postgresql.url("postgres")) as made,
            closing(self.connect()) as connection,
        ):
            made_rows = made.execute(statement, values | {"users": self.users, "numbers": list(numbers)})
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                f"INSERT OR IGNORE INTO {table} ({COLUMNS[table]}) VALUES ({marks})",
                (tuple(map(as_in_sqlite, row)) for row in made_rows),
            )
            connection.execute("COMMIT")

    def let_rest(self, numbers: list[int]) -> None:
        statement = "SELECT replace(md5('session' || n), '-', '') FROM unnest(%s::bigint[]) n"
        with psycopg.connect(self.postgresql.url("postgres")) as made, closing(self.connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "UPDATE sessions_api_session SET last_seen_at = datetime('now', '-200 days') WHERE id = ?",
                made.execute(statement, [numbers]),
            )
            connection.execute("COMMIT")

    def tidy(self) -> None:
        self.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def sizes(self) -> dict[str, int]:
        named = "SELECT name FROM sqlite_schema WHERE tbl_name = 'sessions_api_session'"
        found = self.execute(f"SELECT name, sum(pgsize) FROM dbstat WHERE name IN ({named}) GROUP BY name")
        return {"row" if name == "sessions_api_session" else name: size for name, size in found}

    def cpu_seconds(self) -> float:
        """Zero: SQLite runs in the server's process."""
        return 0


def as_in_sqlite(value: Any) -> Any:
    """The value as Django's SQLite backend stores it."""
    match value:
        case UUID():
            return value.hex
        case bytes() | str() | bool():
            return value
    return str(value).removesuffix("+00:00")
