"""How somebody gets an account."""

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.errors import EmailTaken, RegistrationClosed
from accounts.login.password import finish_login
from accounts.mail.errors import InvalidLink
from accounts.mail.models import Letter, Link, QueuedMail
from accounts.mail.token_types import Purpose
from accounts.models import User
from accounts.passwords.change import require_acceptable
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.models import Session
from sessions_api.ratelimit import limits as rate_limits


def register(*, email: str, password: str, display_name: str, request: HttpRequest) -> tuple[Session, str]:
    """A new person, logged in: their first session and its token. `email` is canonical; a mail asks to prove it.

    Raises RegistrationClosed, ValidationFailed for the password, EmailTaken, or RateLimited. Of many at once with one
    address the unique column lets one through.
    """
    if settings.REGISTRATION == "closed":
        raise RegistrationClosed
    user = User(email=email, display_name=display_name)
    require_acceptable(password, user, field="password")
    if User.objects.filter(email=email).exists():
        raise EmailTaken  # before the costly hash; the insert below is what decides
    rate_limits.check(rate_limits.REGISTERED, request)
    user.set_password(password)
    with transaction.atomic():
        insert(user)
        Event.objects.record(Tag.REGISTERED, user, request=request)
        QueuedMail.objects.put(Letter.VERIFY, email=email, user=user)
        return finish_login(user, method=Session.Method.PASSWORD, request=request)


def ask_to_register(email: str) -> None:
    """Send a mail by which its reader can open an account. Who has one already is told there, and not here."""
    QueuedMail.objects.put(Letter.REGISTER, email=email)


def confirm_registration(*, token: str, password: str, display_name: str, request: HttpRequest) -> tuple[Session, str]:
    """A new person with a proven address, logged in. Raises InvalidLink, or ValidationFailed for the password.

    A registration that was begun is completed, also where nobody may begin one any more.
    """
    email = Link.objects.find(Purpose.REGISTER, token).email
    user = User(email=email, display_name=display_name, email_verified_at=timezone.now())
    require_acceptable(password, user, field="password")
    user.password = make_password(password)
    with transaction.atomic():
        Link.objects.redeem(Purpose.REGISTER, token)
        try:
            insert(user)
        except EmailTaken:
            raise InvalidLink from None
        Event.objects.record(Tag.REGISTERED, user, request=request)
        return finish_login(user, method=Session.Method.PASSWORD, request=request)


def insert(user: User) -> None:
    """Raises EmailTaken; call it inside a transaction."""
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise EmailTaken from None
    require_unreserved(user)


def require_unreserved(user: User) -> None:
    """Raises EmailTaken while somebody may still take this address back: see `recovery.secure`.

    Asked after the insert or update that takes the address, for that waits for whoever is just giving it up.
    """
    if Link.objects.reserving(user.email).exclude(user=user).exists():
        raise EmailTaken
