"""How somebody proves that a mailbox is theirs: the one they have registered, or a new one."""

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.errors import EmailTaken
from accounts.mail.errors import InvalidLink
from accounts.mail.models import Letter, Link, QueuedMail
from accounts.mail.notifications import notify
from accounts.mail.token_types import Purpose
from accounts.models import User
from accounts.registration.register import require_unreserved
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag


def ask_to_verify(user: User) -> None:
    """Send the mail that proves the address; one that is proven already gets none."""
    QueuedMail.objects.put(Letter.VERIFY, email=user.email, user=user)


def verify_email(user: User, token: str, request: HttpRequest) -> None:
    """Raises InvalidLink, also for the link of somebody else.

    The bearer has to be the person of the link: whoever receives a mail for an account that a stranger opened in
    their name cannot bless it by a click.
    """
    with transaction.atomic():
        redeem_own(user, Purpose.VERIFY, token)
        now = timezone.now()
        User.objects.filter(pk=user.pk).update(email_verified_at=now, updated_at=now)
        Event.objects.record(Tag.EMAIL_VERIFIED, user, request=request)


def ask_to_change(user: User, email: str) -> None:
    """Send a mail to the new address, which has to prove itself. Who has it by then is not told here."""
    QueuedMail.objects.put(Letter.CHANGE, email=email, user=user)


def change_email(user: User, token: str, request: HttpRequest) -> None:
    """The person has the new address from now on, and the old one is told, which can take it back for seven days.

    Raises InvalidLink, or EmailTaken where somebody else was quicker.
    """
    with transaction.atomic():
        link = redeem_own(user, Purpose.CHANGE, token)
        person = link.person
        notify(person, Letter.EMAIL_CHANGED, request)
        Link.objects.void(person)
        give_address(person, link.email)
        Event.objects.record(Tag.EMAIL_CHANGED, person, request=request)


def give_address(person: User, email: str) -> None:
    """Theirs from now on, and proven. Raises EmailTaken; call it inside a transaction."""
    person.email, person.email_verified_at = email, timezone.now()
    try:
        with transaction.atomic():
            person.save(update_fields=["email", "email_verified_at", "updated_at"])
    except IntegrityError:
        raise EmailTaken from None
    require_unreserved(person)


def redeem_own(user: User, purpose: Purpose, token: str) -> Link:
    """Spends the link of this person. Raises InvalidLink, and leaves that of another as it is."""
    if Link.objects.find(purpose, token).user != user:
        raise InvalidLink
    return Link.objects.redeem(purpose, token)
