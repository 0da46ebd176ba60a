"""Who is linked, to look at and to delete."""

from django.contrib import admin
from django.http import HttpRequest

from .models import Identity


@admin.register(Identity)
class IdentityAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("user", "provider", "uid", "created")
    list_filter = ("provider",)
    list_select_related = ("user",)
    search_fields = ("user__email__startswith", "uid__exact")
    fields = readonly_fields = ("user", "provider", "uid", "created")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Identity | None = None) -> bool:
        return False
