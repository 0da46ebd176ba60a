"""How a user verifies the email address, and moves to another one."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import EmailTaken, InvalidLink
from accounts.mail.models import MailType, OneTimeToken, QueuedMail, TokenType
from accounts.mail.notifications import notify
from accounts.models import User
from sessions_api.events.models import Event, Tag
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


def consume_own(user: User, token_type: TokenType, *, token: str) -> OneTimeToken:
    """Consume this user's token, and return its row. Raises InvalidLink; another user's token stays valid."""
    if OneTimeToken.objects.verify(token_type, token).user != user:
        raise InvalidLink
    return OneTimeToken.objects.consume(token_type, token)


def give_address(user: User, *, email: str) -> None:
    """Give the user this address, verified. Raises EmailTaken, which must roll back the caller's transaction."""
    user.email, user.email_verified_at = email, timezone.now()
    save_with_new_address(user, update_fields=["email", "email_verified_at", "updated_at"])


def save_with_new_address(user: User, **options: Any) -> None:
    """Save a user who takes an address. Raises EmailTaken, which must roll back the caller's transaction."""
    try:
        with transaction.atomic():
            user.save(**options)
    except IntegrityError:
        raise EmailTaken from None
    OneTimeToken.objects.require_unreserved(user)
