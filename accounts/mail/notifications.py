"""Notifications: mails that tell a user what happened to the account, without a request for a mail."""

from typing import Any

from accounts.models import User
from sessions_api.http.client import ClientInfo
from sessions_api.ratelimit import limits

from .one_time_tokens import OneTimeToken
from .queue import SECURITY_ALERTS, MailType, QueuedMail
from .token_types import TokenType


def notify(user: User, mail_type: MailType, *, client: ClientInfo, **data: Any) -> None:
    """Queue a mail to the user's present address: what happened, when, from which IP address and with which device.

    A security alert to a verified mailbox carries a revert token, which reserves the address from now on. An unverified
    mailbox may belong to a stranger. It gets no token, no text that a caller could choose, and few of these mails an
    hour (`limits.NOTICES`). `data` are further variables for the template. Call this in the transaction of what it
    tells, which holds the lock of the user's row.
    """
    verified = user.email_verified
    if not verified and not limits.may_send_notice(user.email):
        return
    data |= {"ip_address": client.address or "", "verified": verified}
    if verified:
        data["device"] = client.device
    mail = QueuedMail.objects.enqueue(mail_type, email=user.email, user=user, **data)
    if verified and mail_type in SECURITY_ALERTS:
        OneTimeToken.objects.issue(mail, TokenType.REVERT, user)
