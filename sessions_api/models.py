"""The session: what a token opens, for whom, until when."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import USER_AGENT_LENGTH, ClientInfo, device
from sessions_api.http.errors import ReauthenticationRequired, SessionExpired

from .compiled_query import CompiledQuery
from .tokens import digest, looks_like_token, new_token

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
CLOCKS_DIFFER = timedelta(minutes=1)  # by no more, from one machine to another


class TimestampMixin(models.Model):
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self) -> Self:
        now = timezone.now()
        live = Q(expires_at__gt=now)
        if settings.SESSION_IDLE:
            live &= Q(last_seen_at__gt=now - settings.SESSION_IDLE)
        return self.filter(live)

    def expired(self) -> Self:
        now = timezone.now()
        expired = Q(expires_at__lte=now)
        if settings.SESSION_IDLE:
            expired |= Q(last_seen_at__lte=now - settings.SESSION_IDLE)
        return self.filter(expired)

    def revoke(self, except_for: "Session | None" = None) -> int:
        """End these sessions, for good: the rows are gone. How many there were."""
        ended, _ = (self.exclude(pk=except_for.pk) if except_for else self).delete()
        return ended

    def revoke_in_batches(self, size: int) -> Iterator[int]:
        """End these sessions in one pass, `size` rows at a time, each batch one DELETE; yields what each ended.

        They go in the order of their ends, which is about the one they were made in: neighbours on disk, where a
        random order would write a page for each. Rows that somebody else has locked are left to them, so that two of
        these, or one beside logins, never wait for each other.
        """
        # Where each batch ends is asked once: asked again and again, it costs a sort of all that is left each time,
        # where the planner thinks that there is little.
        numbered = self.annotate(number=Window(RowNumber(), order_by="expires_at"))
        lasts = numbered.alias(over=F("number") % size).filter(over=0).order_by("expires_at")
        for batch in pairwise([EVER, *lasts.values_list("expires_at", flat=True), NEVER]):
            free = self.filter(expires_at__range=batch).order_by("expires_at")[:size]
            with transaction.atomic(using=self.db):
                locked = free.select_for_update(skip_locked=True).values("pk")
                ended = self.model.objects.filter(pk__in=locked).revoke()
            yield ended


class SessionManager(models.Manager.from_queryset(SessionQuerySet)):  # type: ignore[misc]
    def start(self, user: "AbstractBaseUser", *, method: str, client: ClientInfo) -> "tuple[Session, str]":
        """A new session of this user, and its token, which is shown here and never again.

        Beyond `SESSION_MAX_PER_USER` the least recently seen give way, and what has expired is deleted: it does not
        come back, should the clock be set back. Call it inside a transaction that holds the user's row, or the
        limit is not exact.
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
        """The live session that this token opens, with its user; None for any other text. One query.

        One that is found expired is deleted there and then: it does not come back, should the clock be set back.
        """
        if not looks_like_token(token):
            return None
        session = BY_DIGEST.first(digest(token))
        if session is None or session.is_live():
            return session
        self.expired().filter(pk=session.pk).revoke()
        return None


class Session(TimestampMixin):
    class Method(models.TextChoices):
        PASSWORD = "password"

    id = models.UUIDField("handle", primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sessions")
    expires_at = models.DateTimeField(db_index=True)
    last_seen_at = models.DateTimeField()
    authenticated_at = models.DateTimeField()
    method = models.CharField(max_length=32, choices=Method)
    ip_address = models.GenericIPAddressField("IP address", null=True)
    user_agent = models.CharField(max_length=USER_AGENT_LENGTH)

    objects = SessionManager()

    def __str__(self) -> str:
        return str(self.pk)

    def save(self, **options: Any) -> None:
        """Raises DatabaseError for a session that has ended: Django would insert anew what it finds no row of."""
        super().save(**options if self._state.adding else options | {"force_update": True})

    @property
    def ends_at(self) -> datetime:
        """The earlier of the absolute and the idle end."""
        if not settings.SESSION_IDLE:
            return self.expires_at
        return min(self.expires_at, self.last_seen_at + settings.SESSION_IDLE)

    @property
    def expires_in(self) -> int:
        """Whole seconds until the session ends by itself, never negative."""
        return max(0, int((self.ends_at - timezone.now()).total_seconds()))

    @property
    def device(self) -> str:
        """“Firefox on Linux”, as far as the user agent tells; empty where it tells nothing."""
        return device(self.user_agent)

    def is_live(self) -> bool:
        return self.ends_at > timezone.now()

    def siblings(self) -> SessionQuerySet:
        """All sessions of the same user, this one too."""
        return Session.objects.filter(user=self.user_id)

    def require_not_revoked(self) -> None:
        """Raises SessionExpired where the session has ended, or its token was renewed, since it was looked up.

        For what must not be done by a session that is no more: ask under the lock of the user's row.
        """
        if not Session.objects.live().filter(pk=self.pk, digest=self.digest).exists():
            raise SessionExpired

    def require_fresh(self) -> None:
        """Raises ReauthenticationRequired unless the user has authenticated within `REAUTHENTICATION_SECONDS`.

        A little of the future counts, for clocks differ; more of it would be fresh for as long.
        """
        now = timezone.now()
        if not now - settings.REAUTHENTICATION <= self.authenticated_at <= now + CLOCKS_DIFFER:
            raise ReauthenticationRequired

    def renew(self) -> str | None:
        """A new token for this session, whose user has just authenticated again; the old one is dead.

        One UPDATE: handle and end stay. None where the session has ended, or been renewed, meanwhile.
        """
        token, now = new_token(), timezone.now()
        mine = Session.objects.live().filter(pk=self.pk, digest=self.digest)
        if not mine.update(digest=digest(token), authenticated_at=now, last_seen_at=now, updated_at=now):
            return None
        self.digest, self.authenticated_at, self.last_seen_at = digest(token), now, now
        return token

    def touch(self) -> None:
        """Note that the session is in use, at most once in `SESSION_TOUCH_SECONDS`.

        One conditional UPDATE: of many requests at once a single one writes, and none brings back a
        session that has ended meanwhile.
        """
        now = timezone.now()
        stale = now - settings.SESSION_TOUCH
        if self.last_seen_at <= stale:
            seen = Session.objects.live().filter(pk=self.pk, last_seen_at__lte=stale)
            if seen.update(last_seen_at=now, updated_at=now):
                self.last_seen_at = now


# With the user in the same row, if they are active; whether the session is live is asked of what was found.
BY_DIGEST = CompiledQuery(
    lambda digest: Session.objects.filter(digest=digest, user__is_active=True).select_related("user")
)
