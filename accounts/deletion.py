"""How somebody leaves for good."""

from collections.abc import Iterable

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from accounts.mail.models import Letter, Link, QueuedMail
from accounts.mail.token_types import Purpose
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import client_ip
from sessions_api.models import Session

from .models import User


def leave(session: Session, request: HttpRequest) -> None:
    """The person of this session, and all that hangs on them, are gone; a last mail says so.

    Also to each mailbox that could still take the account back: whoever moved it to another address before may be a
    thief, and what would have told of that goes with the account. Raises SessionExpired where this session has ended
    meanwhile.
    """
    with transaction.atomic():
        User.objects.filter(pk=session.user_id).lock().first()
        session.require_live()
        person = User.objects.get(pk=session.user_id)
        warned = person.links.good().filter(purpose=Purpose.SECURE).values_list("email", flat=True)
        mailboxes = {person.email, *warned}
        delete([person])
        Event.objects.record(Tag.DELETED, None)
        for email in sorted(mailboxes):
            QueuedMail.objects.put(Letter.FAREWELL, email=email, ip_address=client_ip(request) or "")


def delete(people: Iterable[User]) -> int:
    """Delete these, and where their addresses stand without them; how many they were. Call it in a transaction.

    That is what was mailed to a stranger, whom they have become since, and the history of what administrators did,
    where an id is left of them.
    """
    emails = {str(person.pk): person.email for person in people}
    _, deleted = User.objects.filter(pk__in=emails).delete()
    for model in (Link, QueuedMail):
        model.objects.filter(user=None, email__in=emails.values()).delete()
    history = LogEntry.objects.filter(content_type__app_label=User._meta.app_label, content_type__model="user")
    history.filter(object_id__in=emails).update(object_repr=F("object_id"))
    mails = [str(QueuedMail(letter=letter, email=email))[:200] for letter in Letter for email in emails.values()]
    LogEntry.objects.filter(object_repr__in=mails).update(object_repr=F("object_id"))
    return deleted.get(User._meta.label, 0)
