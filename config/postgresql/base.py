"""Django's PostgreSQL backend with five changes for a busy service.

Each thread keeps its connection, and checks it without a round trip. During an outage one request a second waits for
the database, and all others fail at once. After a failover no connection to the former primary stays. Times are read by
C code. Each connection asks for what the code relies on, whatever the database or the role sets by default.
"""

import math
import select
from functools import cached_property
from threading import local
from time import monotonic
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

from django.db.backends.postgresql import base
from django.db.utils import DatabaseErrorWrapper
from psycopg import Error, adapters
from psycopg.adapt import AdaptersMap
from psycopg.pq import Format

from config.postgresql.checks import Validation
from config.postgresql.connection import (
    DEADLINE,
    PAUSE,
    Places,
    ServerConnection,
    breaker,
    record_failure,
    require_no_outage,
)
from sessions_api.compiled_query import KeptStatement

# The server became read-only, ends, has crashed or starts: a new connection may find another one. These are values of
# SQLSTATE (PostgreSQL's manual, appendix A).
FAILOVER = {"25006", "57P01", "57P02", "57P03"}
# A conditional UPDATE decides between callers that are there at once, and psycopg reads times in this form only.
RELIED_ON = {"default_transaction_isolation": "read committed", "DateStyle": "ISO, MDY", "transform_null_equals": "off"}
ASK_FOR = "SELECT pg_backend_pid(), " + ", ".join(
    f"set_config({name!r}, {value!r}, false)" for name, value in RELIED_ON.items()
)
# A second after a thread gave a statement up, the server ends it: else all that wait for one lock would pile up there.
# A limit of the operator stays.
END_STATEMENTS = f"""SELECT set_config('statement_timeout', '{DEADLINE + 1:.0f}s', false)
    WHERE current_setting('statement_timeout') = '0'"""
# psycopg's loader is in C. Django's is in Python, since it may convert to any time zone, and takes 6 us for each time.
TIMES = adapters.get_loader(adapters.types["timestamptz"].oid, Format.TEXT)


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


class EndOfThread:
    """Closes a thread's connection when the thread ends. Django's wrapper would keep it until garbage is collected."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


class ThisThread(local):
    def __init__(self) -> None:
        self.ends: WeakKeyDictionary[DatabaseWrapper, EndOfThread] = WeakKeyDictionary()


this_thread = ThisThread()


class DatabaseWrapper(base.DatabaseWrapper):
    validation_class = Validation
    places: Places | None = None  # one for all threads of a server
    left_at = -math.inf  # by the monotonic clock; one value for all threads
    connected_at = -math.inf
    health_check_done = False
    news: "select.poll"  # tells whether the server has sent something
    is_pooled = False  # whether a pooler, such as PgBouncer, stands before the database

    @classmethod
    def limit_threads(cls, threads: int) -> None:
        """For a server with this many threads: two of them never wait for the database."""
        cls.places = Places(max(1, threads - 2))

    @cached_property
    def wrap_database_errors(self) -> DatabaseErrorWrapper:
        return ErrorWrapper(self)

    def leave_server(self) -> None:
        """Close this connection at the end of the request, and let each other thread replace its own.

        They do so at most once in PAUSE, because a server that stays read-only still answers reads.
        """
        self.connected_at = -math.inf
        if monotonic() - DatabaseWrapper.left_at >= PAUSE.total_seconds():
            DatabaseWrapper.left_at = monotonic()

    def get_new_connection(self, conn_params: dict[str, Any]) -> ServerConnection:
        """Raises OperationalError: without a connection, without a place, and during an outage at once."""
        require_no_outage()
        if self.places:
            self.places.take()
        try:
            connection = ServerConnection.connect(**conn_params, autocommit=True)
        except Exception as failure:
            if self.places:
                self.places.give_back()
            record_failure(failure, self.places)
            raise
        connection.places, connection.has_place = self.places, self.places is not None
        self.ask_for_what_we_rely_on(connection)
        breaker.record_success()
        this_thread.ends[self] = EndOfThread(connection)
        return connection

    def ask_for_what_we_rely_on(self, connection: ServerConnection) -> None:
        """Also finds out whether a pooler is between: then the server that greets is another than the one that answers.

        Raises psycopg.Error.
        """
        try:
            answer = connection.execute(ASK_FOR).fetchone()
            self.is_pooled = answer is not None and answer[0] != connection.pgconn.backend_pid
            if self.places and not self.is_pooled:  # a pooler gives the connection to its other clients too
                connection.execute(END_STATEMENTS)
        except Error as failure:
            connection.close()
            record_failure(failure, self.places)
            raise
        self.news = select.poll()
        self.news.register(connection.pgconn.socket, select.POLLIN)
        self.connected_at = monotonic()

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        params["context"] = AdaptersMap(params["context"])
        params["context"].register_loader("timestamptz", TIMES)
        return params

    def create_cursor(self, name: str | None = None) -> Any:
        """Django's cursor without its look at the loader's time zone: all connections are in UTC."""
        assert not name, "DISABLE_SERVER_SIDE_CURSORS is on"  # noqa: S101
        return self.connection.cursor()

    def close_if_health_check_failed(self) -> None:
        """Looks once in each request. Raises OperationalError in an outage."""
        if self.connection is None or self.health_check_done:
            return
        self.health_check_done = True
        if not self.is_usable():
            self.close()
        elif breaker.open:  # asked first, because the wrapper costs each check more than the answer
            with self.wrap_database_errors:
                require_no_outage()

    def is_usable(self) -> bool:
        """Whether the server still serves this connection; asks the server only when it has sent something.

        A PostgreSQL server sends nothing on an idle connection but the news that it ends it. Django's own check costs
        each request a round trip.
        """
        if self.connected_at <= DatabaseWrapper.left_at or self.connection.closed:
            return False
        return not (self.errors_occurred or self.news.poll(0)) or super().is_usable()

    def keeps_plans(self) -> bool:
        """Whether `rows` may ask now, on a connection that works as far as it can tell. Raises django.db.Error.

        A plan that PostgreSQL refuses would end a transaction. A statement that is logged or wrapped needs a cursor.
        Behind a pooler the next statement may meet another server, which has no plan.
        """
        if self.in_atomic_block or self.queries_logged or self.execute_wrappers:
            return False
        self.health_check_done = False  # the short way does not tell that a request starts
        self.close_if_health_check_failed()
        self.ensure_connection()
        return not self.is_pooled

    def rows(self, statement: KeptStatement, value: Any) -> list[tuple[Any, ...]]:
        """The rows for this value, by a plan that PostgreSQL keeps. Raises django.db.Error."""
        try:
            return self.connection.rows(statement, value)
        except Error:
            with self.wrap_database_errors:
                raise
