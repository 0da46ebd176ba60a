"""The base of admin lists that stay fast with millions of rows."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property

from sessions_api.adminkit.columns import user_page
from sessions_api.adminkit.permissions import may_administer

# A list counts up to this number of rows, and has pages for as many: a hundred pages of Django's 100 rows, more than an
# administrator turns. To count a million rows takes longer than the rest of the page.
COUNTED_ROWS = 10_000


class AtLeast(int):
    """A count that stopped early: there are more."""

    def __str__(self) -> str:
        return f"{int(self):,}+"


def bounded_count(rows: QuerySet[Any]) -> int:
    """The number of rows; an `AtLeast` where there are more than `COUNTED_ROWS`."""
    counted = rows.order_by().values("pk")[: COUNTED_ROWS + 1].count()
    return counted if counted <= COUNTED_ROWS else AtLeast(COUNTED_ROWS)


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    @cached_property
    def count(self) -> int:
        return bounded_count(self.object_list)  # type: ignore[arg-type]


def require_keys(field: Any, keys: list[str]) -> None:
    """Raises SuspiciousOperation, which becomes 400, for a text that is no key. The database would raise an error."""
    try:
        for key in keys:
            field.clean(key, None)
    except ValidationError:
        raise SuspiciousOperation("A selected row has no valid key.") from None


class LargeTableAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list without Django's counts of the whole table.

    Only `allowed_lookups` filter it. Others that Django derives from a query string could ask for what no page shows,
    such as a hash, or a digest bit by bit.
    """

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    allowed_lookups: tuple[str, ...] = ()
    any_number: tuple[str, ...] = ()  # actions that work in batches, and so on rows that were not counted to their end

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self.allowed_lookups

    def changeform_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """Saves again where another request saved the same unique value at once: now the form itself refuses it."""
        try:
            return super().changeform_view(request, *args, **options)
        except IntegrityError:
            return super().changeform_view(request, *args, **options)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """As Django's, which fails for an empty `_to_field` in the query."""
        return super().get_object(request, object_id, from_field or None)

    def response_action(  # type: ignore[override]
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Refuses an action on all rows of a list that was not counted to its end. Raises SuspiciousOperation.

        An action from a user's page, which sends the key as `user`, leads back to that page.
        """
        require_keys(self.opts.pk, request.POST.getlist(helpers.ACTION_CHECKBOX_NAME))
        all_rows = request.POST.get("select_across", "0") != "0"
        bounded = not set(request.POST.getlist("action")) <= set(self.any_number)
        if (
            bounded
            and all_rows
            and isinstance(self.get_paginator(request, queryset, self.list_per_page).count, AtLeast)
        ):
            message = f"There are more than {COUNTED_ROWS:,} rows. Narrow the list first."
            self.message_user(request, message, messages.ERROR)
            return None
        response = super().response_action(request, queryset)
        user = request.POST.get("user")
        return redirect(user_page(user)) if user else response

    def users_of(self, rows: list[Any]) -> list[Any]:
        """The user of each of these rows, or None."""
        return [row.user for row in rows]

    def administrable(self, request: HttpRequest, rows: Iterable[Any]) -> list[Any]:
        """The rows whose user this administrator may change. A message tells how many others were left unchanged."""
        chosen = list(rows)
        users = self.users_of(chosen)
        allowed = [row for row, user in zip(chosen, users, strict=True) if may_administer(request, user)]
        if left := len(chosen) - len(allowed):
            message = f"Only a superuser can change staff. Left unchanged: {left}."
            self.message_user(request, message, messages.WARNING)
        return allowed

    def report(self, request: HttpRequest, number: int, done: str) -> None:
        """Say on the next page what was done with this number of rows."""
        self.message_user(request, f"{number:,} {model_ngettext(self.opts, number)}: {done}", messages.SUCCESS)
