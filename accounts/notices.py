"""What people are told about their account, without having asked: queued in the transaction of what it tells."""

from django.http import HttpRequest

from sessions_api.client import client_ip, device, user_agent

from .mail.links import Purpose
from .mail.models import Letter, Link, QueuedMail
from .models import User


def notify(user: User, letter: Letter, request: HttpRequest, **told: str) -> None:
    """Tell the person, at the address that they have just now, what happened, when, where from and with what.

    A mailbox that has proven itself can take back what it is told of, and nobody gets that address until then:
    also while the mail is still on its way. One that has not may be a stranger's, so it gets no such link, and
    nothing that a caller could have chosen. Call it inside the transaction that holds the person's row.
    """
    told["ip_address"] = client_ip(request) or ""
    if user.email_verified:
        told["device"] = device(user_agent(request))
    mail = QueuedMail.objects.put(letter, email=user.email, user=user, **told)
    if user.email_verified:
        Link.objects.issue(mail, Purpose.SECURE, user)
