"""Lists of the admin that stay fast at millions of rows."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property

from sessions_api.adminkit.columns import user_page
from sessions_api.adminkit.permissions import may_administer

MOST = 10_000  # rows that a list counts, and can turn its pages to


class AtLeast(int):
    """Where a count stopped: there are more."""

    def __str__(self) -> str:
        return f"{int(self):,}+"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to MOST rows: counting a million takes longer than all the rest of the page."""

    @cached_property
    def count(self) -> int:
        counted: int = self.object_list.order_by().values("pk")[: MOST + 1].count()  # type: ignore[attr-defined]
        return counted if counted <= MOST else AtLeast(MOST)


class LargeTableAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def response_action(  # type: ignore[override]
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """To select all means to select what the page has counted, so nothing where it has not counted to the end.

        Whoever acts on a user's page stays there.
        """
        everything = request.POST.get("select_across", "0") != "0"
        if everything and isinstance(self.get_paginator(request, queryset, self.list_per_page).count, AtLeast):
            self.message_user(request, f"These are more than {MOST:,}. Narrow the list first.", messages.ERROR)
            return None
        answer = super().response_action(request, queryset)
        user = request.POST.get("user")
        return redirect(user_page(user)) if user else answer

    def administrable(self, request: HttpRequest, rows: Iterable[Any], whose: Callable[[Any], Any]) -> list[Any]:
        """The rows of users whom this administrator may touch; the next page says how many others there were."""
        chosen = list(rows)
        free = [row for row in chosen if may_administer(request, whose(row))]
        if left := len(chosen) - len(free):
            self.message_user(request, f"Only a superuser touches staff. Left as they are: {left}.", messages.WARNING)
        return free
