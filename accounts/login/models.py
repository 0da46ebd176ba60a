"""Failures in a row, and the codes that a front end exchanges for a session."""

import base64
import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.errors import InvalidCode
from accounts.models import User
from sessions_api.tokens import digest

LOCKED_FROM = 100  # failures in a row: the most that NIST SP 800-63B-4, 3.2.2, allows
KEPT = timedelta(days=30)  # after the last failure, since strangers fill this table; so 99 guesses cost 33 days
NEVER = datetime.min.replace(tzinfo=UTC)
CODE_LIFETIME = timedelta(seconds=60)  # a front end exchanges its code at once; RFC 6749, 4.1.2, allows ten minutes


@dataclass(frozen=True)
class FailureKey:
    """What failures are counted under.

    `subject` is the id of a user, or the canonical address that no user has. So a user who takes an address starts
    without failures, though strangers may have caused some before. `scope` is explained in `lockout.py`.
    """

    subject: str
    scope: str

    @cached_property
    def digests(self) -> list[bytes]:
        """32 bytes each: under SECRET_KEY, then under each fallback, where former keys counted."""
        text = f"{self.subject}\0{self.scope}"
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return [salted_hmac("latchkey.login_failures", text, secret=key, algorithm="sha256").digest() for key in keys]

    def merge(self, rows: "Iterable[LoginFailures]") -> "LoginFailures":
        """The row with the last failure, and the count of all rows of this key. Unsaved, and 0, where there is none.

        There are several while an operator rotates SECRET_KEY: servers with different keys insert one each.
        """
        mine = sorted((row for row in rows if row.digest in self.digests), key=lambda row: (row.last_at, row.pk))
        last = mine[-1] if mine else LoginFailures(digest=self.digests[0], last_at=NEVER)
        last.count = sum(row.count for row in mine)
        return last


class LoginFailuresManager(models.Manager["LoginFailures"]):
    def under(self, key: FailureKey) -> "LoginFailures":
        """The failures under this key, found by one SELECT; unsaved, and 0, where there are none."""
        return key.merge(self.of([key]))

    def of(self, keys: Iterable[FailureKey]) -> "models.QuerySet[LoginFailures]":
        """The rows of these keys, also those that former SECRET_KEYs have left."""
        return self.filter(digest__in=[one for key in keys for one in key.digests])

    def add(self, key: FailureKey) -> int:
        """Count one more failure, now. Returns how many there are. Rows under former keys become one under SECRET_KEY.

        Of many first failures at once, the unique digest lets one insert. The others wait for it, then count on its
        row. Each conflict means that another caller succeeded, so the loop ends.
        """
        while True:
            with suppress(IntegrityError), transaction.atomic():
                return self._add(key)

    def _add(self, key: FailureKey) -> int:
        rows = list(self.of([key]).order_by("pk").select_for_update())  # in one order, so that no two callers deadlock
        failures = key.merge(rows)
        if others := [row.pk for row in rows if row is not failures]:
            self.filter(pk__in=others).delete()
        failures.digest, failures.count, failures.last_at = key.digests[0], failures.count + 1, timezone.now()
        failures.save()
        return failures.count

    def clear(self, keys: Iterable[FailureKey]) -> None:
        self.of(keys).delete()

    def expired(self) -> "models.QuerySet[LoginFailures]":
        """Rows that the purge deletes. A locked one stays, or a caller could wait until it is unlocked."""
        return self.filter(last_at__lte=timezone.now() - KEPT, count__lt=LOCKED_FROM)


class LoginFailures(models.Model):
    """How many wrong passwords in a row one user, or one address without a user, has had in one scope.

    The digest is keyed, so the table tells its readers neither users nor addresses. The same statements count for an
    address that a user has and for any other, for as long, so no answer tells which it is.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    count = models.PositiveIntegerField()
    last_at = models.DateTimeField(db_index=True)  # also moved when a caller takes the turn after a cool-off

    objects = LoginFailuresManager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.count)

    @property
    def is_locked(self) -> bool:
        return self.count >= LOCKED_FROM

    def replace_last_at(self, old: datetime, new: datetime) -> bool:
        """Whether this caller did it. One conditional UPDATE: of many callers with the same `old`, one does."""
        return bool(LoginFailures.objects.filter(pk=self.pk, last_at=old).update(last_at=new))


class SessionExchangeCodeManager(models.Manager["SessionExchangeCode"]):
    def issue(self, user: User, *, provider: str, code_challenge: str) -> str:
        """A code that is valid once, for 60 seconds, for the caller that knows the verifier (RFC 7636, S256)."""
        code = secrets.token_urlsafe(32)
        self.create(
            digest=digest(code),
            user=user,
            provider=provider,
            code_challenge=code_challenge,
            expires_at=timezone.now() + CODE_LIFETIME,
        )
        return code

    def consume(self, code: str, code_verifier: str) -> "SessionExchangeCode":
        """The row of this code, with its user. The attempt uses it up, also with a wrong verifier. Raises InvalidCode.

        Of many callers at once, one deletes the row.
        """
        found = self.filter(digest=digest(code)).select_related("user").first()
        if found is None or not self.filter(pk=found.pk).delete()[0]:
            raise InvalidCode
        expired = found.expires_at <= timezone.now()
        if expired or not constant_time_compare(s256(code_verifier), found.code_challenge):
            raise InvalidCode
        return found

    def expired(self) -> "models.QuerySet[SessionExchangeCode]":
        return self.filter(expires_at__lte=timezone.now())


class SessionExchangeCode(models.Model):
    """What a front end exchanges for a session at the end of a provider's sign-in. Only the digest is stored."""

    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="exchange_codes")
    provider = models.CharField(max_length=32)
    code_challenge = models.CharField(max_length=43)
    expires_at = models.DateTimeField(db_index=True)

    objects = SessionExchangeCodeManager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


def revoke_pending_codes(user: User) -> None:
    """Revoke the codes of sign-ins that are under way. Call it inside a transaction that holds the user's row."""
    SessionExchangeCode.objects.filter(user=user).delete()


def s256(verifier: str) -> str:
    """The code challenge of this verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
