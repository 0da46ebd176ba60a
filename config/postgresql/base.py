"""Django's PostgreSQL backend with five changes for a busy service.

During an outage one request a second waits for the database, and all others fail at once. A pooled connection is
checked without a round trip. After a failover no connection to the former primary stays. Times are read by C code.
Each connection asks for what the code relies on, whatever the database or the role sets by default.
"""

import math
import select
from datetime import timedelta
from functools import cached_property
from time import monotonic
from types import TracebackType
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper
from psycopg import OperationalError, adapters
from psycopg.adapt import AdaptersMap
from psycopg.pq import Format
from psycopg_pool import ConnectionPool, PoolTimeout

from config.postgresql.checks import Validation
from sessions_api.outbound.circuit_breaker import CircuitBreaker

# The server became read-only, ends, has crashed or starts: a new connection may find another one. These are values of
# SQLSTATE (PostgreSQL's manual, appendix A).
FAILOVER = {"25006", "57P01", "57P02", "57P03"}
# A conditional UPDATE decides between callers that are there at once, and psycopg reads times in this form only.
RELIED_ON = {"default_transaction_isolation": "read committed", "DateStyle": "ISO, MDY", "transform_null_equals": "off"}
ASK_FOR = f"SELECT {', '.join(f'set_config({name!r}, {value!r}, false)' for name, value in RELIED_ON.items())}"
PAUSE = timedelta(seconds=1)  # a client that obeys `Retry-After: 2` of a 503 finds a database that came back
# psycopg's loader is in C. Django's is in Python, since it may convert to any time zone, and takes 6 us for each time.
TIMES = adapters.get_loader(adapters.types["timestamptz"].oid, Format.TEXT)

breaker = CircuitBreaker(
    pause=PAUSE, failed="The database cannot be reached", works="The database can be reached again"
)


class ErrorWrapper(DatabaseErrorWrapper):
    """Django's, which each query enters and leaves. It also tells the connection of a failover."""

    wrapper: "DatabaseWrapper"  # Django sets it; its stubs do not know

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:  # no further call for a query that succeeds
            return
        if getattr(error, "sqlstate", None) in FAILOVER:
            self.wrapper.leave_server()
        super().__exit__(kind, error, trace)


class DatabaseWrapper(base.DatabaseWrapper):
    validation_class = Validation
    leaving = False  # whether the connection of this thread must not serve another request
    left_at = -math.inf  # by the monotonic clock; one value for all threads

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        return ErrorWrapper(self)

    def leave_server(self) -> None:
        """Close this connection at the end of the request, and replace all others of the pool.

        The pool is replaced at most once in PAUSE, because a server that stays read-only still answers reads.
        """
        self.leaving = True
        if self.pool and monotonic() - DatabaseWrapper.left_at >= PAUSE.total_seconds():
            DatabaseWrapper.left_at = monotonic()
            self.pool.drain()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection of the pool that works.

        Raises OperationalError at once during an outage, and PoolTimeout, a subclass of it, after the pool's timeout.
        The pool makes each caller wait while it tries to connect. With few threads and many requests these waits would
        add up.
        """
        if not breaker.allows():
            raise OperationalError("the database could not be reached a moment ago")
        try:
            connection = self.get_live_connection(conn_params)
        except PoolTimeout as failure:
            if self.answers(conn_params):  # all connections are in use, which raises the same exception
                breaker.record_success()
            else:
                breaker.record_failure(failure)
            raise
        breaker.record_success()
        return connection

    def get_live_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        while self.pool and not self.is_alive(connection):
            self.pool.putconn(connection)  # the pool replaces it
            connection = super().get_new_connection(conn_params)
        if not hasattr(connection, "has_asked"):
            self.ask_for_what_we_rely_on(connection)
        return connection

    def ask_for_what_we_rely_on(self, connection: Any) -> None:
        """Raises OperationalError.

        Not when the pool connects: behind PgBouncer that needs no connection to the server, and a query would wait.
        """
        try:
            connection.execute(ASK_FOR)
            if not connection.autocommit:
                connection.commit()
        except OperationalError:
            if self.pool:
                self.pool.putconn(connection)
            raise
        connection.has_asked = True

    def _close(self) -> None:
        if self.leaving and self.connection is not None:
            self.connection.close()  # the pool replaces it
        self.leaving = False
        super()._close()  # type: ignore[misc]  # Django's stubs do not know it

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        params["context"] = AdaptersMap(params["context"])
        params["context"].register_loader("timestamptz", TIMES)
        return params

    def create_cursor(self, name: str | None = None) -> Any:
        """Django's cursor without its look at the loader's time zone: all connections are in UTC."""
        assert not name, "DISABLE_SERVER_SIDE_CURSORS is on"  # noqa: S101
        return self.connection.cursor()

    def is_alive(self, connection: Any) -> bool:
        """Whether the server still serves this idle connection; asks the server only when it has sent something.

        A PostgreSQL server sends nothing on an idle connection but the news that it ends it. Django's own check
        (`CONN_HEALTH_CHECKS`) costs each request a round trip.
        """
        if not readable(connection.pgconn.socket):
            return True
        try:
            ConnectionPool.check_connection(connection)
        except OperationalError:
            return False
        return True

    def answers(self, conn_params: dict[str, Any]) -> bool:
        """Whether the database accepts a connection outside the pool."""
        try:
            self.Database.connect(**conn_params).close()
        except OperationalError:
            return False
        return True


def readable(socket: int) -> bool:
    """Whether this file descriptor has something to read now, or is closed."""
    poll = select.poll()
    poll.register(socket, select.POLLIN)
    return bool(poll.poll(0))
