"""Whose sign-in is this? social-auth's pipeline ends here; docs/google.md has the same rules as a table."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.errors import AuthenticationFailed, EmailTaken, RegistrationClosed
from accounts.fields import canonical_email
from accounts.login.complete import lock_user_if_unchanged
from accounts.login.errors import AccountDisabled
from accounts.mail.notifications import notify
from accounts.mail.one_time_tokens import OneTimeToken, require_unreserved
from accounts.mail.queue import MailType, QueuedMail
from accounts.models import User
from accounts.social.providers.registry import title
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import SessionExpired

from .connections import unlink_identities
from .errors import AccountExists, AlreadyLinked, EmailUnverified
from .models import Identity

NAME_LENGTH = 255


def find_or_create_user(backend: Any, details: dict[str, Any], response: dict[str, Any], uid: str, **_: Any) -> Any:
    """A known identity is its user, whatever the address says now. A new one has to earn its place."""
    identity = {"provider": backend.name, "uid": uid}
    user = linked_user(identity)
    if user is None:
        email = verified_email(response)
        name = str(details.get("fullname") or "")
        authority = backend.controls_mailbox(email)
        user = match_or_create(identity, email, name, backend.strategy.request.client, authority=authority)
    if not user.is_active:
        raise AccountDisabled
    return {"user": user}


def linked_user(identity: dict[str, str]) -> User | None:
    connection = Identity.objects.filter(**identity).select_related("user").first()
    return connection.user if connection else None


def verified_email(response: dict[str, Any]) -> str:
    """The canonical address, if the provider says in so many words that it is verified. Raises EmailUnverified."""
    if response.get("email_verified") is not True:
        raise EmailUnverified
    try:
        return canonical_email(str(response.get("email", "")))
    except ValidationError:
        raise EmailUnverified from None


def match_or_create(identity: dict[str, str], email: str, name: str, client: ClientInfo, *, authority: bool) -> User:
    """Of two first sign-ins at once, or a registration beside one, the loser of the insert looks once more."""
    try:
        return _match_or_create(identity, email, name, client, authority)
    except IntegrityError:
        return linked_user(identity) or _match_or_create(identity, email, name, client, authority)


def _match_or_create(identity: dict[str, str], email: str, name: str, client: ClientInfo, authority: bool) -> User:
    with transaction.atomic():
        user = User.objects.filter(email=email).lock().first()
        if user is None:
            user = create_user(email, name, verified=authority)
            Event.objects.record(Tag.REGISTERED, user, client=client, provider=identity["provider"])
        elif same := linked_user(identity):
            return same  # another callback of theirs held the row, and was first
        else:
            require_auto_linkable(user, identity["provider"], authority)
            record_link(user, identity["provider"], client)
        Identity.objects.create(user=user, **identity)
    return user


def create_user(email: str, name: str, *, verified: bool) -> User:
    """A new user without a password. Their address counts as proven only where the provider runs the mailbox."""
    if settings.REGISTRATION == "closed":
        raise RegistrationClosed
    if settings.REGISTRATION == "verified" and not verified:
        raise EmailUnverified
    printable = "".join(filter(str.isprintable, name)).strip()[:NAME_LENGTH]
    proven = timezone.now() if verified else None
    user = User.objects.create_user(email, display_name=printable, email_verified_at=proven)
    try:
        require_unreserved(user)
    except EmailTaken:
        raise AccountExists from None
    if not verified:
        QueuedMail.objects.enqueue(MailType.VERIFY, email=email, user=user)
    return user


def require_auto_linkable(user: User, provider: str, authority: bool) -> None:
    """Whether a new identity may come in as somebody who is here already, by nothing but the address.

    Only where the provider runs the mailbox. Whoever registered the address without proving it may have done so
    to wait for its owner: everything they could come in by is void.
    """
    if not user.is_active:
        raise AccountDisabled
    if not authority or user.is_staff or user.is_superuser:
        raise AccountExists
    if not user.email_verified:
        user.reset_credentials()
        unlink_identities(user)
        OneTimeToken.objects.revoke(user)
    elif user.identities.filter(provider=provider).exists():
        raise AccountExists


def link(user: User, *, provider: str, uid: str, client: ClientInfo) -> Identity:
    """OneTimeToken an identity to somebody who is logged in. Raises AlreadyLinked; the unique column decides races.

    Raises SessionExpired where their ways in have been made void meanwhile: this must not become a new one.
    """
    try:
        with transaction.atomic():
            user = lock_user_if_unchanged(user)
            if user.identities.filter(provider=provider).exists():
                raise AlreadyLinked
            record_link(user, provider, client)
            return Identity.objects.create(user=user, provider=provider, uid=uid)
    except AuthenticationFailed:
        raise SessionExpired from None
    except IntegrityError:
        raise AlreadyLinked from None


def record_link(user: User, provider: str, client: ClientInfo) -> None:
    Event.objects.record(Tag.LINKED, user, client=client, provider=provider)
    notify(user, MailType.LINKED, client=client, provider=title(provider))
