"""Events in the admin: administrators view them. An event is deleted with its user, or when it is old."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_api.adminkit.columns import NONE, time_column, user_column
from sessions_api.adminkit.filters import ChoiceFilter
from sessions_api.adminkit.read_only import ReadOnlyAdmin
from sessions_api.adminkit.search import SEARCH_HELP, search_filter

from .models import Event
from .tags import Tag


class TagFilter(ChoiceFilter):
    title, parameter_name = "event", "tag"

    def labels(self) -> dict[str, str]:
        return dict(Tag.choices)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("time", "what", "account", "client")
    list_filter = (TagFilter,)
    list_select_related = ("user",)
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("session", "ip_address", "user__email")
    search_help_text = SEARCH_HELP
    actions = None
    fields = ("time", "what", "account", "ip_address", "network", "device", "session", "administrator", "data")

    account = user_column()
    time = time_column("happened_at", "time")

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allows the filter, and the link from a user's page. An index answers both."""
        return lookup in {"tag", "user__id__exact"}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        return queryset.filter(search_filter(search_term.strip(), session_id="session")), False

    @admin.display(description="event")
    def what(self, event: Event) -> SafeString:
        details = f" · {text}" if (text := event.details()) else ""
        return format_html('{}<br><span class="mini quiet">{}{}</span>', event.label, event.tag, details)

    @admin.display(description="IP address, device, session")
    def client(self, event: Event) -> SafeString:
        """In lines of their own, as in the list of sessions."""
        device = format_html("{}<br>", event.device) if event.device else ""
        session = event.session or ""
        return format_html('{}<br>{}<span class="mini quiet">{}</span>', event.ip_address or NONE, device, session)
