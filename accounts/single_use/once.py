"""What is good once: spent by one unique insert, whose conflict decides."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.social.models import Spent
from sessions_api.tokens import digest


def spend(purpose: str, secret: str, *, until: int) -> bool:
    """Whether this is the first time. `until` (seconds since 1970) is when the secret ends by itself.

    Only a digest is kept, and that no longer than it could be needed.
    """
    try:
        with transaction.atomic():
            Spent.objects.create(purpose=purpose, digest=digest(secret), until=until)
    except IntegrityError:
        return False
    return True


def purge() -> None:
    """Forget what has ended by itself; an hour more, for clocks that differ."""
    ended = timezone.now() - timedelta(hours=1)
    Spent.objects.filter(until__lt=int(ended.timestamp())).delete()
