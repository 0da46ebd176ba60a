"""The filters beside a list."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest


class ChoiceFilter(admin.SimpleListFilter):
    """A filter whose choices are values of the field `parameter_name`, unless a subclass changes `narrow`."""

    def labels(self) -> Mapping[str, str]:
        """The label of each choice, by the value that stands in the address."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.labels().items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return self.narrow(queryset, value) if value else queryset

    def narrow(self, rows: Any, value: str) -> QuerySet[Any]:
        """The rows of this choice. `value` comes from the address and may be missing from the labels."""
        return rows.filter(**{str(self.parameter_name): value})
