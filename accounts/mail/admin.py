"""The queue of mails in the admin. Administrators view mails, send them again and delete them."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.mail.queue import GIVE_UP_AFTER, LEASE, QueuedMail, queued
from accounts.models import User
from sessions_api.adminkit.columns import minute, time_column, user_link
from sessions_api.adminkit.large_tables import LargeTableAdmin
from sessions_api.adminkit.permissions import log_for_each, may_administer

FAILED = Q(due_at=None)


class StateFilter(admin.SimpleListFilter):
    title = parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Waiting"), ("failed", "Failed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QueuedMail]) -> QuerySet[QueuedMail]:
        match self.value():
            case "waiting":
                return queryset.exclude(FAILED)
            case "failed":
                return queryset.filter(FAILED)
        return queryset


@admin.register(QueuedMail)
class QueuedMailAdmin(LargeTableAdmin):
    list_display = ("mail", "email", "requested", "next_attempt", "attempts", "last_error")
    list_filter = (StateFilter, "type")
    list_select_related = ("user",)
    ordering = ("-requested_at",)
    search_fields = ("email",)
    search_help_text = "The beginning of an e-mail address."
    actions = ("send_again", "delete_selected")
    fields = readonly_fields = (
        "mail",
        "email",
        "user",
        "requested",
        "next_attempt",
        "attempts",
        "last_error",
        "data",
    )

    requested = time_column("requested_at", "requested", ordering="requested_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: QueuedMail | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: QueuedMail | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_administer(request, obj and user_finder([obj])(obj))

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whether this administrator has the permission to change mails, which here only means to send them again."""
        return super().has_change_permission(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in {"state", "type__exact"}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[QueuedMail], search_term: str
    ) -> tuple[QuerySet[QueuedMail], bool]:
        return queryset.filter(email__startswith=search_term.strip().lower()), False

    @admin.action(permissions=["send"], description="Send selected mails again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[QueuedMail]) -> None:
        """Make these mails due now, with the attempts and the time of a new mail.

        A mail that is due within LEASE stays as it is: a worker may be sending it, and would send it twice.
        """
        with transaction.atomic():
            now = timezone.now()
            mails = self.administrable_mails(request, queryset)
            idle = QueuedMail.objects.filter(FAILED | Q(due_at__gt=now + LEASE), pk__in=[mail.pk for mail in mails])
            number = idle.update(due_at=now, attempts=0, give_up_at=now + GIVE_UP_AFTER)
            log_for_each(request, mails, "Made due again.")
            transaction.on_commit(queued.set)
        if left := len(mails) - number:
            minutes = LEASE // timedelta(minutes=1)
            text = f"Left as they are, because they were sent or are due within {minutes} minutes: {left}."
            self.message_user(request, text, messages.WARNING)
        self.message_user(request, f"{number} {model_ngettext(self.opts, number)}: due now.", messages.SUCCESS)

    @admin.action(permissions=["delete"], description="Delete selected mails without sending them")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[QueuedMail]) -> None:
        """Replaces Django's action, whose confirmation page would list every mail."""
        with transaction.atomic():
            mails = self.administrable_mails(request, queryset)
            self.log_deletions(request, mails)  # type: ignore[arg-type]
            number, _ = QueuedMail.objects.filter(pk__in=[mail.pk for mail in mails]).delete()
        self.message_user(request, f"{number} {model_ngettext(self.opts, number)}: deleted.", messages.SUCCESS)

    def administrable_mails(self, request: HttpRequest, queryset: QuerySet[QueuedMail]) -> list[QueuedMail]:
        mails = list(queryset)
        return self.administrable(request, mails, whose=user_finder(mails))

    @admin.display(description="type", ordering="type")
    def mail(self, mail: QueuedMail) -> str:
        return str(mail.get_type_display())

    @admin.display
    def user(self, mail: QueuedMail) -> SafeString | str:
        return user_link(mail.user) if mail.user else "-"

    @admin.display(description="next attempt", ordering="due_at")
    def next_attempt(self, mail: QueuedMail) -> str:
        return minute(mail.due_at) if mail.due_at else "failed"


def user_finder(mails: Iterable[QueuedMail]) -> Callable[[QueuedMail], User | None]:
    """A function from one of these mails to its user, or to the user who has its address. Makes one query for all."""
    addresses = [mail.email for mail in mails if mail.user is None]
    users = User.objects.in_bulk(addresses, field_name="email")
    return lambda mail: mail.user or users.get(mail.email)
