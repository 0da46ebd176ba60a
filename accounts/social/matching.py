"""Whose sign-in is this? social-auth's pipeline ends here; docs/google.md has the same rules as a table."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.errors import AuthenticationFailed, EmailTaken, RegistrationClosed
from accounts.fields import canonical_email
from accounts.login.password import require_unchanged
from accounts.mail.models import Letter, Link, QueuedMail
from accounts.mail.notifications import notify
from accounts.models import User
from accounts.registration.register import require_unreserved
from accounts.social.providers.registry import title
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.errors import SessionExpired

from .connections import sever
from .errors import AccountDisabled, AccountExists, AlreadyLinked, EmailUnverified
from .models import Identity

NAME_LENGTH = 255


def find_or_make_person(backend: Any, details: dict[str, Any], response: dict[str, Any], uid: str, **_: Any) -> Any:
    """A known identity is its person, whatever the address says now. A new one has to earn its place."""
    identity = {"provider": backend.name, "uid": uid}
    person = known(identity)
    if person is None:
        email = vouched_email(response)
        name = str(details.get("fullname") or "")
        authority = backend.is_authority_for(email)
        person = match_or_make(identity, email, name, backend.strategy.request, authority=authority)
    if not person.is_active:
        raise AccountDisabled
    return {"user": person}


def known(identity: dict[str, str]) -> User | None:
    connection = Identity.objects.filter(**identity).select_related("user").first()
    return connection.user if connection else None


def vouched_email(response: dict[str, Any]) -> str:
    """The canonical address, if the provider says in so many words that it is verified. Raises EmailUnverified."""
    if response.get("email_verified") is not True:
        raise EmailUnverified
    try:
        return canonical_email(str(response.get("email", "")))
    except ValidationError:
        raise EmailUnverified from None


def match_or_make(identity: dict[str, str], email: str, name: str, request: HttpRequest, *, authority: bool) -> User:
    """Of two first sign-ins at once, or a registration beside one, the loser of the insert looks once more."""
    try:
        return _match_or_make(identity, email, name, request, authority)
    except IntegrityError:
        return known(identity) or _match_or_make(identity, email, name, request, authority)


def _match_or_make(identity: dict[str, str], email: str, name: str, request: HttpRequest, authority: bool) -> User:
    with transaction.atomic():
        person = User.objects.filter(email=email).lock().first()
        if person is None:
            person = make(email, name, verified=authority)
            Event.objects.record(Tag.REGISTERED, person, request=request, provider=identity["provider"])
        elif same := known(identity):
            return same  # another callback of theirs held the row, and was first
        else:
            admit(person, identity["provider"], authority)
            tell_of_link(person, identity["provider"], request)
        Identity.objects.create(user=person, **identity)
    return person


def make(email: str, name: str, *, verified: bool) -> User:
    """A new person without a password. Their address counts as proven only where the provider runs the mailbox."""
    if settings.REGISTRATION == "closed":
        raise RegistrationClosed
    if settings.REGISTRATION == "verified" and not verified:
        raise EmailUnverified
    printable = "".join(filter(str.isprintable, name)).strip()[:NAME_LENGTH]
    proven = timezone.now() if verified else None
    person = User.objects.create_user(email, display_name=printable, email_verified_at=proven)
    try:
        require_unreserved(person)
    except EmailTaken:
        raise AccountExists from None
    if not verified:
        QueuedMail.objects.put(Letter.VERIFY, email=email, user=person)
    return person


def admit(person: User, provider: str, authority: bool) -> None:
    """Whether a new identity may come in as somebody who is here already, by nothing but the address.

    Only where the provider runs the mailbox. Whoever registered the address without proving it may have done so
    to wait for its owner: everything they could come in by is void.
    """
    if not person.is_active:
        raise AccountDisabled
    if not authority or person.is_staff or person.is_superuser:
        raise AccountExists
    if not person.email_verified:
        person.start_over()
        sever(person)
        Link.objects.void(person)
    elif person.identities.filter(provider=provider).exists():
        raise AccountExists


def link(person: User, provider: str, uid: str, request: HttpRequest) -> Identity:
    """Link an identity to somebody who is logged in. Raises AlreadyLinked; the unique column decides races.

    Raises SessionExpired where their ways in have been made void meanwhile: this must not become a new one.
    """
    try:
        with transaction.atomic():
            person = require_unchanged(person)
            if person.identities.filter(provider=provider).exists():
                raise AlreadyLinked
            tell_of_link(person, provider, request)
            return Identity.objects.create(user=person, provider=provider, uid=uid)
    except AuthenticationFailed:
        raise SessionExpired from None
    except IntegrityError:
        raise AlreadyLinked from None


def tell_of_link(person: User, provider: str, request: HttpRequest) -> None:
    Event.objects.record(Tag.LINKED, person, request=request, provider=provider)
    notify(person, Letter.LINKED, request, provider=title(provider))
