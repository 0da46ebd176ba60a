"""“This wasn't me”: how the owner of a mailbox takes an account back."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from accounts.email.verification import give_address
from accounts.login.lockout import forgive
from accounts.mail.models import Letter, Link, QueuedMail
from accounts.mail.token_types import Purpose
from accounts.social.connections import sever
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag

EARLIER_ADDRESS = "earlier address"  # who changed the address


def secure(token: str, request: HttpRequest) -> None:
    """Whatever was changed since this mailbox was first warned opens the account no more, and gets a reset mail.

    The address that was warned is the account's again, all sessions end, the password is void, what was linked
    since is taken off, and with it every warning that was caused later: whoever stole the account got those.
    One that another mailbox had before stays good. The address that loses the account is told, without a link and
    without where its owner is. Raises InvalidLink; and EmailTaken where somebody has the
    address by now, which nobody can get by this API.
    """
    with transaction.atomic():
        link = Link.objects.redeem(Purpose.SECURE, token)
        person = link.person
        since = first_warned_at(link)
        sever(person, since=since)
        Link.objects.filter(user=person, requested_at__gte=since).spend()
        person.queued_mails.filter(requested_at__gte=since).delete()
        Link.objects.void(person)
        if person.email != link.email:
            QueuedMail.objects.put(Letter.EMAIL_CHANGED, email=person.email, user=person, by=EARLIER_ADDRESS)
            give_address(person, link.email)
        person.start_over()
        forgive(person, request)
        Event.objects.record(Tag.SECURED, person, request=request)
        QueuedMail.objects.put(Letter.RESET, email=link.email)


def first_warned_at(link: Link) -> datetime:
    """People open the last mail they got; what they want taken back began with the first that is good still."""
    earlier = Link.objects.reserving(link.email).filter(user=link.user, requested_at__lt=link.requested_at)
    first: Link | None = earlier.order_by("requested_at").first()
    return (first or link).requested_at
