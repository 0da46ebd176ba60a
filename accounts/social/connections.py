"""What is linked to a user, how a logged-in user links a provider, and how links are deleted.

To link takes a ticket to the start and a code back, each valid once, for a minute.
"""

import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from social_django.models import UserSocialAuth

from accounts.errors import InvalidCode
from accounts.login.complete import lock_user_of_session
from accounts.login.models import CODE_LIFETIME, revoke_pending_codes
from accounts.mail.models import MailType, QueuedMail
from accounts.mail.notifications import notify
from accounts.models import User
from accounts.single_use.models import consume_once
from accounts.social.providers.registry import configured, start_url, title
from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import ApiError, NotFound

from .errors import AlreadyLinked, InvalidState, LastLoginMethod
from .flow_state import OAuthFlowState

EVER = datetime.min.replace(tzinfo=UTC)
LINK_CODE = "latchkey.oauth.link"  # a salt: what is signed for one purpose is invalid for another


def connections_of(user: User) -> "QuerySet[UserSocialAuth]":
    return user.social_auth.order_by("pk")


def link_url(user: User, *, provider: str) -> str:
    """An address of ours that starts a sign-in which only links. It is valid once, for a minute."""
    ticket = issue_ticket(link_salt(provider), user=str(user.pk))
    return f"{start_url(provider)}?{urlencode({'link': ticket})}"


def consume_link(ticket: str, *, provider: str) -> str:
    """The id of the user whom such an address is for, consumed by this call. Raises InvalidState."""
    return str(consume_ticket(ticket, salt=link_salt(provider), refusal=InvalidState)["user"])


def issue_link_code(flow: OAuthFlowState, *, uid: str) -> str:
    """The code by which the user of this flow, and no other, links this identity."""
    return issue_ticket(LINK_CODE, user=flow.link_for, provider=flow.provider, uid=uid)


def complete_link(user: User, *, code: str, client: ClientInfo) -> UserSocialAuth:
    """The connection that this code is for. Raises InvalidCode, AlreadyLinked, and SessionExpired.

    The user who started it completes it with their bearer. If the callback linked, an attacker could send the address
    to a victim, and the victim's identity would open the attacker's account.
    """
    ticket = consume_ticket(code, salt=LINK_CODE, refusal=InvalidCode)
    if ticket["user"] != str(user.pk):
        raise InvalidCode
    return create_link(user, provider=ticket["provider"], uid=ticket["uid"], client=client)


def create_link(user: User, *, provider: str, uid: str, client: ClientInfo) -> UserSocialAuth:
    """Link an identity to a logged-in user. Raises AlreadyLinked; of two at once, the unique columns let one insert.

    Raises SessionExpired where the user was disabled or got another password meanwhile: sessions from before must not
    leave a way to log in.
    """
    try:
        with transaction.atomic():
            user = lock_user_of_session(user)
            if connections_of(user).filter(provider=provider).exists():
                raise AlreadyLinked
            record_link(user, provider=provider, client=client)
            return UserSocialAuth.objects.create(user=user, provider=provider, uid=uid)
    except IntegrityError:
        raise AlreadyLinked from None


def record_link(user: User, *, provider: str, client: ClientInfo) -> None:
    """The event and the mail of a new link. Call it in a transaction that holds the user's row."""
    Event.objects.record(Tag.LINKED, user, client=client, provider=provider)
    notify(user, MailType.LINKED, client=client, provider=title(provider))


def issue_ticket(salt: str, **facts: str) -> str:
    expires_at = timezone.now() + CODE_LIFETIME
    unique = {"expires_at": int(expires_at.timestamp()), "nonce": secrets.token_urlsafe(16)}
    return signing.dumps(facts | unique, salt=salt, compress=True)


def consume_ticket(ticket: str, *, salt: str, refusal: type[ApiError]) -> dict[str, Any]:
    """The facts of this ticket. Raises `refusal` where it is forged, expired or used."""
    try:
        facts: dict[str, Any] = signing.loads(ticket, salt=salt, max_age=CODE_LIFETIME)
    except signing.BadSignature:
        raise refusal from None
    expires_at = datetime.fromtimestamp(facts["expires_at"], UTC)
    if not consume_once(purpose=salt, token=ticket, expires_at=expires_at):
        raise refusal
    return facts


def link_salt(provider: str) -> str:
    return f"latchkey.oauth.link.{provider}"


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
