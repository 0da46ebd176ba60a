"""The base of admin pages that show rows and change none."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from .large_tables import LargeTableAdmin
from .permissions import may_administer
from .search import SEARCH_HELP, search_filter


class ReadOnlyAdmin(LargeTableAdmin):
    """Rows can be viewed, and none is added or changed. A page shows `fields`.

    Where a list has `actions`, administrators with Django's permission also delete rows, unless these belong to users
    whom they may not change.
    """

    actions: tuple[str, ...] | None = None
    search_fields = ("user__email",)  # so that Django shows the box; `found_by` searches
    search_help_text = SEARCH_HELP

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not self.actions or not super().has_delete_permission(request, obj):
            return False
        return obj is None or may_administer(request, self.users_of([obj])[0])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.filter(self.found_by(search_term.strip())), False

    def found_by(self, term: str) -> Q:
        """The rows that an administrator looks for with this term; all rows for an empty one."""
        return search_filter(term)
