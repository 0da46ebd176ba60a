"""The queue of mails that have not been sent yet."""

import uuid
from datetime import datetime, timedelta
from threading import Event

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from accounts.fields import MAX_LENGTH
from accounts.models import User
from sessions_api.outbound.circuit_breaker import BackOff

LEASE = timedelta(minutes=5)  # a worker's time for one mail, over twice what the worker allows itself (SECONDS)
BACK_OFF = BackOff(first=timedelta(seconds=30), longest=timedelta(hours=1))  # RFC 5321, 4.5.4.1, wants at least 30 min
GIVE_UP_AFTER = timedelta(days=3)  # RFC 5321, 4.5.4.1: four to five days; a link of this product is useless long before
KEEP_ABANDONED = timedelta(days=30)  # so that an operator who was on holiday still finds them

queued = Event()  # wakes the worker of this process, if there is one


class MailType(models.TextChoices):
    VERIFY = "verify"
    CHANGE = "change"
    RESET = "reset"
    REGISTER = "register"
    PASSWORD_CHANGED = "password_changed"
    EMAIL_CHANGED = "email_changed"
    LINKED = "linked"
    UNLINKED = "unlinked"
    NEW_DEVICE = "new_device"
    FAILED_LOGINS = "failed_logins"
    LOCKED = "locked"
    DELETED = "deleted"


SECURITY_ALERTS = frozenset(  # of a change that opens the account; each carries a revert token
    {MailType.PASSWORD_CHANGED, MailType.EMAIL_CHANGED, MailType.LINKED, MailType.UNLINKED, MailType.NEW_DEVICE}
)
ON_REQUEST = (MailType.VERIFY, MailType.CHANGE, MailType.RESET)  # each opens something, so `revoke` deletes them


class QueuedMailManager(models.Manager["QueuedMail"]):
    def enqueue(self, mail_type: MailType, *, email: str, user: User | None = None, **data: str | bool) -> "QueuedMail":
        """Queue a mail, in the transaction of what causes it. The worker makes its token when it sends the mail."""
        mail = self.create(type=mail_type, email=email, user=user, data=data)
        transaction.on_commit(queued.set)
        return mail

    def abandoned(self) -> models.QuerySet["QueuedMail"]:
        """Mails that have waited for an operator for longer than KEEP_ABANDONED."""
        return self.filter(due_at=None, give_up_at__lt=timezone.now() - KEEP_ABANDONED)

    def claim(self) -> "QueuedMail | None":
        """A mail that is due, which no other worker takes within LEASE; None where there is none.

        A worker that dies with it leaves it to the next: a mail may be sent twice, and is never lost.
        """
        now = timezone.now()
        for mail in self.filter(due_at__lte=now).order_by("due_at", "requested_at")[:20]:  # others may be quicker
            mine = self.filter(pk=mail.pk, due_at=mail.due_at)
            if mine.update(due_at=now + LEASE, attempts=F("attempts") + 1):
                mail.attempts += 1
                return mail
        return None


def default_give_up_at() -> datetime:
    return timezone.now() + GIVE_UP_AFTER


class QueuedMail(models.Model):
    """A mail that has not been sent yet. The worker renders it when it sends it, from what is true by then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=32, choices=MailType)
    email = models.CharField("to", max_length=MAX_LENGTH, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="queued_mails")
    data = models.JSONField(default=dict)
    requested_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField("next attempt", default=timezone.now, null=True, db_index=True)
    give_up_at = models.DateTimeField(default=default_give_up_at)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)

    objects = QueuedMailManager()

    def __str__(self) -> str:
        return f"{self.type} to {self.email}"

    def retry_later(self, error: str, *, for_good: bool = False) -> None:
        """Try again later, each time after twice the pause. Give up after GIVE_UP_AFTER, or at once `for_good`."""
        now = timezone.now()
        due_at = None if for_good or now > self.give_up_at else now + BACK_OFF.after(self.attempts)
        QueuedMail.objects.filter(pk=self.pk).update(due_at=due_at, last_error=error)
