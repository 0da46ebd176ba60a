"""The queue: the mails that have not been sent yet."""

import uuid
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from accounts.fields import MAX_LENGTH
from accounts.models import User
from sessions_api.http.client import ClientInfo
from sessions_api.outbound.back_off import BackOff
from sessions_api.ratelimit import limits

LEASE = timedelta(minutes=5)  # a worker's time for one mail: more than twice DELIVERY_SECONDS of the worker
# RFC 5321, 4.5.4.1: in general at least 30 minutes between attempts, or a strategy that varies. Here the pauses reach
# that after half an hour. They start short because users wait, and the mail server is usually the operator's own.
BACK_OFF = BackOff(first=timedelta(seconds=30), longest=timedelta(hours=1))
# Longer than a weekend without an operator. RFC 5321, 4.5.4.1, asks for at least 4 to 5 days, but a revert token
# reserves its address for this time too. Operators can send a failed mail again.
GIVE_UP_AFTER = timedelta(days=3)
KEEP_ABANDONED = timedelta(days=30)  # longer than most holidays of an operator
CANDIDATES = 20  # more than the workers that usually compete; a worker that gets none of them looks again after POLL

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


SECURITY_ALERTS = frozenset(  # of changes that a thief could make; each carries a revert token
    {MailType.PASSWORD_CHANGED, MailType.EMAIL_CHANGED, MailType.LINKED, MailType.UNLINKED, MailType.NEW_DEVICE}
)
REVOCABLE = (MailType.VERIFY, MailType.CHANGE, MailType.RESET)  # `OneTimeToken.objects.revoke` deletes these
TO_STRANGERS = frozenset({MailType.VERIFY, MailType.CHANGE, MailType.REGISTER})  # any client can cause these
URGENT = 0  # the turn of all other mails: those of a user who is waiting for a reset, or has to hear of a thief


class QueuedMailManager(models.Manager["QueuedMail"]):
    def enqueue(
        self,
        mail_type: MailType,
        *,
        email: str,
        user: User | None = None,
        client: ClientInfo | None = None,
        **data: Any,
    ) -> "QueuedMail":
        """Queue a mail to this address; `data` are variables for its template, `client` is the one who asked for it.

        Call it in the transaction of what causes the mail. The worker makes the token when it sends the mail.
        """
        turn = limits.mails_asked_for(client or ClientInfo()) if mail_type in TO_STRANGERS else URGENT
        mail = self.create(type=mail_type, email=email, user=user, data=data, turn=turn)
        transaction.on_commit(queued.set)
        return mail

    def abandoned(self) -> models.QuerySet["QueuedMail"]:
        """Failed mails that no administrator has sent again for longer than KEEP_ABANDONED."""
        return self.filter(due_at=None, give_up_at__lt=timezone.now() - KEEP_ABANDONED)

    def claim(self) -> "QueuedMail | None":
        """A mail that is due, which no other worker gets within LEASE; None if there is none.

        Urgent mails go first. Mails to strangers wait while `limits.MAILS_TO_STRANGERS` is exhausted, in the order of
        their turns: so a network that asks for many waits, and the others hardly notice.

        If the worker is killed, another one claims the mail after LEASE. So a mail may be sent twice, and is not lost.
        """
        now, counted = timezone.now(), False
        for mail in self.filter(due_at__lte=now).order_by("turn", "due_at", "requested_at")[:CANDIDATES]:
            if mail.turn != URGENT and not counted:
                if not limits.may_mail_stranger():
                    return None
                counted = True
            unclaimed = self.filter(pk=mail.pk, due_at=mail.due_at)
            if unclaimed.update(due_at=now + LEASE, attempts=F("attempts") + 1):
                mail.attempts += 1
                return mail
        return None


def default_give_up_at() -> datetime:
    return timezone.now() + GIVE_UP_AFTER


class QueuedMail(models.Model):
    """A mail that has not been sent yet. The worker renders it when it sends it, from the data of that moment.

    `due_at` is the time of the next attempt, or None if the mail failed. `data` holds variables for the template.
    `turn` is URGENT, or n for the nth mail that the network of its client asked for within an hour.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=32, choices=MailType)
    email = models.CharField("to", max_length=MAX_LENGTH, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="queued_mails")
    data = models.JSONField(default=dict)
    turn = models.PositiveIntegerField(default=URGENT)
    requested_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField("next attempt", default=timezone.now, null=True, db_index=True)
    give_up_at = models.DateTimeField(default=default_give_up_at)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)  # an exception's name and status codes

    objects = QueuedMailManager()

    class Meta:
        indexes = [models.Index(fields=["turn", "due_at"], name="mail_turns")]  # for `claim`, however long the queue is

    def __str__(self) -> str:
        return f"{self.type} to {self.email}"

    def retry_later(self, error: str, *, permanent: bool = False) -> None:
        """Store the error, and try again after BACK_OFF. After GIVE_UP_AFTER, or if `permanent`, the mail has failed.

        A failed mail stays in the queue, for an administrator to send it again or to delete it.
        """
        now = timezone.now()
        due_at = None if permanent or now > self.give_up_at else now + BACK_OFF.after(self.attempts)
        QueuedMail.objects.filter(pk=self.pk).update(due_at=due_at, last_error=error)
