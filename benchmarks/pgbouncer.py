"""PgBouncer with deploy/pgbouncer.ini, in front of the benchmarks' PostgreSQL."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .postgresql import PostgreSQL
from .systems import ROOT

FOUND = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")
USER, PORT = "pooler", 6432


class PgBouncer:
    """Listens on a Unix socket, as PostgreSQL does here, so that its own cost is measured and no network."""

    def __init__(self, postgresql: PostgreSQL, database: str) -> None:
        self.folder, self.database = postgresql.folder.parent / "pgbouncer", database
        self.folder.mkdir()
        (self.folder / "userlist.txt").write_text(f'"{USER}" ""\n')
        (self.folder / "pgbouncer.ini").write_text(self.adapted(postgresql.socket))
        self.folder.chmod(0o777)
        user = Path(postgresql.socket).owner()  # PgBouncer refuses to run as root
        with (self.folder.parent / "pgbouncer.log").open("w") as log:
            command = [str(FOUND), "--quiet", f"{self.folder}/pgbouncer.ini"]
            self.process = subprocess.Popen(command, user=user, stdout=log, stderr=log)

    def adapted(self, socket: str) -> str:
        text = (ROOT / "deploy" / "pgbouncer.ini").read_text()
        for old, new in {
            "host=127.0.0.1 port=5432": f"host={socket}",
            "listen_addr = 127.0.0.1": f"unix_socket_dir = {self.folder}",
            "auth_type = scram-sha-256": "auth_type = trust",
            "/etc/pgbouncer/userlist.txt": f"{self.folder}/userlist.txt",
        }.items():
            assert old in text, old
            text = text.replace(old, new)
        return text

    @property
    def url(self) -> str:
        return f"postgres://{USER}@/{self.database}?host={self.folder}&port={PORT}"


@contextmanager
def pooling(postgresql: PostgreSQL, database: str) -> Iterator[PgBouncer]:
    postgresql.execute("postgres", f"CREATE ROLE {USER} LOGIN SUPERUSER")
    pgbouncer = PgBouncer(postgresql, database)
    try:
        yield pgbouncer
    finally:
        pgbouncer.process.terminate()
        pgbouncer.process.wait(10)
