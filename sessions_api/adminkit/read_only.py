"""The base of admin pages that show rows and change none."""

from typing import Any

from django.http import HttpRequest

from .large_tables import LargeTableAdmin


class ReadOnlyAdmin(LargeTableAdmin):
    """Rows can be viewed, and deleted by administrators with Django's permission to delete; no row is added or changed.

    A page shows `fields`, or else all fields of the model.
    """

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields or [field.name for field in self.opts.fields]
