"""Sessions, for those who run the service: to look at and to end. No page shows a token or its digest."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from ipaddress import ip_address
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.utils import model_ngettext, quote
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from sessions_api.events.tags import ADMINISTRATOR

from .models import Session
from .revocation import end_for_others

MOST = 10_000  # rows that a list counts, and can turn its pages to


class AtLeast(int):
    """Where a count stopped: there are more."""

    def __str__(self) -> str:
        return f"{int(self):,}+"


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts up to MOST rows: counting a million takes longer than all the rest of the page."""

    @cached_property
    def count(self) -> int:
        counted: int = self.object_list.order_by().values("pk")[: MOST + 1].count()  # type: ignore[attr-defined]
        return counted if counted <= MOST else AtLeast(MOST)


class LargeTable(admin.ModelAdmin):  # type: ignore[type-arg]
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def response_action(  # type: ignore[override]
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """To select all means to select what the page has counted, so nothing where it has not counted to the end.

        Whoever acts on a person's page stays there.
        """
        everything = request.POST.get("select_across", "0") != "0"
        if everything and isinstance(self.get_paginator(request, queryset, self.list_per_page).count, AtLeast):
            self.message_user(request, f"These are more than {MOST:,}. Narrow the list first.", messages.ERROR)
            return None
        answer = super().response_action(request, queryset)
        person = request.POST.get("person")
        return redirect(person_page(person)) if person else answer

    def touchable(self, request: HttpRequest, rows: Iterable[Any], whose: Callable[[Any], Any]) -> list[Any]:
        """The rows of people whom this administrator may touch; the next page says how many others there were."""
        chosen = list(rows)
        free = [row for row in chosen if may_touch(request, whose(row))]
        if left := len(chosen) - len(free):
            self.message_user(request, f"Only a superuser touches staff. Left as they are: {left}.", messages.WARNING)
        return free


def may_touch(request: HttpRequest, person: Any) -> bool:
    """Staff are for superusers to touch: whoever could set a superuser's password would be one."""
    return request.user.is_superuser or person is None or not (person.is_staff or person.is_superuser)


def log_for_each(request: HttpRequest, people: Iterable[Any], deed: str) -> None:
    LogEntry.objects.log_actions(request.user.pk, people, CHANGE, change_message=deed)  # type: ignore[arg-type]


def moment(name: str, description: str, ordering: str | None = None) -> Callable[..., str]:
    """A column with a time in UTC, to the minute; Django's own would be too wide for a table of several."""

    @admin.display(description=description, ordering=ordering)
    def column(self: Any, row: Any) -> str:
        return minute(getattr(row, name))

    return column


def minute(when: datetime | None) -> str:
    if when is None:
        return "-"
    return format_html('<span class="nowrap">{}</span> {}', f"{when:%Y-%m-%d}", f"{when:%H:%M}Z")


def person_page(key: Any) -> str:
    model = get_user_model()._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_change", args=[quote(key)])


def person_link(person: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', person_page(person.pk), person)


def sessions_page(person: Any) -> str:
    return reverse("admin:sessions_api_session_changelist", query={"q": person.pk})


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
    """What people call each way in, by the name that is stored."""
    providers = {name: import_string(backend).title for name, backend in settings.OAUTH_PROVIDERS.items()}
    return dict(Session.Method.choices) | providers


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
class SessionAdmin(LargeTable):
    list_display = ("opened", "person", "state", "opened_by", "last_seen", "ends", "caller")
    list_filter = (StateFilter, MethodFilter)
    list_select_related = ("user",)
    ordering = ("-expires_at",)
    sortable_by = ("opened",)
    search_fields = ("id", "ip_address", "user__email")
    search_help_text = (
        "The beginning of an e-mail address, or exactly: an IP address, the handle of a session, the id of a person."
    )
    actions = ("delete_selected",)
    fields = readonly_fields = (
        "id",
        "person",
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

    opened = moment("created_at", "opened", ordering="expires_at")  # comes to the same, and has an index
    authenticated = moment("authenticated_at", "authenticated")
    last_seen = moment("last_seen_at", "last seen")
    ends = moment("ends_at", "ends")
    latest_end = moment("expires_at", "ends at the latest")
    changed = moment("updated_at", "last changed")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Session | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj and obj.user)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The filters, and none of Django's freely made ones, which could ask for the digest bit by bit."""
        return lookup in {"state", "method"}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Session], search_term: str
    ) -> tuple[QuerySet[Session], bool]:
        return queryset.filter(wanted(search_term.strip())), False

    @admin.action(permissions=["delete"], description="End selected sessions")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """In the place of Django's own, which would ask back on a page that lists every one of them."""
        sessions = self.touchable(request, queryset, attrgetter("user"))
        with transaction.atomic():
            ended = end_for_others(
                Session.objects.filter(pk__in=[session.pk for session in sessions]), by=ADMINISTRATOR
            )
            self.log_deletions(request, sessions)
        self.message_user(request, f"{ended} {model_ngettext(self.opts, ended)}: ended.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: Session) -> None:
        end_for_others(Session.objects.filter(pk=obj.pk), by=ADMINISTRATOR)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> list[LogEntry]:
        """Also in the history of each person, for nobody could tell from a handle whose it was."""
        log_for_each(request, {session.user for session in queryset}, "Ended sessions.")
        return super().log_deletions(request, queryset)

    @admin.display
    def person(self, session: Session) -> SafeString:
        return person_link(session.user)

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


def wanted(term: str, handle: str = "pk") -> Q:
    """What somebody means who types this into the search box; `handle` is the field with that of a session.

    Of sessions each is a look-up in an index, but the IP address.
    """
    with suppress(ValueError):
        return Q((handle, UUID(term))) | Q(user=UUID(term))
    with suppress(ValueError):
        return Q(ip_address=str(ip_address(term)))
    return Q(user__email__startswith=term.lower()) if term else Q()
