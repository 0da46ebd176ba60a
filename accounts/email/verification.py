"""How a user proves that a mailbox is theirs."""

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


def ask_to_verify(user: User) -> None:
    """Queue the mail that verifies the address. The worker sends none where the address is verified by then."""
    QueuedMail.objects.enqueue(MailType.VERIFY, email=user.email, user=user)


def verify_email(user: User, *, token: str, client: ClientInfo) -> None:
    """Mark the address of this user as verified. Raises InvalidLink, also for another user's token.

    The user must be logged in as the user of the token. Else a click in a mail could verify an account that a
    stranger had opened in the reader's name.
    """
    with transaction.atomic():
        consume_own(user, TokenType.VERIFY, token=token)
        now = timezone.now()
        User.objects.filter(pk=user.pk).update(email_verified_at=now, updated_at=now)
        Event.objects.record(Tag.EMAIL_VERIFIED, user, client=client)


def consume_own(user: User, token_type: TokenType, *, token: str) -> OneTimeToken:
    """The row of this user's token, used up by this call. Raises InvalidLink; another user's token stays as it is."""
    if OneTimeToken.objects.verify(token_type, token).user != user:
        raise InvalidLink
    return OneTimeToken.objects.consume(token_type, token)
