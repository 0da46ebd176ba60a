"""How the owner of a mailbox undoes what a thief did to the account."""

from datetime import datetime

from django.db import transaction

from accounts.email.verification import give_address
from accounts.login.lockout import clear_failures
from accounts.mail.models import MailType, OneTimeToken, QueuedMail, TokenType
from accounts.social.connections import unlink_identities
from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo

EARLIER_ADDRESS = "earlier address"  # the mail says by whom the address was changed


def undo(*, token: str, client: ClientInfo) -> None:
    """Undo the changes since this mailbox got its first security alert that is still valid. Queue a reset mail.

    The user gets that address back. The password, all sessions and later identities are revoked. So are the revert
    tokens of later alerts, which a thief may have received; an earlier revert token of another mailbox stays valid. The
    address that loses the account gets a mail without a link, and without the address of the caller.

    Raises InvalidLink; or EmailTaken where another user has the address, which only a direct write can cause.
    """
    with transaction.atomic():
        revert_token = OneTimeToken.objects.consume(TokenType.REVERT, token)
        user, since = revert_token.known_user, first_alerted_at(revert_token)
        unlink_identities(user, since=since, client=client)
        OneTimeToken.objects.filter(user=user, requested_at__gte=since).mark_used()
        user.queued_mails.filter(requested_at__gte=since).delete()
        OneTimeToken.objects.revoke(user)
        if user.email != revert_token.email:
            QueuedMail.objects.enqueue(MailType.EMAIL_CHANGED, email=user.email, user=user, by=EARLIER_ADDRESS)
            give_address(user, email=revert_token.email)
        user.reset_credentials()
        clear_failures(user, client)
        Event.objects.record(Tag.UNDONE, user, client=client)
        QueuedMail.objects.enqueue(MailType.RESET, email=revert_token.email)


def first_alerted_at(revert_token: OneTimeToken) -> datetime:
    """Users click in their latest mail, but want to undo everything since the first alert that is still valid."""
    earlier = OneTimeToken.objects.reserving(revert_token.email).filter(
        user=revert_token.user, requested_at__lt=revert_token.requested_at
    )
    first: OneTimeToken | None = earlier.order_by("requested_at").first()
    return (first or revert_token).requested_at
