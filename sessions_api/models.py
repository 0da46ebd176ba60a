"""The session: the user whom a token authenticates, and until when."""

import uuid
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q, Window
from django.db.models.base import ModelState
from django.db.models.functions import RowNumber
from django.utils import timezone

from sessions_api.events.models import Event, Tag
from sessions_api.http.client import USER_AGENT_LENGTH, ClientInfo, device
from sessions_api.http.errors import ReauthenticationRequired, SessionExpired

from .bookkeeping import write_if_possible
from .compiled_query import CompiledQuery
from .tokens import digest, looks_like_token, new_token

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

DIGEST_LENGTH = 32  # bytes of SHA-256
METHOD_LENGTH = 32  # `password`, or the name of a provider, which social-auth limits to the same length
FIRST_TIME, LAST_TIME = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
CLOCK_SKEW = timedelta(minutes=1)  # between two machines; NTP keeps it far smaller


class TimestampMixin(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **options: Any) -> Self:
        """As Django's, for a fifth of its CPU: each field only keeps its value, and nothing listens to `pre_init`.

        Django loads a column that is left out when it is asked for.
        """
        loaded = cls.__new__(cls)
        loaded.__dict__.update(zip(field_names, values, strict=True))
        loaded._state = ModelState()
        loaded._state.adding, loaded._state.db = False, db
        return loaded


class SessionMixin(models.Model):
    """What the API's and the admin's sessions have in common."""

    id = models.UUIDField("session id", primary_key=True, default=uuid.uuid4, editable=False)
    ip_address = models.GenericIPAddressField("IP address", null=True)
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def expires_in(self) -> int:
        """Whole seconds until `ends_at`, never negative."""
        return max(0, int((self.ends_at - timezone.now()).total_seconds()))  # type: ignore[attr-defined]

    @property
    def device(self) -> str:
        """“Firefox on Linux”, as far as the user agent tells, or empty."""
        return device(self.user_agent)


def earlier_end(expires_at: datetime, last_seen_at: datetime) -> datetime:
    """The absolute expiry of a session of the API, or its idle expiry if that is earlier."""
    return min(expires_at, last_seen_at + settings.SESSION_IDLE) if settings.SESSION_IDLE else expires_at


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self) -> Self:
        """Sessions whose token is valid now, if their user is active."""
        now = timezone.now()
        live = Q(expires_at__gt=now)
        if settings.SESSION_IDLE:
            live &= Q(last_seen_at__gt=now - settings.SESSION_IDLE)
        return self.filter(live)

    def expired(self) -> Self:
        """Sessions past their absolute or their idle expiry."""
        now = timezone.now()
        expired = Q(expires_at__lte=now)
        if settings.SESSION_IDLE:
            expired |= Q(last_seen_at__lte=now - settings.SESSION_IDLE)
        return self.filter(expired)

    def revoke(self, except_for: "Session | None" = None) -> int:
        """Delete these sessions, and return their number."""
        revoked, _ = (self.exclude(pk=except_for.pk) if except_for else self).delete()
        return revoked

    def revoke_in_batches(self, size: int) -> Iterator[int]:
        """Delete these sessions in one pass of batches of `size` rows, and yield the number of each batch.

        Each batch is a transaction with one DELETE. Batches follow `expires_at`, which is nearly the order of creation:
        neighbours in the table, so that few of its pages are written. A row that another transaction has locked is
        skipped, so two of these passes, or one beside logins, never wait for each other.
        """
        # One query finds the ends of all batches. A query for each batch would sort all remaining rows each time, when
        # the planner underestimates their number.
        numbered = self.annotate(number=Window(RowNumber(), order_by="expires_at"))
        ends = numbered.alias(over=F("number") % size).filter(over=0).order_by("expires_at")
        for batch in pairwise([FIRST_TIME, *ends.values_list("expires_at", flat=True), LAST_TIME]):
            rows = self.filter(expires_at__range=batch).order_by("expires_at")[:size]
            with transaction.atomic(using=self.db):
                locked = rows.select_for_update(skip_locked=True).values("pk")
                revoked = self.model.objects.filter(pk__in=locked).revoke()
            yield revoked


class SessionManager(models.Manager.from_queryset(SessionQuerySet)):  # type: ignore[misc]
    def start(self, user: "AbstractBaseUser", *, method: str, client: ClientInfo) -> "tuple[Session, str]":
        """Create a session for this user, and return it with its token, which is not stored.

        The user keeps at most `SESSION_MAX_PER_USER` sessions: the least recently seen ones are revoked. Expired ones
        are deleted, so that a clock that is set back makes none valid again. Call it in a transaction that has locked
        the user's row; without the lock, parallel logins can exceed the limit.
        """
        now = timezone.now()
        self.expired().filter(user=user).revoke()
        token = new_token()
        session = self.create(
            user=user,
            digest=digest(token),
            expires_at=now + settings.SESSION_LIFETIME,
            last_seen_at=now,
            authenticated_at=now,
            method=method,
            ip_address=client.address,
            user_agent=client.user_agent,
        )
        others = self.live().filter(user=user).exclude(pk=session.pk).order_by("-last_seen_at", "-created_at")
        evicted = self.filter(pk__in=others.values("pk")[settings.SESSION_MAX_PER_USER - 1 :]).revoke()
        if evicted:
            Event.objects.record(Tag.SESSIONS_EVICTED, user, client=client, session=session.pk, number=evicted)
        return session, token

    def authenticate(self, token: str) -> "Session | None":
        """The live session of this token, with its active user; None for any other text. One query.

        A session found expired is deleted, so that a clock that is set back does not make it valid again.
        """
        if not looks_like_token(token):
            return None
        session = BY_DIGEST.first(digest(token))
        if session is None or session.is_live():
            return session
        write_if_possible(self.expired().filter(pk=session.pk).revoke)
        return None


class Session(SessionMixin, TimestampMixin):
    class Method(models.TextChoices):
        PASSWORD = "password"

    digest = models.BinaryField(max_length=DIGEST_LENGTH, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sessions")
    expires_at = models.DateTimeField(db_index=True)
    last_seen_at = models.DateTimeField()
    authenticated_at = models.DateTimeField()
    method = models.CharField(max_length=METHOD_LENGTH, choices=Method)

    objects = SessionManager()

    def save(self, **options: Any) -> None:
        """Raises DatabaseError for a session that was deleted meanwhile. Django by itself would insert it again."""
        super().save(**options if self._state.adding else options | {"force_update": True})

    @property
    def ends_at(self) -> datetime:
        """The earlier of the absolute and the idle expiry."""
        return earlier_end(self.expires_at, self.last_seen_at)

    def is_live(self) -> bool:
        return self.ends_at > timezone.now()

    def siblings(self) -> SessionQuerySet:
        """All sessions of the same user, including this one."""
        return Session.objects.filter(user=self.user_id)

    def require_not_revoked(self) -> None:
        """Raises SessionExpired if this session ended, or its token was renewed, after it was authenticated.

        Call it in the transaction that has locked the user's row: then no other request revokes the session meanwhile.
        """
        if not Session.objects.live().filter(pk=self.pk, digest=self.digest).exists():
            raise SessionExpired

    def require_fresh(self) -> None:
        """Raises ReauthenticationRequired unless the user authenticated within the last `REAUTHENTICATION_SECONDS`.

        A time in the future counts as recent within `CLOCK_SKEW` only; otherwise it would count as recent for as long
        as the clock was wrong.
        """
        now = timezone.now()
        if not now - settings.REAUTHENTICATION <= self.authenticated_at <= now + CLOCK_SKEW:
            raise ReauthenticationRequired

    def renew(self) -> str:
        """Replace the token after the user authenticated again, and return the new one. The old token becomes invalid.

        One UPDATE; the session keeps its id and `expires_at`. Raises SessionExpired if the session ended or was renewed
        meanwhile.
        """
        token, now = new_token(), timezone.now()
        unchanged = Session.objects.live().filter(pk=self.pk, digest=self.digest)
        if not unchanged.update(digest=digest(token), authenticated_at=now, last_seen_at=now, updated_at=now):
            raise SessionExpired
        self.digest, self.authenticated_at, self.last_seen_at = digest(token), now, now
        return token

    def touch(self) -> None:
        """Record that the session is used now, at most once in `SESSION_TOUCH_SECONDS`.

        One conditional UPDATE: of many parallel requests one writes, and none restores a session that ended meanwhile.
        """
        now = timezone.now()
        stale = now - settings.SESSION_TOUCH
        if self.last_seen_at <= stale:
            unseen = Session.objects.live().filter(pk=self.pk, last_seen_at__lte=stale)
            if write_if_possible(lambda: unseen.update(last_seen_at=now, updated_at=now)):
                self.last_seen_at = now


# With the active user from the same row. `authenticate` checks the time, since a compiled query contains none.
BY_DIGEST: CompiledQuery[Session] = CompiledQuery(
    lambda digest: Session.objects.filter(digest=digest, user__is_active=True).select_related("user")
)
