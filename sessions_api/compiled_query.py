"""Queries whose SQL the ORM compiles once. To compile it for each request costs more than the database's answer."""

from collections.abc import Callable
from hashlib import sha256
from operator import itemgetter
from typing import Any, Generic, NamedTuple, Self, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)
Found = TypeVar("Found")


class KeptStatement(NamedTuple):
    """A statement with one parameter, which PostgreSQL plans once for each connection.

    The name is made of the text. So no other client of the same connection to the server has another statement under
    this name, as it might under the numbers of psycopg.
    """

    name: bytes
    sql: bytes

    @classmethod
    def of(cls, sql: str) -> Self:
        text = sql.replace("%s", "$1").encode()
        return cls(b"latchkey_" + sha256(text).hexdigest()[:32].encode(), text)


def run(connection: Any, sql: str, kept: KeptStatement, value: Any) -> list[tuple[Any, ...]]:
    """The rows for this value, by a kept plan where the backend and the moment allow it. Raises django.db.Error."""
    if hasattr(connection, "keeps_plans") and connection.keeps_plans():
        return connection.rows(kept, value)
    with connection.cursor() as cursor:
        cursor.execute(sql, (value,))
        return cursor.fetchall()


class Compiled(Generic[Found]):
    """`query` takes one value and returns a queryset, compiled once for each database vendor.

    Nothing else in it may vary, such as a setting or the time.
    """

    def __init__(self, query: Callable[[Any], "models.QuerySet[Any, Any]"]) -> None:
        self.query = query
        self.compiled: dict[str, Callable[[Any, Any], Found]] = {}

    def find(self, value: Any) -> Found:
        """What the database has for this value, which has the type of its column there.

        Raises django.db.Error, and on first use ValueError for a query that takes other than one value.
        """
        connection = connections[DEFAULT_DB_ALIAS]
        find = self.compiled.get(connection.vendor)
        if find is None:
            find = self.compiled[connection.vendor] = self._compile(connection, value)
        return find(connection, value)

    def _compile(self, connection: Any, value: Any) -> Callable[[Any, Any], Found]:
        raise NotImplementedError


class CompiledQuery(Compiled[M | None]):
    """Finds one row, or None, and returns the instance that the ORM would have made of it.

    Columns, joins and conversions follow the models.
    """

    first = Compiled[M | None].find

    def _compile(self, connection: Any, value: Any) -> Callable[[Any, Any], M | None]:
        queryset = self.query(value)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, (_,) = compiler.as_sql()  # exactly one value
        made_of = compiler.klass_info["select_fields"]
        names = [compiler.select[position][0].target.attname for position in made_of]
        columns, model = itemgetter(*made_of), queryset.model
        # The type stubs describe a later Django.
        related = get_related_populators(compiler.klass_info, compiler.select, connection.alias)  # type: ignore[call-arg]
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        kept = KeptStatement.of(sql)

        def find(connection: Any, value: Any) -> M | None:
            rows = run(connection, sql, kept, value)
            if not rows:
                return None
            (row,) = compiler.apply_converters(rows, converters) if converters else rows
            found = model.from_db(DEFAULT_DB_ALIAS, names, columns(row))
            for populator in related:
                populator.populate(row, found)
            return found

        return find


class CompiledRows(Compiled[list[Any]]):
    """Finds all rows of a `values_list`, and returns the tuples that the ORM would have made of them."""

    all = Compiled[list[Any]].find

    def _compile(self, connection: Any, value: Any) -> Callable[[Any, Any], list[Any]]:
        compiler = self.query(value).query.get_compiler(connection=connection)
        sql, (_,) = compiler.as_sql()  # exactly one value
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        kept = KeptStatement.of(sql)

        def find(connection: Any, value: Any) -> list[Any]:
            rows = run(connection, sql, kept, value)
            return [tuple(row) for row in compiler.apply_converters(rows, converters)] if converters else rows

        return find
