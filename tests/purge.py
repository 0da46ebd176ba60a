"""`make load`, second part: purge a million expired sessions beside a hundred thousand live ones and logins.

The purge must delete all expired sessions and no live one. Each login must succeed. No transaction may be open for more
than a second.
"""

import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg

from . import services  # noqa: F401 (starts PostgreSQL and sets DATABASE_URL)
from .server import Server, database, manage, serving

EXPIRED, LIVE = 1_000_000, 100_000
CREDENTIALS = {"email": "alice@example.org", "password": "correct horse battery"}

USERS = """
    INSERT INTO accounts_user
        (id, email, display_name, password, is_active, is_staff, is_superuser, device_epoch, created_at, updated_at)
    SELECT gen_random_uuid(), n || '@example.com', '', '!', true, false, false, 0, now(), now()
    FROM generate_series(1, 50000) n
"""
SESSIONS = """
    INSERT INTO sessions_api_session
        (id, digest, user_id, created_at, updated_at, expires_at, last_seen_at, authenticated_at, method, user_agent)
    SELECT gen_random_uuid(), sha256(n::text::bytea), users.id, now(), now(),
        now() + (CASE WHEN n > %s THEN '1 day' ELSE '-1 day' END)::interval + n * interval '1 ms',
        now(), now(), 'password', 'curl'
    FROM generate_series(1, %s) n
    JOIN (SELECT id, row_number() OVER () AS number FROM accounts_user WHERE password = '!') users
        ON users.number = 1 + n %% 50000
"""
OLDEST_TRANSACTION = """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)
    FROM pg_stat_activity
    WHERE datname = current_database() AND backend_xid IS NOT NULL  -- it has written
"""


LEFT = """
    SELECT count(*) FILTER (WHERE expires_at <= now()), count(*) FILTER (WHERE expires_at > now())
    FROM sessions_api_session JOIN accounts_user ON accounts_user.id = user_id AND password = '!'
"""


class Beside:
    """Logins while the purge runs, and the age of the oldest open transaction."""

    def __init__(self, server: Server, url: str) -> None:
        self.server, self.url = server, url
        self.logins: list[float] = []
        self.failed: list[int] = []
        self.oldest = 0.0
        self.over = threading.Event()

    def log_in(self) -> None:
        while not self.over.is_set():
            asked = time.monotonic()
            status = self.server.call("POST", "/api/auth/login", CREDENTIALS).status_code
            self.logins.append(time.monotonic() - asked)
            if status != 200:
                self.failed.append(status)

    def watch(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not self.over.wait(0.02):
                (age,) = connection.execute(OLDEST_TRANSACTION).fetchone() or (0,)
                self.oldest = max(self.oldest, float(age))

    def __enter__(self) -> "Beside":
        self.threads = [threading.Thread(target=work) for work in (self.log_in, self.watch)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()


def main() -> int:
    """Without an idle limit, and with one, which has no index."""
    return max(purge(SESSION_IDLE_DAYS=days) for days in ("0", "30"))


def purge(**env: str) -> int:
    folder = Path(tempfile.mkdtemp(prefix="latchkey-purge-"))
    with database(folder) as url, serving(log=folder / "log", DATABASE_URL=url, **env) as server:
        server.call("POST", "/api/auth/register", CREDENTIALS)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(USERS)
            connection.execute(SESSIONS, [EXPIRED, EXPIRED + LIVE])
            with Beside(server, url) as beside:
                started = time.monotonic()
                said = manage("purge_sessions", DATABASE_URL=url, **env)
                took = time.monotonic() - started
            expired, live = connection.execute(LEFT).fetchone() or (0, 0)
    sys.stdout.write(
        f"{said.strip()} In {took:.1f} s, {EXPIRED / took:.0f} a second; {expired} expired and {live} live left; "
        f"longest transaction that wrote {beside.oldest:.2f} s; {len(beside.logins)} logins beside it, "
        f"slowest {max(beside.logins):.2f} s, failed {beside.failed}\n"
    )
    return 0 if (expired, live) == (0, LIVE) and not beside.failed and beside.oldest < 1 else 1


if __name__ == "__main__":
    sys.exit(main())
