"""The page of all actions of administrators. No administrator can change or delete one."""

from contextlib import suppress
from uuid import UUID

from django.contrib import admin
from django.db.models import Q

from .columns import time_column
from .models import AdminAction
from .read_only import ReadOnlyAdmin


@admin.register(AdminAction)
class AdminActionAdmin(ReadOnlyAdmin):
    fields = list_display = ("time", "administrator", "action", "kind", "object_id", "message")
    list_select_related = ()
    search_help_text = "Exactly: the id of an administrator, or of what was changed."

    time = time_column("happened_at", "time")

    def found_by(self, term: str) -> Q:
        if not term:
            return Q()
        found = Q(object_id=term)
        with suppress(ValueError):
            found |= Q(administrator=UUID(term))
        return found
