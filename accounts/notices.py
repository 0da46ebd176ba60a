"""What people are told about their account, without having asked: queued in the transaction of what it tells."""

from django.http import HttpRequest

from sessions_api.client import client_ip, device, user_agent

from .mail.models import Letter, QueuedMail
from .models import User


def notify(user: User, letter: Letter, request: HttpRequest, **told: str) -> None:
    """Tell the person, at the address that they have just now, what happened, when, where from and with what.

    A mailbox that has not proven itself may be a stranger's, so it gets nothing that a caller could have chosen.
    """
    told["ip_address"] = client_ip(request) or ""
    if user.email_verified:
        told["device"] = device(user_agent(request))
    QueuedMail.objects.put(letter, email=user.email, user=user, **told)
