"""The tokens of mails. Each allows the reader of its mail one action, once."""

import re
import uuid
from typing import cast

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.errors import EmailTaken, InvalidLink
from accounts.fields import MAX_LENGTH
from accounts.front_end import pages_url
from accounts.models import User

from .queue import GIVE_UP_AFTER, REVOCABLE, QueuedMail
from .token_types import RULES, TokenType

TOKEN = re.compile("[0-9a-f]{96}")  # 32 digits of the id, then 64 of the HMAC with SHA-256


class OneTimeTokenQuerySet(models.QuerySet["OneTimeToken"]):
    def usable(self) -> "OneTimeTokenQuerySet":
        return self.filter(used_at=None, expires_at__gt=timezone.now())

    def expired(self) -> "OneTimeTokenQuerySet":
        return self.filter(expires_at__lte=timezone.now())

    def reserving(self, email: str) -> "OneTimeTokenQuerySet":
        """The revert tokens with which the owner of this mailbox can still take the address back."""
        return self.usable().filter(type=TokenType.REVERT, email=email)

    def mark_used(self) -> int:
        """Mark these tokens as used; returns how many were unused. Of several callers with one token, one gets 1."""
        return self.filter(used_at=None).update(used_at=timezone.now())


class OneTimeTokenManager(models.Manager.from_queryset(OneTimeTokenQuerySet)):  # type: ignore[misc]
    def issue(self, mail: QueuedMail, token_type: TokenType, user: User | None) -> "OneTimeToken | None":
        """The token of this mail, the same at each attempt; None if it was used or a newer one was requested.

        `user` must be fresh from the database, its row locked; None for a registration. Each attempt extends the
        lifetime, because the reader does not have the token yet. A new token invalidates older ones of its type.

        Revert tokens differ. They do not invalidate each other, because a thief could trigger any number of alerts.
        They reserve an address, so their lifetime has a fixed end.

        Raises IntegrityError if another worker issues a token for the registration of the same address at once.
        """
        expires_at = timezone.now() + RULES[token_type].lifetime
        same_mail = self.filter(pk=mail.pk)
        if token_type == TokenType.REVERT:
            expires_at = min(expires_at, mail.requested_at + RULES[token_type].lifetime + GIVE_UP_AFTER)
        known: OneTimeToken | None = same_mail.first()
        if known:
            return known if same_mail.filter(used_at=None).update(expires_at=expires_at) else None
        if token_type != TokenType.REVERT:
            same = self.filter(Q(user=user) if user else Q(email=mail.email), type=token_type)
            if same.filter(requested_at__gt=mail.requested_at).exists():
                return None
            same.mark_used()
        token: OneTimeToken = self.create(
            pk=mail.pk,
            type=token_type,
            user=user,
            email=mail.email,
            requested_at=mail.requested_at,
            expires_at=expires_at,
        )
        return token

    def verify(self, token_type: TokenType, token: str) -> "OneTimeToken":
        """The row of this token, with its user. Raises InvalidLink if it is unknown, used, expired or revoked."""
        found: OneTimeToken | None = None
        if TOKEN.fullmatch(token):
            found = self.usable().filter(type=token_type, pk=token[:32]).select_related("user").first()
        if found is None or not found.matches(token) or (found.user and not found.user.is_active):
            raise InvalidLink
        return found

    def consume(self, token_type: TokenType, token: str) -> "OneTimeToken":
        """Verify the token, lock its user's row, and mark it as used. Raises InvalidLink.

        Call this in the transaction of the action that the token allows.
        """
        found = self.verify(token_type, token)
        if found.user:
            User.objects.filter(pk=found.user.pk).lock().first()
            found = self.verify(token_type, token)  # again: the user may have changed before the lock
        if not self.filter(pk=found.pk).mark_used():
            raise InvalidLink
        return found

    def require_unreserved(self, user: User) -> None:
        """Raises EmailTaken while another user can still take back this address: see `accounts/recovery/undo.py`.

        Call this after the INSERT or UPDATE that takes the address. That statement waits for a transaction that gives
        the address up, and that transaction issues the revert token.
        """
        if self.reserving(user.email).exclude(user=user).exists():
            raise EmailTaken

    def revoke(self, user: User) -> None:
        """Revoke all tokens of this user except revert tokens, and delete the queued mails that would carry new ones.

        Call this in a transaction that holds the lock of the user's row.
        """
        self.filter(user=user).exclude(type=TokenType.REVERT).mark_used()
        QueuedMail.objects.filter(Q(user=user) | Q(email=user.email), type__in=REVOCABLE).delete()


class OneTimeToken(models.Model):
    """What the reader of a mail may do, once. The token is computed from this row and SECRET_KEY, and is not stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=16, choices=TokenType)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="one_time_tokens")
    email = models.CharField(max_length=MAX_LENGTH, db_index=True)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)  # or revoked

    objects = OneTimeTokenManager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["type", "email"], condition=Q(user=None, used_at=None), name="one_token_for_an_unknown_address"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def known_user(self) -> User:
        """The user of this token. Only the token of a registration has none."""
        return cast(User, self.user)

    @property
    def token(self) -> str:
        """96 hexadecimal digits, so that mail programs find the end of the link."""
        return self._token(settings.SECRET_KEY)

    @property
    def url(self) -> str:
        """The page on the front end, with the token behind `#`: browsers do not send this part to servers."""
        return f"{pages_url()}{RULES[TokenType(self.type)].path}#{self.token}"

    def matches(self, token: str) -> bool:
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return any(constant_time_compare(token, self._token(key)) for key in keys)

    def _token(self, key: str) -> str:
        facts = [str(getattr(self.user, name)) for name in RULES[TokenType(self.type)].invalidated_by]
        signed = "\0".join([self.pk.hex, self.email, *facts])
        salt = f"latchkey.one_time_token.{self.type}"
        return self.pk.hex + salted_hmac(salt, signed, secret=key, algorithm="sha256").hexdigest()
