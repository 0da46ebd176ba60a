"""Django's PostgreSQL backend, which does not let everybody wait in turn for a database that is not there, does not
ask the database at each request whether it is there, and reads times in C."""

import select
from time import monotonic
from typing import Any

from django.db.backends.postgresql import base
from psycopg import OperationalError, adapters
from psycopg.adapt import AdaptersMap
from psycopg.pq import Format
from psycopg_pool import ConnectionPool, PoolTimeout

PAUSE = 1.0  # seconds in which nobody asks again
# psycopg's own, in C. Django's is in Python, for it could be for any time zone, and takes 6 us for each time.
TIMES = adapters.get_loader(adapters.types["timestamptz"].oid, Format.TEXT)


class DatabaseWrapper(base.DatabaseWrapper):
    """The pool keeps its clients waiting while it tries to connect. With a few threads and many requests these
    waits add up, so the first that waited in vain speaks for all who come in the next second.
    """

    down_until = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if monotonic() < DatabaseWrapper.down_until:
            raise OperationalError("the database was not there a moment ago")
        try:
            connection = super().get_new_connection(conn_params)
        except PoolTimeout:
            if not self.answers(conn_params):  # a pool that is only busy says the same
                DatabaseWrapper.down_until = monotonic() + PAUSE
            raise
        if self.pool and not self.is_alive(connection):
            self.pool.putconn(connection)  # which replaces it
            return self.get_new_connection(conn_params)
        return connection

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        params["context"] = AdaptersMap(params["context"])
        params["context"].register_loader("timestamptz", TIMES)
        return params

    def create_cursor(self, name: str | None = None) -> Any:
        """As Django's, without its look at the loader's time zone: connections are in UTC, and stay so."""
        assert not name, "DISABLE_SERVER_SIDE_CURSORS is on"  # noqa: S101
        return self.connection.cursor()

    def is_alive(self, connection: Any) -> bool:
        """Without a round trip: a server says nothing unasked, but that it is going. Only where it did, it is asked.

        Django's own check (`CONN_HEALTH_CHECKS`) asks each time, at a price that each request would pay.
        """
        if not readable(connection.pgconn.socket):
            return True
        try:
            ConnectionPool.check_connection(connection)
        except OperationalError:
            return False
        return True

    def answers(self, conn_params: dict[str, Any]) -> bool:
        try:
            self.Database.connect(**conn_params).close()
        except OperationalError:
            return False
        return True


def readable(socket: int) -> bool:
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))
