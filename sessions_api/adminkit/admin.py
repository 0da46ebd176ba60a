"""The page of all actions of administrators. No administrator can change or delete one."""

from contextlib import suppress
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from .columns import time_column
from .models import AdminAction
from .read_only import ReadOnlyAdmin


@admin.register(AdminAction)
class AdminActionAdmin(ReadOnlyAdmin):
    list_display = ("time", "administrator", "action", "kind", "object_id", "message")
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("administrator", "object_id")
    search_help_text = "Exactly: the id of an administrator, or of what was changed."
    actions = None
    fields = ("time", "administrator", "action", "kind", "object_id", "message")

    time = time_column("happened_at", "time")

    def has_delete_permission(self, request: HttpRequest, obj: AdminAction | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AdminAction], search_term: str
    ) -> tuple[QuerySet[AdminAction], bool]:
        term = search_term.strip().replace("\0", "")
        if not term:
            return queryset, False
        found = Q(object_id=term)
        with suppress(ValueError):
            found |= Q(administrator=UUID(term))
        return queryset.filter(found), False
