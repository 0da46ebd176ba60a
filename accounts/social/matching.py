"""Which user signs in? The last step of social-auth's pipeline; docs/sign-in-rules.md has the same rules as a table."""

import logging
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from social_django.models import UserSocialAuth

from accounts.errors import AccountDisabled, EmailTaken, RegistrationClosed
from accounts.fields import as_one_line, canonical_email
from accounts.mail.models import MailType, OneTimeToken, QueuedMail
from accounts.models import User
from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo

from .connections import connections_of, record_link, unlink_identities
from .errors import AccountExists, EmailUnverified

logger = logging.getLogger(__name__)


class NewIdentity(NamedTuple):
    """What a provider says of a user whom it has not sent here before.

    `emails` are the spellings of one mailbox: the provider's own comes first, and is a new user's.
    """

    provider: str
    uid: str
    emails: list[str]
    name: str
    controls_mailbox: bool


def find_or_create_user(backend: Any, response: dict[str, Any], uid: str, **_: Any) -> dict[str, User]:
    """The user of this identity, for the pipeline: `{"user": …}`. A known identity is its user, whatever the address.

    Raises EmailUnverified, RegistrationClosed, AccountExists and AccountDisabled.
    """
    user = linked_user(provider=backend.name, uid=uid)
    if user is None:
        if not response.get("email"):
            logger.warning("%s sends no `email` of this user", backend.name)
        verified = response.get("email_verified") is True  # and not the text "true", nor 1
        if not verified and not backend.accepts_unverified_email():
            raise EmailUnverified
        email = valid_email(response)
        controls_mailbox = verified and backend.controls_mailbox(email)
        identity = NewIdentity(
            provider=backend.name,
            uid=uid,
            emails=backend.spellings(email) if controls_mailbox else [email],
            name=name_of(response),
            controls_mailbox=controls_mailbox,
        )
        user = match_or_create(identity, client=backend.strategy.client)
    if not user.is_active:
        raise AccountDisabled
    return {"user": user}


def linked_user(*, provider: str, uid: str) -> User | None:
    connection = UserSocialAuth.objects.filter(provider=provider, uid=uid).select_related("user").first()
    return connection.user if connection else None


def valid_email(response: dict[str, Any]) -> str:
    """The address in its canonical form. Raises EmailUnverified where there is none, or an invalid one."""
    try:
        return canonical_email(str(response.get("email", "")))
    except ValidationError:
        raise EmailUnverified from None


def name_of(response: dict[str, Any]) -> str:
    """The name as a registration would accept it, or the given and the family name (OpenID Connect Core, 5.1)."""
    for claims in (("name",), ("given_name", "family_name")):
        texts = [text for name in claims if isinstance(text := response.get(name), str)]
        if name := as_one_line(" ".join(texts)):
            return name
    return ""


def match_or_create(identity: NewIdentity, *, client: ClientInfo) -> User:
    """The user to whom this new identity is linked now: the one with the address, or a new one.

    Raises EmailUnverified, RegistrationClosed, AccountExists and AccountDisabled. Of two first sign-ins at once, or of
    a registration beside one, the unique columns let one insert; the other looks again, by the same rules.
    """
    try:
        return link_or_create(identity, client=client)
    except IntegrityError:
        linked = linked_user(provider=identity.provider, uid=identity.uid)
        return linked or link_or_create(identity, client=client)


def link_or_create(identity: NewIdentity, *, client: ClientInfo) -> User:
    provider, uid = identity.provider, identity.uid
    with transaction.atomic():
        user = user_of_mailbox(identity.emails)
        if user is None:
            user = create_user(identity)
            Event.objects.record(Tag.REGISTERED, user, client=client, provider=provider)
        elif same := linked_user(provider=provider, uid=uid):
            return same  # another callback of this user held the row, and was first
        else:
            require_auto_linkable(user, identity, client=client)
            record_link(user, provider=provider, client=client)
        UserSocialAuth.objects.create(user=user, provider=provider, uid=uid)
    return user


def user_of_mailbox(emails: list[str]) -> User | None:
    """The user with the first of these addresses that a user has, the row locked."""
    for email in emails:
        if user := User.objects.filter(email=email).lock().first():
            return user
    return None


def create_user(identity: NewIdentity) -> User:
    """A new user without a password. The address counts as verified where the provider runs the mailbox.

    Raises RegistrationClosed, EmailUnverified where only verified addresses may register, and AccountExists where
    another user may still take the address back.
    """
    email, verified = identity.emails[0], identity.controls_mailbox
    if settings.REGISTRATION == "closed":
        raise RegistrationClosed
    if settings.REGISTRATION == "verified" and not verified:
        raise EmailUnverified
    verified_at = timezone.now() if verified else None
    user = User.objects.create_user(email, display_name=identity.name, email_verified_at=verified_at)
    try:
        OneTimeToken.objects.require_unreserved(user)
    except EmailTaken:
        raise AccountExists from None
    if not verified:
        QueuedMail.objects.enqueue(MailType.VERIFY, email=email, user=user)
    return user


def require_auto_linkable(user: User, identity: NewIdentity, *, client: ClientInfo) -> None:
    """Raises AccountDisabled or AccountExists unless the address alone may link a new identity to this user.

    It may where the provider runs the mailbox, and never for staff. A stranger may have registered an unverified
    address to wait for its owner, so everything that opens the account is revoked first.
    """
    if not user.is_active:
        raise AccountDisabled
    if not identity.controls_mailbox or user.is_staff or user.is_superuser:
        raise AccountExists
    if not user.email_verified:
        user.reset_credentials()
        unlink_identities(user, client=client)
        OneTimeToken.objects.revoke(user)
    elif connections_of(user).filter(provider=identity.provider).exists():
        raise AccountExists
