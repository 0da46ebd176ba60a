"""The tokens that mails carry: each lets its reader do one thing, once."""

import re
import uuid
from typing import cast

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.errors import EmailTaken
from accounts.fields import MAX_LENGTH
from accounts.models import User

from .errors import InvalidLink
from .queue import GIVE_UP_AFTER, ON_REQUEST, QueuedMail
from .token_types import RULES, TokenType

TOKEN = re.compile("[0-9a-f]{96}")


class OneTimeTokenQuerySet(models.QuerySet["OneTimeToken"]):
    def usable(self) -> "OneTimeTokenQuerySet":
        return self.filter(used_at=None, expires_at__gt=timezone.now())

    def expired(self) -> "OneTimeTokenQuerySet":
        return self.filter(expires_at__lte=timezone.now())

    def reserving(self, email: str) -> "OneTimeTokenQuerySet":
        """The revert tokens by which the owner of this mailbox can still take the address back."""
        return self.usable().filter(type=TokenType.REVERT, email=email)

    def mark_used(self) -> int:
        """How many were unused until now. One UPDATE: of many callers that use one token at once, one gets 1."""
        return self.filter(used_at=None).update(used_at=timezone.now())


class OneTimeTokenManager(models.Manager.from_queryset(OneTimeTokenQuerySet)):  # type: ignore[misc]
    def issue(self, mail: QueuedMail, token_type: TokenType, user: User | None) -> "OneTimeToken | None":
        """The token of this mail: the same, however often the mail is sent. Older tokens of its type become invalid.

        None where the token was used, or a newer one was requested. `user` is as in the database, the row locked.
        Each attempt to send moves the end, for the reader does not have the token yet. Revert tokens are different in
        two ways. They do not replace each other, because a thief could cause as many as they like. They reserve an
        address, so they end at a fixed time, however often the mail is sent.
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
        """The row of this token, with its user, while it is usable. Raises InvalidLink."""
        found: OneTimeToken | None = None
        if TOKEN.fullmatch(token):
            found = self.usable().filter(type=token_type, pk=token[:32]).select_related("user").first()
        if found is None or not found.matches(token) or (found.user and not found.user.is_active):
            raise InvalidLink
        return found

    def consume(self, token_type: TokenType, token: str) -> "OneTimeToken":
        """The same, used up by this call, its user's row locked. Raises InvalidLink.

        Call it in the transaction of what the token allows.
        """
        found = self.verify(token_type, token)
        if found.user:
            User.objects.filter(pk=found.user.pk).lock().first()
            found = self.verify(token_type, token)  # again, as it is under the lock
        if not self.filter(pk=found.pk).mark_used():
            raise InvalidLink
        return found

    def revoke(self, user: User) -> None:
        """Every mail that this user requested opens nothing any more; revert tokens stay.

        Call it in a transaction that holds the user's row.
        """
        self.filter(user=user).exclude(type=TokenType.REVERT).mark_used()
        QueuedMail.objects.filter(Q(user=user) | Q(email=user.email), type__in=ON_REQUEST).delete()


class OneTimeToken(models.Model):
    """What the reader of a mail may do, once. The token is made of this row and SECRET_KEY, and is stored nowhere."""

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
                fields=["type", "email"],
                condition=Q(user=None, used_at=None),
                name="one_token_for_an_unknown_address",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def known_user(self) -> User:
        """The user of this token; only that of a registration has none."""
        return cast(User, self.user)

    @property
    def token(self) -> str:
        """For the mail: 96 hexadecimal characters, which no mail program takes for the end of a sentence."""
        return self._token(settings.SECRET_KEY)

    @property
    def url(self) -> str:
        """On the front end, with the token behind `#`, which browsers send to no server."""
        return f"{settings.FRONTEND_URL}{RULES[TokenType(self.type)].path}#{self.token}"

    def matches(self, token: str) -> bool:
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        return any(constant_time_compare(token, self._token(key)) for key in keys)

    def _token(self, key: str) -> str:
        facts = [str(getattr(self.user, name)) for name in RULES[TokenType(self.type)].invalidated_by]
        signed = "\0".join([self.pk.hex, self.email, *facts])
        salt = f"latchkey.one_time_token.{self.type}"
        return self.pk.hex + salted_hmac(salt, signed, secret=key, algorithm="sha256").hexdigest()


def require_unreserved(user: User) -> None:
    """Raises EmailTaken while the owner of a mailbox may still take this address back: see `recovery/undo.py`.

    Call it after the INSERT or UPDATE that takes the address: that statement waits for a user who is giving it up.
    """
    if OneTimeToken.objects.reserving(user.email).exclude(user=user).exists():
        raise EmailTaken
