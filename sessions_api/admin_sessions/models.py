"""The admin's sessions: a browser that is logged in to the admin by a cookie, and until when."""

import hashlib
from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone

from sessions_api.bookkeeping import write_if_possible
from sessions_api.http.errors import SessionExpired
from sessions_api.models import SessionMixin

METHOD = "admin"  # in the list of a user's sessions
DIGEST_LENGTH = 64  # hexadecimal digits of SHA-256


def digest(session_key: str) -> str:
    """SHA-256 of the cookie's value. A fast hash suffices for 165 random bits (ASVS 5.0, 6.5.2)."""
    return hashlib.sha256(session_key.encode()).hexdigest()


class AdminSessionQuerySet(models.QuerySet["AdminSession"]):
    def live(self) -> Self:
        return self.filter(expire_date__gt=timezone.now())

    def expired(self) -> Self:
        return self.filter(expire_date__lte=timezone.now())

    def revoke(self) -> int:
        """Delete these sessions, and return their number."""
        return self.delete()[0]


class AdminSession(SessionMixin, AbstractBaseSession):
    """A session of Django's, with its user. The cookie's value is not stored, only its digest as `session_key`."""

    session_key = models.CharField(max_length=DIGEST_LENGTH, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="admin_sessions")
    created_at = models.DateTimeField(default=timezone.now)
    last_seen_at = models.DateTimeField(default=timezone.now)

    objects = AdminSessionQuerySet.as_manager()  # type: ignore[assignment, misc]

    method = METHOD

    class Meta:
        verbose_name = "admin session"
        verbose_name_plural = "admin sessions"

    @property
    def authenticated_at(self) -> datetime:
        """A login, and a new password of one's own, create a new row."""
        return self.created_at

    @property
    def ends_at(self) -> datetime:
        return self.expire_date

    def require_not_revoked(self) -> None:
        """Raises SessionExpired if this session ended. Call it in the transaction that has locked the user's row."""
        if not AdminSession.objects.live().filter(pk=self.pk).exists():
            raise SessionExpired

    def touch(self) -> None:
        """Record that the session is used now, at most once in `SESSION_TOUCH_SECONDS`, by one conditional UPDATE."""
        now = timezone.now()
        stale = now - settings.SESSION_TOUCH
        if self.last_seen_at <= stale:
            unseen = AdminSession.objects.filter(pk=self.pk, last_seen_at__lte=stale)
            write_if_possible(lambda: unseen.update(last_seen_at=now))
