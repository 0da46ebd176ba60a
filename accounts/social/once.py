"""What is good once: spent by one unique insert, whose conflict decides."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from social_django.models import Nonce

from sessions_api.tokens import digest


def spend(purpose: str, secret: str, *, until: int) -> bool:
    """Whether this is the first time. `until` (seconds since 1970) is when the secret ends by itself.

    Only a digest is kept, and that no longer than it could be needed. `until` is part of the unique key, so it
    has to come out of the secret, never from the clock.
    """
    try:
        with transaction.atomic():
            Nonce.objects.create(server_url=purpose, timestamp=until, salt=digest(secret).hex())
    except IntegrityError:
        return False
    return True


def purge() -> None:
    """Forget what has ended by itself; an hour more, for clocks that differ."""
    ended = timezone.now() - timedelta(hours=1)
    Nonce.objects.filter(timestamp__lt=int(ended.timestamp())).delete()
