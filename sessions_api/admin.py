"""Sessions in the admin: administrators view and revoke them. No page shows a token or its digest."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from sessions_api.adminkit.columns import NONE, ChoiceFilter, client_lines, time_column
from sessions_api.adminkit.permissions import log_for_each, may_administer
from sessions_api.adminkit.read_only import ReadOnlyAdmin
from sessions_api.events.models import ADMINISTRATOR

from . import login_methods
from .admin_sessions.models import AdminSession, AdminSessionQuerySet
from .models import Session, SessionQuerySet
from .revocation import revoke_by_admin

USER_AGENT_CHARACTERS = 60  # in the list, where more would make rows of several lines


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


class RevocableAdmin(ReadOnlyAdmin):
    """What the lists of both kinds of sessions share."""

    actions = ("delete_selected",)

    last_seen = time_column("last_seen_at", "last seen")
    ends = time_column("ends_at", "expires")

    @admin.action(permissions=["delete"], description="Revoke selected %(verbose_name_plural)s")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Replaces Django's action, whose page for confirmation lists every session."""
        sessions = self.administrable(request, queryset)
        with transaction.atomic():
            self.log_deletions(request, sessions)  # type: ignore[arg-type]
            revoked = self.revoke(request, sessions)
        self.report(request, revoked, "revoked.")

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.revoke(request, [obj])

    def revoke(self, request: HttpRequest, sessions: list[Any], *more: AdminSessionQuerySet) -> int:
        """Writes to the history of each user: the id of a revoked session no longer leads to its user."""
        log_for_each(request, {session.user for session in sessions}, f"Revoked {self.opts.verbose_name_plural}.")
        chosen = self.model._default_manager.filter(pk__in=[session.pk for session in sessions])
        return revoke_by_admin(chosen, *more, by=ADMINISTRATOR, administrator=request.user.pk)

    @admin.display
    def device(self, session: Session | AdminSession) -> str:
        return session.device or NONE

    @admin.display(description="IP address, device, user agent")
    def client(self, session: Session | AdminSession) -> SafeString:
        return client_lines(session, Truncator(session.user_agent).chars(USER_AGENT_CHARACTERS))


@admin.register(Session)
class SessionAdmin(RevocableAdmin):
    list_display = ("created", "account", "state", "method_title", "last_seen", "ends", "client")
    list_filter = (StateFilter, MethodFilter)
    allowed_lookups = ("state", "method")
    ordering = ("-expires_at",)
    sortable_by = ("created",)
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

    created = time_column("created_at", "created", ordering="expires_at")  # nearly the same order, and has an index
    authenticated = time_column("authenticated_at", "authenticated")
    latest_end = time_column("expires_at", "expires at the latest")
    changed = time_column("updated_at", "last changed")

    def revoke(self, request: HttpRequest, sessions: list[Any], *more: AdminSessionQuerySet) -> int:
        return super().revoke(request, sessions, self.admin_sessions_of_page(request), *more)

    def admin_sessions_of_page(self, request: HttpRequest) -> AdminSessionQuerySet:
        """The admin sessions of the user on whose page “Revoke all” was pressed; none for any other action."""
        user = get_user_model()._default_manager.filter(pk=as_uuid(request.POST.get("user", ""))).first()
        everything = user and request.POST.get("select_across") == "1" and may_administer(request, user)
        return AdminSession.objects.filter(user=user) if everything else AdminSession.objects.none()

    @admin.display
    def state(self, session: Session) -> str:
        return "live" if session.is_live() else "expired"

    @admin.display(description="method")
    def method_title(self, session: Session) -> str:
        return method_title(session.method)


@admin.register(AdminSession)
class AdminSessionAdmin(RevocableAdmin):
    """The browsers that are logged in to the admin."""

    list_display = ("created", "account", "last_seen", "ends", "client")
    ordering = ("-expire_date",)
    fields = ("id", "account", "created", "last_seen", "ends", "ip_address", "device", "user_agent")

    created = time_column("created_at", "created")

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """None of its own: the history of the user has it."""
        return []


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
