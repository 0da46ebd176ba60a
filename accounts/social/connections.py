"""What is linked to a person, and how it is taken away."""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.mail.models import Letter
from accounts.mail.notifications import notify
from accounts.models import User
from accounts.social.providers.registry import configured, title
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.errors import NotFound

from .errors import LastLoginMethod
from .models import Handover, Identity

EVER = datetime(1970, 1, 1, tzinfo=UTC)


def connections_of(user: User) -> "QuerySet[Identity]":
    return Identity.objects.filter(user=user).order_by("pk")


def unlink(user: User, pk: int, request: HttpRequest) -> None:
    """Raises NotFound, for somebody else's as for an unknown one, and LastLoginMethod."""
    with transaction.atomic():
        person = User.objects.filter(pk=user.pk).lock().get()
        connection = connections_of(person).filter(pk=pk).first()
        if connection is None:
            raise NotFound
        others = connections_of(person).filter(provider__in=configured()).exclude(pk=pk)
        if not person.has_password and not others.exists():
            raise LastLoginMethod
        connection.delete()
        Event.objects.record(Tag.UNLINKED, person, request=request, provider=connection.provider)
        notify(person, Letter.UNLINKED, request, provider=title(connection.provider))


def sever(person: User, *, since: datetime = EVER) -> None:
    """No provider that was linked since then opens the account any more, nor a sign-in that is under way."""
    person.identities.filter(created__gte=since).delete()
    void_handovers(person)


def void_handovers(person: User) -> None:
    """Each would be a session."""
    Handover.objects.filter(user=person).delete()
