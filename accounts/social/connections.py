"""What is linked to a user, and how links are deleted."""

from datetime import UTC, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from social_django.models import UserSocialAuth

from accounts.login.models import revoke_pending_codes
from accounts.mail.notifications import notify
from accounts.mail.queue import MailType, QueuedMail
from accounts.models import User
from accounts.social.providers.registry import configured, title
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import NotFound

from .errors import LastLoginMethod

EVER = datetime.min.replace(tzinfo=UTC)


def connections_of(user: User) -> "QuerySet[UserSocialAuth]":
    return user.social_auth.order_by("pk")


def unlink(user: User, *, pk: int, client: ClientInfo) -> None:
    """Delete a link of this user, who asks for it, and tell them by mail.

    Raises NotFound, also for another user's link, and LastLoginMethod.
    """
    with transaction.atomic():
        link = delete_link(user, pk)
        Event.objects.record(Tag.UNLINKED, link.user, client=client, provider=link.provider)
        notify(link.user, MailType.UNLINKED, client=client, provider=title(link.provider))


def unlink_by_admin(user: User, *, pk: int, by: str, administrator: UUID | None) -> None:
    """The same for those who run the service. The mail does not tell where they are, and has no link to undo it.

    Raises NotFound and LastLoginMethod.
    """
    with transaction.atomic():
        link = delete_link(user, pk)
        Event.objects.record(Tag.UNLINKED, link.user, administrator=administrator, provider=link.provider, by=by)
        user, provider = link.user, title(link.provider)
        QueuedMail.objects.enqueue(MailType.UNLINKED, email=user.email, user=user, provider=provider, by=by)


def delete_link(user: User, pk: int) -> UserSocialAuth:
    """The deleted row, with the user as in the database, locked until the transaction ends.

    Raises NotFound and LastLoginMethod. A link of a provider that is not configured is no login method.
    """
    User.objects.filter(pk=user.pk).lock().first()
    link = connections_of(user).filter(pk=pk).select_related("user").first()
    if link is None:
        raise NotFound
    others = connections_of(user).filter(provider__in=configured()).exclude(pk=pk)
    if not link.user.has_password and not others.exists():
        raise LastLoginMethod
    link.delete()
    return link


def unlink_identities(user: User, *, client: ClientInfo, since: datetime = EVER) -> list[str]:
    """Delete the links that were made since then, and the codes of sign-ins that are not complete yet.

    Records an event for each link, and returns the titles of their providers. Call it in a transaction that holds the
    user's row.
    """
    links = list(connections_of(user).filter(created__gte=since))
    for link in links:
        link.delete()
        Event.objects.record(Tag.UNLINKED, user, client=client, provider=link.provider)
    revoke_pending_codes(user)
    return [title(link.provider) for link in links]
