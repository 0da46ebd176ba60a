"""“This wasn't me”: how the owner of a mailbox takes an account back."""

from django.db import transaction
from django.http import HttpRequest

from sessions_api.events.models import Event
from sessions_api.events.tags import Tag

from .lockout import forgive
from .mail.links import Purpose
from .mail.models import Letter, Link, QueuedMail
from .social.connections import sever
from .verification import give_address


def secure(token: str, request: HttpRequest) -> None:
    """Whatever was changed since the warning was caused opens the account no more, and its owner gets a reset mail.

    The address that was warned is the account's again, all sessions end, the password is void, what was linked
    since is taken off, and with it every warning that was caused later: whoever stole the account got those.
    An earlier one stays good. Raises InvalidLink; and EmailTaken where somebody has the address by now, which
    nobody can get by this API.
    """
    with transaction.atomic():
        link = Link.objects.redeem(Purpose.SECURE, token)
        person = link.person
        sever(person, since=link.requested_at)
        Link.objects.filter(user=person, requested_at__gte=link.requested_at).spend()
        person.queued_mails.filter(requested_at__gte=link.requested_at).delete()
        Link.objects.void(person)
        if person.email != link.email:
            give_address(person, link.email)
        person.start_over()
        forgive(person, request)
        Event.objects.record(Tag.SECURED, person, request=request)
        QueuedMail.objects.put(Letter.RESET, email=link.email)
