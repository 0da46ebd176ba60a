"""The queue of mails, and the links that they carry."""

import re
import uuid
from datetime import datetime, timedelta
from threading import Event
from typing import cast

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.fields import MAX_LENGTH
from accounts.models import User

from .errors import InvalidLink
from .token_types import TERMS, Purpose

TOKEN = re.compile("[0-9a-f]{96}")
LEASE = timedelta(minutes=5)  # whoever takes a mail has so long; then it is the next one's
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
PATIENCE = timedelta(days=3)  # then somebody has to look
KEPT = timedelta(days=30)  # for somebody to look

queued = Event()  # wakes the worker of this process, if there is one


class Letter(models.TextChoices):
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
    SHUT = "shut"
    FAREWELL = "farewell"


WARNINGS = frozenset(  # of what opens the account; each has a link by which the mailbox takes it back
    {Letter.PASSWORD_CHANGED, Letter.EMAIL_CHANGED, Letter.LINKED, Letter.UNLINKED, Letter.NEW_DEVICE}
)
ASKED_FOR = (Letter.VERIFY, Letter.CHANGE, Letter.RESET)  # each opens something, so what makes links void stops it


class QueuedMailManager(models.Manager["QueuedMail"]):
    def put(self, letter: Letter, *, email: str, user: User | None = None, **data: str | bool) -> "QueuedMail":
        """Queue a mail, in the transaction of what causes it. No link is in here: it is made when it is sent."""
        mail = self.create(letter=letter, email=email, user=user, data=data)
        transaction.on_commit(queued.set)
        return mail

    def given_up(self) -> models.QuerySet["QueuedMail"]:
        """What nobody has looked after for the time of KEPT."""
        return self.filter(due_at=None, patience_until__lt=timezone.now() - KEPT)

    def claim(self) -> "QueuedMail | None":
        """One that is due, which nobody else takes for the time of LEASE; None where there is none.

        Whoever dies with it leaves it to the next: twice is possible, never is not.
        """
        now = timezone.now()
        for mail in self.filter(due_at__lte=now).order_by("due_at", "requested_at")[:20]:
            mine = self.filter(pk=mail.pk, due_at=mail.due_at)
            if mine.update(due_at=now + LEASE, attempts=F("attempts") + 1):
                mail.attempts += 1
                return mail
        return None


def end_of_patience() -> datetime:
    return timezone.now() + PATIENCE


class QueuedMail(models.Model):
    """A mail that has not been sent yet. Nothing is rendered before it is: the text follows what is so by then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    letter = models.CharField(max_length=32, choices=Letter)
    email = models.CharField("to", max_length=MAX_LENGTH, db_index=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="queued_mails")
    data = models.JSONField(default=dict)
    requested_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField("next attempt", default=timezone.now, null=True, db_index=True)
    patience_until = models.DateTimeField(default=end_of_patience)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)

    objects = QueuedMailManager()

    def __str__(self) -> str:
        return f"{self.letter} to {self.email}"

    def put_off(self, error: str, *, for_good: bool = False) -> None:
        """Try again later, each time twice as late; not at all where it is of no use, or after PATIENCE."""
        now = timezone.now()
        pause = min(FIRST_PAUSE * 2 ** min(self.attempts - 1, 10), LONGEST_PAUSE)
        due_at = None if for_good or now > self.patience_until else now + pause
        QueuedMail.objects.filter(pk=self.pk).update(due_at=due_at, last_error=error)


class LinkQuerySet(models.QuerySet["Link"]):
    def good(self) -> "LinkQuerySet":
        return self.filter(spent_at=None, expires_at__gt=timezone.now())

    def expired(self) -> "LinkQuerySet":
        return self.filter(expires_at__lte=timezone.now())

    def reserving(self, email: str) -> "LinkQuerySet":
        """The warnings by which their readers could still take this address back."""
        return self.good().filter(purpose=Purpose.SECURE, email=email)

    def spend(self) -> int:
        """One UPDATE: of many at once who want the same link, one gets 1."""
        return self.filter(spent_at=None).update(spent_at=timezone.now())


class LinkManager(models.Manager.from_queryset(LinkQuerySet)):  # type: ignore[misc]
    def issue(self, mail: QueuedMail, purpose: Purpose, user: User | None) -> "Link | None":
        """The link that this mail carries: the same, however often it is sent. Older ones of its purpose die.

        None where it has been spent, or a newer one asked for. `user` is as in the database, its row locked.
        Its time begins anew with each attempt to send it, for nobody has it yet.
        Warnings do not replace each other: whoever stole an account could cause as many as they like. They reserve an
        address, so theirs ends for good, however often they are sent again.
        """
        expires_at = timezone.now() + TERMS[purpose].lifetime
        same_mail = self.filter(pk=mail.pk)
        if purpose == Purpose.SECURE:
            expires_at = min(expires_at, mail.requested_at + TERMS[purpose].lifetime + PATIENCE)
        known: Link | None = same_mail.first()
        if known:
            return known if same_mail.filter(spent_at=None).update(expires_at=expires_at) else None
        if purpose != Purpose.SECURE:
            same = self.filter(Q(user=user) if user else Q(email=mail.email), purpose=purpose)
            if same.filter(requested_at__gt=mail.requested_at).exists():
                return None
            same.spend()
        link: Link = self.create(
            pk=mail.pk,
            purpose=purpose,
            user=user,
            email=mail.email,
            requested_at=mail.requested_at,
            expires_at=expires_at,
        )
        return link

    def find(self, purpose: Purpose, token: str) -> "Link":
        """The link of this token, with its person, if it is good. Raises InvalidLink."""
        link: Link | None = None
        if TOKEN.fullmatch(token):
            link = self.good().filter(purpose=purpose, pk=token[:32]).select_related("user").first()
        if link is None or not link.is_opened_by(token) or (link.user and not link.user.is_active):
            raise InvalidLink
        return link

    def redeem(self, purpose: Purpose, token: str) -> "Link":
        """The same, spent by this, and its person locked: call it in the transaction of what it is for."""
        link = self.find(purpose, token)
        if link.user:
            User.objects.filter(pk=link.user.pk).lock().first()
            link = self.find(purpose, token)  # as it is under the lock
        if not self.filter(pk=link.pk).spend():
            raise InvalidLink
        return link

    def void(self, user: User) -> None:
        """Whatever mail this person has asked for opens nothing any more; warnings stay. Under the person's lock."""
        self.filter(user=user).exclude(purpose=Purpose.SECURE).spend()
        QueuedMail.objects.filter(Q(user=user) | Q(email=user.email), letter__in=ASKED_FOR).delete()


class Link(models.Model):
    """What a mail lets its reader do, once. The token is made of this row and the secret key, and kept nowhere."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=16, choices=Purpose)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="links")
    email = models.CharField(max_length=MAX_LENGTH, db_index=True)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    spent_at = models.DateTimeField(null=True)  # used, or made void

    objects = LinkManager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "email"],
                condition=Q(user=None, spent_at=None),
                name="one_link_for_strangers",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def person(self) -> User:
        """Whom it is about; only the link of a registration is about nobody yet."""
        return cast(User, self.user)

    @property
    def token(self) -> str:
        """For the mail: 96 characters that no program takes for the end of an address."""
        return self._token(settings.SECRET_KEY)

    @property
    def url(self) -> str:
        """On the front end, with the token behind `#`, where it reaches no server and no log."""
        return f"{settings.FRONTEND_URL}{TERMS[Purpose(self.purpose)].path}#{self.token}"

    def is_opened_by(self, token: str) -> bool:
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return any(constant_time_compare(token, self._token(key)) for key in keys)

    def _token(self, key: str) -> str:
        facts = [str(getattr(self.user, name)) for name in TERMS[Purpose(self.purpose)].dies_with]
        signed = "\0".join([self.pk.hex, self.email, *facts])
        salt = f"latchkey.link.{self.purpose}"
        return self.pk.hex + salted_hmac(salt, signed, secret=key, algorithm="sha256").hexdigest()
