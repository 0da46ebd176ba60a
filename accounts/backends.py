"""How Django's own login, that of the admin, asks for a person: behind the same limits as the API's."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest

from sessions_api.events.models import Event
from sessions_api.events.tags import Tag

from .emails import canonical_email
from .errors import AuthenticationFailed
from .login import prove
from .models import User


class PasswordBackend(ModelBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **more: Any
    ) -> User | None:
        """None where they do not go together. Raises RateLimited or ServerBusy, which the `Gate` answers."""
        if request is None or username is None or password is None:
            return None
        try:
            return prove(canonical_email(username), password, request)
        except (AuthenticationFailed, ValidationError):
            return None


@receiver(user_logged_in)
def note_login(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    Event.objects.record(Tag.ADMIN_LOGIN, user, request=request)
