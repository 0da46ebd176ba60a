"""Sessions, for those who run the service: to look at and to end. No page shows a token or its digest."""

from operator import attrgetter
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import model_ngettext
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from sessions_api.adminkit.columns import time_column, user_link
from sessions_api.adminkit.large_tables import LargeTableAdmin
from sessions_api.adminkit.permissions import log_for_each, may_administer
from sessions_api.adminkit.search import search_filter
from sessions_api.events.tags import ADMINISTRATOR

from .methods import titles
from .models import Session
from .revocation import revoke_by_admin


def sessions_page(user: Any) -> str:
    return reverse("admin:sessions_api_session_changelist", query={"q": user.pk})


class StateFilter(admin.SimpleListFilter):
    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "Live"), ("expired", "Expired")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "live":
                return queryset.live()
            case "expired":
                return queryset.expired()
        return queryset


def methods() -> dict[str, str]:
    """What users call each way in, by the name that is stored."""
    return titles()


def method_name(method: str) -> str:
    return methods().get(method, method)


class MethodFilter(admin.SimpleListFilter):
    """Django's own knows the choices of the field alone, so no provider."""

    title = parameter_name = "method"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(methods().items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:
        return queryset.filter(method=self.value()) if self.value() else queryset


@admin.register(Session)
class SessionAdmin(LargeTableAdmin):
    list_display = ("opened", "user", "state", "opened_by", "last_seen", "ends", "caller")
    list_filter = (StateFilter, MethodFilter)
    list_select_related = ("user",)
    ordering = ("-expires_at",)
    sortable_by = ("opened",)
    search_fields = ("id", "ip_address", "user__email")
    search_help_text = (
        "The beginning of an e-mail address, or exactly: an IP address, the handle of a session, the id of a user."
    )
    actions = ("delete_selected",)
    fields = readonly_fields = (
        "id",
        "user",
        "state",
        "opened_by",
        "opened",
        "authenticated",
        "last_seen",
        "ends",
        "latest_end",
        "changed",
        "ip_address",
        "device",
        "user_agent",
    )

    opened = time_column("created_at", "opened", ordering="expires_at")  # comes to the same, and has an index
    authenticated = time_column("authenticated_at", "authenticated")
    last_seen = time_column("last_seen_at", "last seen")
    ends = time_column("ends_at", "ends")
    latest_end = time_column("expires_at", "ends at the latest")
    changed = time_column("updated_at", "last changed")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_administer(request, obj and obj.user)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The filters, and none of Django's freely made ones, which could ask for the digest bit by bit."""
        return lookup in {"state", "method"}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Session], search_term: str
    ) -> tuple[QuerySet[Session], bool]:
        return queryset.filter(search_filter(search_term.strip())), False

    @admin.action(permissions=["delete"], description="End selected sessions")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """In the place of Django's own, which would ask back on a page that lists every one of them."""
        sessions = self.administrable(request, queryset, attrgetter("user"))
        with transaction.atomic():
            ended = revoke_by_admin(
                Session.objects.filter(pk__in=[session.pk for session in sessions]), by=ADMINISTRATOR
            )
            self.log_deletions(request, sessions)
        self.message_user(request, f"{ended} {model_ngettext(self.opts, ended)}: ended.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        revoke_by_admin(Session.objects.filter(pk=obj.pk), by=ADMINISTRATOR)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """Also in the history of each user, for nobody could tell from a handle whose it was."""
        log_for_each(request, {session.user for session in queryset}, "Ended sessions.")
        return super().log_deletions(request, queryset)

    @admin.display
    def user(self, session: Session) -> SafeString:
        return user_link(session.user)

    @admin.display
    def state(self, session: Session) -> str:
        return "live" if session.is_live() else "expired"

    @admin.display(description="method")
    def opened_by(self, session: Session) -> str:
        """Django would show a dash for what is not among the choices, such as a provider's name."""
        return method_name(session.method)

    @admin.display
    def device(self, session: Session) -> str:
        return session.device or "-"

    @admin.display(description="IP address, device, user agent")
    def caller(self, session: Session) -> SafeString:
        """One below the other: beside each other they are wider than a window, be it only for one IPv6 address."""
        device = format_html("{}<br>", session.device) if session.device else ""
        sent = Truncator(session.user_agent).chars(60)
        return format_html('{}<br>{}<span class="mini quiet">{}</span>', session.ip_address or "-", device, sent)
