"""The target of a WSGI server, which imports it in each process that serves: here begins what such a process has alone.

`config/application.py` has the rest, which processes may share.
"""

from contextlib import suppress
from multiprocessing.util import Finalize

from django.conf import settings
from django.db import Error, connection
from django.utils.log import configure_logging

from config.application import application

# isort: split
from accounts.mail.worker import Worker  # after config.application, which has set Django up for its models

__all__ = ["application"]


def checkpoint() -> None:
    """Write the rest of SQLite's log into the database's file, so that a copy of this one file is complete."""
    if connection.vendor == "sqlite":
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


if hasattr(connection, "limit_threads"):  # with PostgreSQL
    connection.limit_threads(settings.THREADS)
configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)  # again: granian has just set up its own
Finalize(None, checkpoint, exitpriority=1)  # granian's processes are of multiprocessing, which skips atexit in a fork
if settings.MAIL_IN_PROCESS:
    Worker().start()
