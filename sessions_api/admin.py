"""Sessions in the admin: administrators view and revoke them. No page shows a token or its digest."""

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

from sessions_api.adminkit.columns import NONE, time_column, user_column
from sessions_api.adminkit.filters import ChoiceFilter
from sessions_api.adminkit.permissions import log_for_each, may_administer
from sessions_api.adminkit.read_only import ReadOnlyAdmin
from sessions_api.adminkit.search import SEARCH_HELP, search_filter
from sessions_api.events.tags import ADMINISTRATOR

from . import login_methods
from .models import Session, SessionQuerySet
from .revocation import revoke_by_admin

USER_AGENT_CHARACTERS = 60  # in the list, where more would make rows of several lines


def sessions_page(user: Any) -> str:
    """The address of the list of this user's sessions."""
    return reverse("admin:sessions_api_session_changelist", query={"q": user.pk})


def method_title(method: str) -> str:
    """The title of a way to log in, or its stored name where no app registered it."""
    return login_methods.titles().get(method, method)


class StateFilter(ChoiceFilter):
    title = parameter_name = "state"

    def labels(self) -> dict[str, str]:
        return {"live": "Live", "expired": "Expired"}

    def narrow(self, rows: SessionQuerySet, value: str) -> SessionQuerySet:
        return {"live": rows.live, "expired": rows.expired}.get(value, rows.all)()


class MethodFilter(ChoiceFilter):
    """Django's own filter offers the choices of the field only, and they contain no provider."""

    title = parameter_name = "method"

    def labels(self) -> dict[str, str]:
        return login_methods.titles()


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    list_display = ("created", "account", "state", "method_title", "last_seen", "ends", "client")
    list_filter = (StateFilter, MethodFilter)
    list_select_related = ("user",)
    ordering = ("-expires_at",)
    sortable_by = ("created",)
    search_fields = ("id", "ip_address", "user__email")
    search_help_text = SEARCH_HELP
    actions = ("delete_selected",)
    fields = (
        "id",
        "account",
        "state",
        "method_title",
        "created",
        "authenticated",
        "last_seen",
        "ends",
        "latest_end",
        "changed",
        "ip_address",
        "device",
        "user_agent",
    )

    account = user_column()
    created = time_column("created_at", "created", ordering="expires_at")  # nearly the same order, and has an index
    authenticated = time_column("authenticated_at", "authenticated")
    last_seen = time_column("last_seen_at", "last seen")
    ends = time_column("ends_at", "expires")
    latest_end = time_column("expires_at", "expires at the latest")
    changed = time_column("updated_at", "last changed")

    def has_delete_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_administer(request, obj and obj.user)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allows the filters only. Lookups that Django derives from a query string could ask for the digest by bits."""
        return lookup in {"state", "method"}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Session], search_term: str
    ) -> tuple[QuerySet[Session], bool]:
        return queryset.filter(search_filter(search_term.strip())), False

    @admin.action(permissions=["delete"], description="Revoke selected sessions")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """Replaces Django's action, whose page for confirmation lists every session."""
        sessions = self.administrable(request, queryset, attrgetter("user"))
        with transaction.atomic():
            revoked = revoke_by_admin(
                Session.objects.filter(pk__in=[session.pk for session in sessions]), by=ADMINISTRATOR
            )
            self.log_deletions(request, sessions)
        self.message_user(request, f"{revoked} {model_ngettext(self.opts, revoked)}: revoked.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        revoke_by_admin(Session.objects.filter(pk=obj.pk), by=ADMINISTRATOR)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """Also writes to the history of each user: the id of a deleted session no longer leads to its user."""
        log_for_each(request, {session.user for session in queryset}, "Revoked sessions.")
        return super().log_deletions(request, queryset)

    @admin.display
    def state(self, session: Session) -> str:
        return "live" if session.is_live() else "expired"

    @admin.display(description="method")
    def method_title(self, session: Session) -> str:
        return method_title(session.method)

    @admin.display
    def device(self, session: Session) -> str:
        return session.device or NONE

    @admin.display(description="IP address, device, user agent")
    def client(self, session: Session) -> SafeString:
        """In lines of their own: side by side, one IPv6 address would make the list wider than a window."""
        device = format_html("{}<br>", session.device) if session.device else ""
        user_agent = Truncator(session.user_agent).chars(USER_AGENT_CHARACTERS)
        return format_html('{}<br>{}<span class="mini quiet">{}</span>', session.ip_address or NONE, device, user_agent)
