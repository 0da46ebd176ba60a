"""What may be used once and has no row of its own: OAuth state, ID tokens, link tickets."""

from datetime import datetime, timedelta

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from sessions_api.tokens import digest

CLOCKS_DIFFER = timedelta(hours=1)  # a server whose clock is behind may still accept what has expired here


class ConsumedTokenManager(models.Manager["ConsumedToken"]):
    def expired(self) -> "models.QuerySet[ConsumedToken]":
        """Rows that no server needs any more, because the token is refused for its age."""
        return self.filter(expires_at__lt=timezone.now() - CLOCKS_DIFFER)


class ConsumedToken(models.Model):
    """The digest of a token that was used. The unique constraint decides between callers that use one at once."""

    purpose = models.CharField(max_length=255)
    digest = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField(db_index=True)

    objects = ConsumedTokenManager()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["purpose", "digest"], name="token_is_consumed_once")]

    def __str__(self) -> str:
        return str(self.pk)


def consume_once(*, purpose: str, token: str, expires_at: datetime) -> bool:
    """Whether this is the first use of the token, decided by one unique INSERT.

    `purpose` separates tokens of different kinds. `expires_at` is when the token expires by itself; the digest is kept
    until an hour later.
    """
    try:
        with transaction.atomic():
            ConsumedToken.objects.create(purpose=purpose, digest=digest(token), expires_at=expires_at)
    except IntegrityError:
        return False
    return True
