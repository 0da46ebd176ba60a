"""Events in the admin: administrators view them. An event is deleted with its user, or when it is old."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_api.adminkit.columns import ChoiceFilter, client_lines, time_column
from sessions_api.adminkit.read_only import ReadOnlyAdmin

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
    session_id = "session"
    allowed_lookups = ("tag", "user__id__exact")  # the second one is the link from a user's page; both have an index
    fields = ("time", "what", "account", "ip_address", "network", "device", "session", "administrator", "data")

    time = time_column("happened_at", "time")

    @admin.display(description="event")
    def what(self, event: Event) -> SafeString:
        details = f" · {text}" if (text := event.details()) else ""
        return format_html('{}<br><span class="mini quiet">{}{}</span>', event.label, event.tag, details)

    @admin.display(description="IP address, device, session")
    def client(self, event: Event) -> SafeString:
        return client_lines(event, event.session or "")
