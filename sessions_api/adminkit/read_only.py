"""The base of admin pages that show rows and change none."""

from contextlib import suppress
from ipaddress import ip_address
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from .columns import NONE, user_link
from .large_tables import LargeTableAdmin
from .permissions import may_administer


class ReadOnlyAdmin(LargeTableAdmin):
    """Rows can be viewed, and none is added or changed. A page shows `fields`.

    Where a list has `actions`, administrators with Django's permission also delete rows, unless these belong to users
    whom they may not change.
    """

    actions: tuple[str, ...] | None = None
    list_select_related: ClassVar[tuple[str, ...]] = ("user",)
    ordering = ("-pk",)
    sortable_by: ClassVar[tuple[str, ...] | None] = ()
    search_fields = ("user__email",)  # so that Django shows the box; `found_by` searches
    search_help_text = "The beginning of an email address, or exactly: an IP address, a session id, a user id."
    session_id = "pk"  # the field that holds the id of a session

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

    @admin.display(description="user")
    def account(self, row: Any) -> str:
        """A column with a link to the row's user. Its name differs from the field's, or Django would show the field."""
        return user_link(row.user) if row.user else NONE

    def found_by(self, term: str) -> Q:
        """The rows that an administrator looks for with this term; all rows for an empty one.

        In the table of sessions an index answers each of these searches but the one for an IP address.
        """
        with suppress(ValueError):
            return Q((self.session_id, UUID(term))) | Q(user=UUID(term))
        with suppress(ValueError):
            return Q(ip_address=str(ip_address(term)))
        return Q(user__email__startswith=term) if term else Q()
