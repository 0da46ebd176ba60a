"""Columns, links and filters that several admin pages show."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

NONE = "-"  # Django's own sign for an empty column


def time_column(name: str, description: str, ordering: str | None = None) -> Callable[..., str]:
    """A column with the time of this field in UTC, to the minute. Django's own format is too wide for several columns.

    The list can be sorted by it where `ordering` names a field.
    """

    @admin.display(description=description, ordering=ordering)
    def column(self: Any, row: Any) -> str:
        return minute(getattr(row, name))

    return column


def minute(when: datetime | None) -> str:
    """`2026-01-31 23:59Z` in HTML that breaks only between day and time, or a dash."""
    if when is None:
        return NONE
    return format_html('<span class="nowrap">{}</span> {}', f"{when:%Y-%m-%d}", f"{when:%H:%M}Z")


def user_page(key: Any) -> str:
    """The address of the page of the user with this primary key."""
    model = get_user_model()._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_change", args=[quote(key)])


def list_page(model: Any, **query: Any) -> str:
    """The address of the list of this model, with this query."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist", query=query)


def user_link(user: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', user_page(user.pk), user)


def client_lines(row: Any, text: Any) -> SafeString:
    """The address, the device and a small text of this row, each in a line.

    Side by side, one IPv6 address would make the list wider than a window.
    """
    device = format_html("{}<br>", row.device) if row.device else ""
    return format_html('{}<br>{}<span class="mini quiet">{}</span>', row.ip_address or NONE, device, text)


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
