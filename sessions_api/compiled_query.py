"""Queries whose SQL the ORM compiles once. To compile it for each request costs more than the database's answer."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)
Found = TypeVar("Found")


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

        def find(connection: Any, value: Any) -> M | None:
            with connection.cursor() as cursor:
                cursor.execute(sql, (value,))
                row = cursor.fetchone()
            if row is None:
                return None
            if converters:
                (row,) = compiler.apply_converters([row], converters)
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

        def find(connection: Any, value: Any) -> list[Any]:
            with connection.cursor() as cursor:
                cursor.execute(sql, (value,))
                rows = cursor.fetchall()
            return [tuple(row) for row in compiler.apply_converters(rows, converters)] if converters else rows

        return find
