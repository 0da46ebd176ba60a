"""A query whose SQL the ORM writes once: writing it anew for each request costs more than the database's answer."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=models.Model)
Find = Callable[[Any, Any], M | None]  # by a connection and a value


class CompiledQuery(Generic[M]):
    """The one row that such a query finds, as the instances that the ORM would have made of it.

    `query` makes the queryset from its one value. It is asked once for each vendor, so nothing else in it may vary:
    neither a setting nor the time. Columns, joins and conversions follow the models.
    """

    def __init__(self, query: Callable[[Any], "models.QuerySet[M]"]) -> None:
        self.query = query
        self.compiled: dict[str, Find[M]] = {}

    def first(self, value: Any) -> M | None:
        """The row for this value, of the type that the column has in the database, or None."""
        connection = connections[DEFAULT_DB_ALIAS]
        find = self.compiled.get(connection.vendor)
        if find is None:
            find = self.compiled[connection.vendor] = self._compile(connection)
        return find(connection, value)

    def _compile(self, connection: Any) -> "Find[M]":
        queryset = self.query(b"")
        compiler = queryset.query.get_compiler(connection=connection)
        sql, (_,) = compiler.as_sql()  # one value, and one only
        made_of = compiler.klass_info["select_fields"]
        names = [compiler.select[position][0].target.attname for position in made_of]
        columns, model = itemgetter(*made_of), queryset.model
        # The type stubs are of a later Django.
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
