"""How somebody leaves for good."""

from django.db import transaction
from django.http import HttpRequest

from sessions_api.client import client_ip
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag

from .mail.models import Letter, Link, QueuedMail
from .models import User


def leave(user: User, request: HttpRequest) -> None:
    """The person, and all that hangs on them, are gone; a last mail says so."""
    with transaction.atomic():
        deleted, _ = user.delete()
        for model in (Link, QueuedMail):  # what was mailed to a stranger, whom they have become since
            model.objects.filter(user=None, email=user.email).delete()
        if deleted:
            Event.objects.record(Tag.DELETED, None)
            QueuedMail.objects.put(Letter.FAREWELL, email=user.email, ip_address=client_ip(request) or "")
