"""The queue of mails in the admin. Administrators view mails, send them again and delete them."""

from datetime import timedelta

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.fields import canonical_part
from accounts.mail.queue import GIVE_UP_AFTER, LEASE, QueuedMail, queued
from accounts.models import User
from sessions_api.adminkit.columns import ChoiceFilter, minute, time_column
from sessions_api.adminkit.permissions import log_for_each
from sessions_api.adminkit.read_only import ReadOnlyAdmin

FAILED = Q(due_at=None)


class StateFilter(ChoiceFilter):
    title = parameter_name = "state"

    def labels(self) -> dict[str, str]:
        return {"waiting": "Waiting", "failed": "Failed"}

    def narrow(self, rows: QuerySet[QueuedMail], value: str) -> QuerySet[QueuedMail]:
        return rows.filter({"waiting": ~FAILED, "failed": FAILED}.get(value, Q()))


@admin.register(QueuedMail)
class QueuedMailAdmin(ReadOnlyAdmin):
    list_display = ("type", "email", "requested", "next_attempt", "attempts", "last_error")
    list_filter = (StateFilter, "type")
    allowed_lookups = ("state", "type__exact")
    ordering = ("-requested_at",)
    sortable_by = None
    search_help_text = "The beginning of an email address."
    actions = ("send_again", "delete_selected")
    fields = ("type", "email", "account", "requested", "next_attempt", "attempts", "last_error", "data")

    requested = time_column("requested_at", "requested", ordering="requested_at")

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whether this administrator has the permission to change mails, which here only means to send them again."""
        return request.user.has_perm("accounts_mail.change_queuedmail")

    def users_of(self, rows: list[QueuedMail]) -> list[User | None]:
        """The user of each mail, or the user who has its address. Makes one query for all."""
        addresses = [mail.email for mail in rows if mail.user is None]
        users = User.objects.in_bulk(addresses, field_name="email")
        return [mail.user or users.get(mail.email) for mail in rows]

    def found_by(self, term: str) -> Q:
        return Q(email__startswith=canonical_part(term))

    @admin.action(permissions=["send"], description="Send selected mails again")
    def send_again(self, request: HttpRequest, queryset: QuerySet[QueuedMail]) -> None:
        """Make these mails due now, with the attempts and the time of a new mail.

        A mail that is due within LEASE stays as it is: a worker may be sending it, and would send it twice.
        """
        with transaction.atomic():
            now = timezone.now()
            mails = self.administrable(request, queryset)
            idle = QueuedMail.objects.filter(FAILED | Q(due_at__gt=now + LEASE), pk__in=[mail.pk for mail in mails])
            number = idle.update(due_at=now, attempts=0, give_up_at=now + GIVE_UP_AFTER)
            log_for_each(request, mails, "Made due again.")
            transaction.on_commit(queued.set)
        if left := len(mails) - number:
            minutes = LEASE // timedelta(minutes=1)
            text = f"Left as they are, because they were sent or are due within {minutes} minutes: {left}."
            self.message_user(request, text, messages.WARNING)
        self.report(request, number, "due now.")

    @admin.action(permissions=["delete"], description="Delete selected mails without sending them")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[QueuedMail]) -> None:
        """Replaces Django's action, whose confirmation page would list every mail."""
        with transaction.atomic():
            mails = self.administrable(request, queryset)
            self.log_deletions(request, mails)  # type: ignore[arg-type]
            number, _ = QueuedMail.objects.filter(pk__in=[mail.pk for mail in mails]).delete()
        self.report(request, number, "deleted.")

    @admin.display(description="next attempt", ordering="due_at")
    def next_attempt(self, mail: QueuedMail) -> str:
        return minute(mail.due_at) if mail.due_at else "failed"
