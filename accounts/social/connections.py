"""What is linked to a user, and how it is taken away."""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts.login.models import revoke_pending_codes
from accounts.mail.notifications import notify
from accounts.mail.queue import MailType
from accounts.models import User
from accounts.social.providers.registry import configured, title
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import NotFound

from .errors import LastLoginMethod
from .models import Identity

EVER = datetime(1970, 1, 1, tzinfo=UTC)


def connections_of(user: User) -> "QuerySet[Identity]":
    return Identity.objects.filter(user=user).order_by("pk")


def unlink(user: User, *, pk: int, client: ClientInfo) -> None:
    """Raises NotFound, for somebody else's as for an unknown one, and LastLoginMethod."""
    with transaction.atomic():
        user = User.objects.filter(pk=user.pk).lock().get()
        connection = connections_of(user).filter(pk=pk).first()
        if connection is None:
            raise NotFound
        others = connections_of(user).filter(provider__in=configured()).exclude(pk=pk)
        if not user.has_password and not others.exists():
            raise LastLoginMethod
        connection.delete()
        Event.objects.record(Tag.UNLINKED, user, client=client, provider=connection.provider)
        notify(user, MailType.UNLINKED, client=client, provider=title(connection.provider))


def unlink_identities(user: User, *, since: datetime = EVER) -> None:
    """No provider that was linked since then opens the account any more, nor a sign-in that is under way."""
    user.identities.filter(created__gte=since).delete()
    revoke_pending_codes(user)
