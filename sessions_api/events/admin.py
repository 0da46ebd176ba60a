"""What happened, for those who run the service: to look at alone. An event goes with its user, or when it is old."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_api.adminkit.columns import time_column, user_link
from sessions_api.adminkit.large_tables import LargeTableAdmin
from sessions_api.adminkit.search import search_filter

from .models import Event
from .tags import Tag


class TagFilter(admin.SimpleListFilter):
    title, parameter_name = "what", "tag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return Tag.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(tag=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(LargeTableAdmin):
    list_display = ("when", "what", "user", "caller")
    list_filter = (TagFilter,)
    list_select_related = ("user",)
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("session", "ip_address", "user__email")
    search_help_text = (
        "The beginning of an e-mail address, or exactly: an IP address, the handle of a session, the id of a user."
    )
    actions = None
    fields = readonly_fields = ("when", "what", "user", "ip_address", "network", "device", "session", "data")

    when = time_column("happened_at", "when")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The filter, and that of a user's page, whose events an index has; a search for an id reads the table."""
        return lookup in {"tag", "user__id__exact"}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        return queryset.filter(search_filter(search_term.strip(), handle="session")), False

    @admin.display
    def what(self, event: Event) -> SafeString:
        more = f" · {told}" if (told := event.details()) else ""
        return format_html('{}<br><span class="mini quiet">{}{}</span>', event.label, event.tag, more)

    @admin.display
    def user(self, event: Event) -> SafeString | str:
        return user_link(event.user) if event.user else "-"

    @admin.display(description="IP address, device, session")
    def caller(self, event: Event) -> SafeString:
        """One below the other, as in the list of sessions."""
        device = format_html("{}<br>", event.device) if event.device else ""
        handle = event.session or ""
        return format_html('{}<br>{}<span class="mini quiet">{}</span>', event.ip_address or "-", device, handle)
