"""What people are told about their account, by mail."""

from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone

from .models import User

LINKED = """\
Somebody can now log in to your account by {provider}.

When: {when:%d %B %Y, %H:%M} UTC

If it was you, there is nothing to do. If it was not: log in, take the connection away, and end your other sessions.
"""


def tell_of_link(person: User, provider: str) -> None:
    """Sent once the transaction holds. A mail server that is down is logged, and stops nothing."""
    text = LINKED.format(provider=provider, when=timezone.now())

    def send() -> None:
        send_mail(f"{provider} is linked to your account", text, None, [person.email])

    transaction.on_commit(send, robust=True)
