"""How Django's own login, that of the admin, asks for a person: behind the same limits as the API's."""

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
from accounts.mail.models import Letter
from accounts.mail.notifications import notify
from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag

from .password import is_new_device, prove


class PasswordBackend(ModelBackend):
    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **more: Any
    ) -> User | None:
        """None where they do not go together. Raises RateLimited or ServerBusy, which the `Gate` answers."""
        if request is None or username is None or password is None or len(password) > settings.PASSWORD_MAX_LENGTH:
            return None
        try:
            return prove(canonical_email(username), password, request, staff=True)
        except (AuthenticationFailed, ValidationError):
            return None


@receiver(user_logged_in)
def note_login(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    with transaction.atomic():
        person = User.objects.filter(pk=user.pk).lock().first()
        login = Event.objects.record(Tag.ADMIN_LOGIN, person, request=request)
        if person and is_new_device(login):
            notify(person, Letter.NEW_DEVICE, request)
