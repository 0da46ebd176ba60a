"""The admin's login, behind the same limits, failures and events as the API's."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.errors import AuthenticationFailed
from accounts.fields import canonical_email
from accounts.hash_pool import hash_pool, network_of
from accounts.models import User
from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo, ClientRequest
from sessions_api.ratelimit import limits

from .complete import alert_if_unusual
from .password import authenticate


class PasswordBackend(ModelBackend):
    def authenticate(  # type: ignore[override]
        self, request: ClientRequest | None, username: str | None = None, password: str | None = None, **more: Any
    ) -> User | None:
        """The staff user, or None. Raises RateLimited or ServerBusy, which `RequestGuardMiddleware` answers."""
        if request is None or username is None or password is None or len(password) > settings.PASSWORD_MAX_LENGTH:
            return None
        with hash_pool.turn(network_of(request.client)), limits.counted(limits.LOGIN, request.client):
            try:
                email = canonical_email(username)
                return authenticate(email=email, password=password, client=request.client, staff_only=True)
            except (AuthenticationFailed, ValidationError):
                return None


@receiver(user_logged_in)
def record_login(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    """Record the admin's login, and queue a security alert where it is unusual.

    The session is Django's, so `complete_login` has no part in it. Django compares the user's state and password with
    it at each request.
    """
    client = ClientInfo.from_environ(request.META)  # requests of other code may not have passed our middleware
    with transaction.atomic():
        held_user = User.objects.filter(pk=user.pk).lock().first()  # None where the user was deleted meanwhile
        login = Event.objects.record(Tag.ADMIN_LOGIN, held_user, client=client)
        if held_user:
            alert_if_unusual(held_user, login, client=client)
