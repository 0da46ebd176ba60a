"""psycopg's connection for the threads of a server: a place, a deadline, and plans that PostgreSQL makes once."""

from contextlib import suppress
from datetime import timedelta
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, TypeVar

from psycopg import Connection, OperationalError, abc, errors
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import fetch_many
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

from sessions_api.compiled_query import KeptStatement
from sessions_api.outbound.circuit_breaker import CircuitBreaker

T = TypeVar("T")

DEADLINE = 5.0  # seconds for a statement: a load balancer waits longer
PATIENCE = 2.0  # seconds for a place: /healthz may wait behind threads that wait
PAUSE = timedelta(seconds=1)  # a client that obeys `Retry-After: 2` of a 503 finds a database that came back
IN_TRANSACTION = {TransactionStatus.INTRANS, TransactionStatus.INERROR}
SUCCEEDED = {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}

breaker = CircuitBreaker(
    pause=PAUSE, failed="The database cannot be reached", works="The database can be reached again"
)


class Places:
    """How many threads may be in the database at once: in a statement or in a transaction.

    The other threads answer what needs no database, such as `/healthz`, while the database hangs. A thread waits
    PATIENCE for a place. Once one thread has waited in vain, the next ones do not wait until a place is free.
    """

    def __init__(self, number: int) -> None:
        self.free: SimpleQueue[None] = SimpleQueue()  # in C, so it costs a check next to nothing
        self.is_stuck = False
        self.answered_at = 0.0  # by the monotonic clock: when the database last answered a thread
        for _ in range(number):
            self.free.put(None)

    def take(self) -> None:
        """Raises OperationalError."""
        try:
            self.free.get(not self.is_stuck, PATIENCE)
        except Empty:
            self.is_stuck = True
            raise OperationalError("all places for the database are taken") from None

    def give_back(self) -> None:
        self.is_stuck = False
        self.free.put(None)


class ServerConnection(Connection[Any]):
    """Without `places`, as in a command, statements may take any time."""

    places: Places | None = None
    has_place = False

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        # What reads the rows of each statement that PostgreSQL has a plan for, by the statement's name.
        self.readers: dict[bytes, abc.Transformer] = {}

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """All that psycopg sends passes here. Raises OperationalError, also without a place or an answer in time."""
        places = self.places
        if places is None:
            return super().wait(gen, interval, timeout)
        if not self.has_place:
            places.take()
            self.has_place = True
        try:
            answer = super().wait(gen, interval, DEADLINE)
            places.answered_at = monotonic()
        except errors._WaitTimeout:
            raise self.give_up(places) from None
        finally:
            if self.pgconn.transaction_status not in IN_TRANSACTION:
                self.leave(places)
        if breaker.open:
            breaker.record_success()
        return answer

    def give_up(self, places: Places) -> OperationalError:
        """The exception, after the connection is closed."""
        self.close()
        failure = OperationalError(f"the database did not answer within {DEADLINE:.0f} seconds")
        record_failure(failure, places)
        return failure

    def leave(self, places: Places) -> None:
        if self.has_place:
            self.has_place = False
            places.give_back()

    def close(self) -> None:
        super().close()
        if self.places:
            self.leave(self.places)

    def rows(self, statement: KeptStatement, value: Any) -> list[tuple[Any, ...]]:
        """The rows for this value. PostgreSQL plans the statement once for this connection. Raises psycopg.Error.

        A migration may change a column that the statement returns: PostgreSQL then refuses the plan (0A000). A pooler
        may hand out another server, which knows no plan (26000). The plan is made anew.
        """
        if statement.name in self.readers:
            try:
                return self.execute_plan(statement, value)
            except (errors.FeatureNotSupported, errors.InvalidSqlStatementName):
                self.execute(b"DEALLOCATE ALL")
                self.readers.clear()
        self.plan(statement)
        return self.execute_plan(statement, value)

    def plan(self, statement: KeptStatement) -> None:
        self.pgconn.send_prepare(statement.name, statement.sql)
        with suppress(errors.DuplicatePreparedStatement):  # the name is made of the text, so it is the same statement
            self.result()
        self.readers[statement.name] = Transformer(self)

    def execute_plan(self, statement: KeptStatement, value: Any) -> list[tuple[Any, ...]]:
        reader = self.readers[statement.name]
        dumped = reader.dump_sequence([value], [PyFormat.AUTO])
        self.pgconn.send_query_prepared(statement.name, dumped, reader.formats)
        result = self.result()
        # The loaders of a statement's columns stay the same: to look for them takes longer than to load a row.
        reader.set_pgresult(result, set_loaders=reader.pgresult is None)
        return reader.load_rows(0, result.ntuples, tuple)

    def result(self) -> PGresult:
        """Raises psycopg.Error."""
        *_, result = self.wait(fetch_many(self.pgconn))
        if result.status in SUCCEEDED:
            return result
        if result.error_field(DiagnosticField.SQLSTATE):
            raise errors.error_from_result(result, self.info.encoding)
        raise OperationalError(result.get_error_message())  # libpq's own: the connection is lost


def require_no_outage() -> None:
    """Raises OperationalError at once during an outage, but for one caller in each PAUSE."""
    if not breaker.allows():
        raise OperationalError("the database could not be reached a moment ago")


def record_failure(failure: Exception, places: Places | None) -> None:
    """Open the breaker of a server, unless another of its threads got an answer a moment ago.

    One statement may be slow or wait for a lock, and a database without a free connection serves those that have one.
    """
    if places and monotonic() - places.answered_at > PAUSE.total_seconds():
        breaker.record_failure(failure)
