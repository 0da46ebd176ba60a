"""How a user verifies the email address."""

from django.db import transaction
from django.utils import timezone

from accounts.mail.errors import InvalidLink
from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import MailType, QueuedMail
from accounts.mail.token_types import TokenType
from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import ClientInfo


def request_verification(user: User, *, client: ClientInfo | None = None) -> None:
    """Queue the mail with the token. The worker sends no mail if the address is verified by then.

    An administrator asks without a `client`.
    """
    QueuedMail.objects.enqueue(MailType.VERIFY, email=user.email, user=user, client=client)


def verify_email(user: User, *, token: str, client: ClientInfo) -> None:
    """Mark the address of this user as verified. Raises InvalidLink, also for another user's token.

    The caller must be logged in as the user of the token. Otherwise a click on the link could verify an account that a
    stranger registered with the reader's address.
    """
    with transaction.atomic():
        consume_own(user, TokenType.VERIFY, token=token)
        now = timezone.now()
        User.objects.filter(pk=user.pk).update(email_verified_at=now, updated_at=now)
        Event.objects.record(Tag.EMAIL_VERIFIED, user, client=client)


def consume_own(user: User, token_type: TokenType, *, token: str) -> OneTimeToken:
    """Consume this user's token, and return its row. Raises InvalidLink; another user's token stays valid."""
    if OneTimeToken.objects.verify(token_type, token).user != user:
        raise InvalidLink
    return OneTimeToken.objects.consume(token_type, token)
