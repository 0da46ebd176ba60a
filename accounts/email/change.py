"""How a user changes the email address."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import EmailTaken
from accounts.mail.notifications import notify
from accounts.mail.one_time_tokens import OneTimeToken, require_unreserved
from accounts.mail.queue import MailType, QueuedMail
from accounts.mail.token_types import TokenType
from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import ClientInfo

from .verification import consume_own


def request_change(user: User, *, email: str, client: ClientInfo) -> None:
    """Queue a mail with a token to the new address. If a user has that address, the mail says so instead."""
    QueuedMail.objects.enqueue(MailType.CHANGE, email=email, user=user, client=client)


def request_change_by_admin(user: User, *, email: str, by: str, administrator: UUID | None) -> None:
    """The same for those who run the service: the mailbox and the user confirm the address, not the administrator.

    Call it in the transaction that holds the user's row.
    """
    QueuedMail.objects.enqueue(MailType.CHANGE, email=email, user=user, by=by)
    Event.objects.record(Tag.EMAIL_REQUESTED, user, administrator=administrator, by=by)


def change_email(user: User, *, token: str, client: ClientInfo) -> None:
    """Give the user the address that the token was sent to, verified. Queue a security alert to the old address.

    A verified old address can undo the change for seven days. Raises InvalidLink, or EmailTaken where another user has
    the address by now.
    """
    with transaction.atomic():
        change = consume_own(user, TokenType.CHANGE, token=token)
        held_user = change.known_user
        notify(held_user, MailType.EMAIL_CHANGED, client=client)
        OneTimeToken.objects.revoke(held_user)
        give_address(held_user, email=change.email)
        Event.objects.record(Tag.EMAIL_CHANGED, held_user, client=client)


def give_address(user: User, *, email: str) -> None:
    """Give the user this address, verified. Raises EmailTaken, which must roll back the caller's transaction."""
    user.email, user.email_verified_at = email, timezone.now()
    try:
        with transaction.atomic():
            user.save(update_fields=["email", "email_verified_at", "updated_at"])
    except IntegrityError:
        raise EmailTaken from None
    require_unreserved(user)
