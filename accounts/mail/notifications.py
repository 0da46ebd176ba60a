"""What a user is told about the account without a request: queued in the transaction of what it tells."""

from accounts.models import User
from sessions_api.http.client import ClientInfo
from sessions_api.ratelimit import limits

from .one_time_tokens import OneTimeToken
from .queue import SECURITY_ALERTS, MailType, QueuedMail
from .token_types import TokenType


def notify(user: User, mail_type: MailType, *, client: ClientInfo, **data: str | bool) -> None:
    """Tell the user, at the present address, what happened, when, from where and with which device.

    A security alert to a verified mailbox carries a revert token. It reserves the address from now on, also while the
    mail is on its way. An unverified mailbox may belong to a stranger: it gets no token, nothing that a caller could
    have chosen, and only a few of these mails an hour. Call it inside the transaction that holds the user's row.
    """
    verified = user.email_verified
    if not verified and not limits.within(limits.NOTICES, recipient=user.email):
        return
    data |= {"ip_address": client.address or "", "verified": verified}
    if verified:
        data["device"] = client.device
    mail = QueuedMail.objects.enqueue(mail_type, email=user.email, user=user, **data)
    if verified and mail_type in SECURITY_ALERTS:
        OneTimeToken.objects.issue(mail, TokenType.REVERT, user)
