"""How somebody gets an account."""

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import HttpRequest

from sessions_api.models import Session

from .errors import EmailTaken, RegistrationClosed
from .login import finish_login
from .models import User
from .passwords import require_acceptable


def register(*, email: str, password: str, display_name: str, request: HttpRequest) -> tuple[Session, str]:
    """A new person, logged in: their first session and its token. `email` is canonical.

    Raises RegistrationClosed, ValidationFailed for the password, or EmailTaken. Of many at once with one
    address the unique column lets one through.
    """
    if settings.REGISTRATION == "closed":
        raise RegistrationClosed
    user = User(email=email, display_name=display_name)
    require_acceptable(password, user, field="password")
    if User.objects.filter(email=email).exists():
        raise EmailTaken  # before the costly hash; the insert below is what decides
    user.set_password(password)
    with transaction.atomic():
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            raise EmailTaken from None
        return finish_login(user, method=Session.Method.PASSWORD, request=request)
