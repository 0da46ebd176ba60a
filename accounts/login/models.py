"""Wrong passwords in a row, and the codes that a front end exchanges for a session."""

import base64
import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User
from sessions_api.tokens import digest

from .errors import InvalidCode

LOCKED_FROM = 100  # failures in a row: the most that NIST SP 800-63B-4, 3.2.2, allows
KEPT = timedelta(days=30)  # after the last failure; a guess a month is no attack
NEVER = datetime.min.replace(tzinfo=UTC)
CODE_LIFETIME = timedelta(seconds=60)  # a front end exchanges its code at once; RFC 6749, 4.1.2, allows ten minutes


class FailureKey:
    """What failures are counted under: the canonical address, or the id of a user, and a scope.

    The digest is keyed by SECRET_KEY. Those under the fallbacks find what was counted before the key was rotated.
    """

    def __init__(self, subject: str, scope: str) -> None:
        self.subject, self.scope = subject, scope

    @cached_property
    def digests(self) -> list[bytes]:
        """Under SECRET_KEY first, then under each fallback; 32 bytes each."""
        text = f"{self.subject}\0{self.scope}"
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return [salted_hmac("latchkey.login_failures", text, secret=key, algorithm="sha256").digest() for key in keys]

    @property
    def digest(self) -> bytes:
        return self.digests[0]


class LoginFailuresManager(models.Manager["LoginFailures"]):
    def count_of(self, key: FailureKey) -> "LoginFailures":
        """The failures under this key, unsaved and 0 where there are none. One SELECT, whoever has the address.

        A server that still signs with a former SECRET_KEY may count beside this one, so there may be a row for each.
        """
        return self.merged(key, list(self.filter(digest__in=key.digests)))

    def merged(self, key: FailureKey, rows: "list[LoginFailures]") -> "LoginFailures":
        if not rows:
            return LoginFailures(digest=key.digest, count=0, last_at=NEVER)
        latest = max(rows, key=lambda row: row.last_at)
        latest.count = sum(row.count for row in rows)
        return latest

    def add(self, key: FailureKey) -> int:
        """Count one more failure, now; how many there are. Rows under former keys become one under today's.

        Of many callers that fail first at once, the unique digest lets one insert; the others count on that row.
        """
        try:
            with transaction.atomic():
                return self._add(key)
        except IntegrityError:
            return self._add(key)

    def _add(self, key: FailureKey) -> int:
        rows = list(self.select_for_update().filter(digest__in=key.digests))
        failures = self.merged(key, rows)
        failures.digest, failures.count, failures.last_at = key.digest, failures.count + 1, timezone.now()
        self.filter(pk__in=[row.pk for row in rows if row.pk != failures.pk]).delete()
        failures.save()
        return failures.count

    def clear(self, keys: Iterable[FailureKey]) -> None:
        self.filter(digest__in=[digest for key in keys for digest in key.digests]).delete()

    def expired(self) -> "models.QuerySet[LoginFailures]":
        """Rows that the purge deletes: KEPT after the last failure. A locked one stays, or waiting would unlock it."""
        return self.filter(last_at__lte=timezone.now() - KEPT, count__lt=LOCKED_FROM)


class LoginFailures(models.Model):
    """How many wrong passwords in a row one address, or one user, has had in one scope: see `lockout.py`.

    Addresses are kept as keyed digests, so the table tells its reader nothing, and an address that no user has is
    counted by the same statements, and for as long, as any other.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    count = models.PositiveIntegerField()
    last_at = models.DateTimeField(db_index=True)

    objects = LoginFailuresManager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.count)


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
        """The row of this code, which the attempt uses up. Raises InvalidCode."""
        found = self.filter(digest=digest(code)).select_related("user").first()
        if found is None or not self.filter(pk=found.pk).delete()[0]:  # of many callers at once, one deletes the row
            raise InvalidCode
        expired = found.expires_at <= timezone.now()
        if expired or not constant_time_compare(s256(code_verifier), found.code_challenge):
            raise InvalidCode
        return found

    def expired(self) -> "models.QuerySet[SessionExchangeCode]":
        return self.filter(expires_at__lte=timezone.now())


class SessionExchangeCode(models.Model):
    """What a front end exchanges for a session at the end of a provider's sign-in. Only the code's digest is kept."""

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
    """No sign-in that is under way opens a session any more. Call it inside a transaction that holds the user's row."""
    SessionExchangeCode.objects.filter(user=user).delete()


def s256(verifier: str) -> str:
    """The code challenge of this verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
