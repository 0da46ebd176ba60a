"""What people are told about their account, without having asked: queued in the transaction of what it tells."""

from django.http import HttpRequest

from accounts.models import User
from sessions_api.http.client import client_ip, device, user_agent
from sessions_api.ratelimit import limits as rate_limits

from .models import WARNINGS, Letter, Link, QueuedMail
from .token_types import Purpose


def notify(user: User, letter: Letter, request: HttpRequest, **told: str | bool) -> None:
    """Tell the person, at the address that they have just now, what happened, when, where from and with what.

    A mailbox that has proven itself can take back what it is told of, and nobody gets that address until then:
    also while the mail is still on its way. One that has not may be a stranger's, so it gets no such link, nothing
    that a caller could have chosen, and only a few of these mails an hour. Call it inside the transaction that holds
    the person's row.
    """
    proven = user.email_verified
    if not proven and not rate_limits.within(rate_limits.NOTICES, recipient=user.email):
        return
    told |= {"ip_address": client_ip(request) or "", "proven": proven}
    if proven:
        told["device"] = device(user_agent(request))
    mail = QueuedMail.objects.put(letter, email=user.email, user=user, **told)
    if proven and letter in WARNINGS:
        Link.objects.issue(mail, Purpose.SECURE, user)
