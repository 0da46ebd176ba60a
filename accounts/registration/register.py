"""How a user registers."""

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts.email.verification import save_with_new_address
from accounts.errors import EmailTaken, InvalidLink, RegistrationClosed
from accounts.login.complete import complete_login
from accounts.mail.models import MailType, OneTimeToken, QueuedMail, TokenType
from accounts.models import User
from accounts.passwords.policy import require_acceptable
from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session


def register(*, email: str, password: str, display_name: str, client: ClientInfo) -> tuple[Session, str]:
    """The first session of a new user, and its token. `email` is canonical; a mail asks the user to verify it.

    Raises RegistrationClosed, ValidationFailed for the password, EmailTaken or ServerBusy. If several
    callers use one address at once, the unique column lets one of them succeed.
    """
    if settings.REGISTRATION == "closed":
        raise RegistrationClosed
    user = User(email=email, display_name=display_name)
    require_acceptable(password, user, field="password")
    if User.objects.filter(email=email).exists():
        raise EmailTaken  # saves the costly hash; the INSERT below decides
    user.set_password(password)
    with transaction.atomic():
        save_with_new_address(user, force_insert=True)
        Event.objects.record(Tag.REGISTERED, user, client=client)
        QueuedMail.objects.enqueue(MailType.VERIFY, email=email, user=user, client=client)
        return complete_login(user, method=Session.Method.PASSWORD, client=client)


def request_registration(email: str, *, client: ClientInfo) -> None:
    """Queue a mail with a token to register, or with a note that the address has an account."""
    QueuedMail.objects.enqueue(MailType.REGISTER, email=email, client=client)


def confirm_registration(*, token: str, password: str, display_name: str, client: ClientInfo) -> tuple[Session, str]:
    """The first session of a new user with a verified address, and its token.

    Raises InvalidLink; ValidationFailed for the password, after which the token is still valid; or ServerBusy. A
    registration that was requested in time can be completed after an operator has closed registration.
    """
    email = OneTimeToken.objects.verify(TokenType.REGISTER, token).email
    user = User(email=email, display_name=display_name, email_verified_at=timezone.now())
    require_acceptable(password, user, field="password")
    user.password = make_password(password)
    with transaction.atomic():
        OneTimeToken.objects.consume(TokenType.REGISTER, token)
        try:
            save_with_new_address(user, force_insert=True)
        except EmailTaken:  # the address got a user by another way since the mail
            raise InvalidLink from None
        Event.objects.record(Tag.REGISTERED, user, client=client)
        return complete_login(user, method=Session.Method.PASSWORD, client=client)
