"""The admin's page on which its people change their own password: counted, noted and told like the API's."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy

from accounts.login.password import is_proven
from accounts.models import User
from sessions_api.events.tags import Tag

from .change import replace_password


class OwnPasswordForm(AdminPasswordChangeForm):
    def __init__(self, *args: Any, request: HttpRequest, **more: Any) -> None:
        super().__init__(*args, **more)
        self.request = request

    def clean_old_password(self) -> str:
        """Raises RateLimited or ServerBusy, which the `Gate` answers."""
        old: str = self.cleaned_data["old_password"]
        user = self.user
        if len(old) <= settings.PASSWORD_MAX_LENGTH and is_proven(
            user, user.email, old, self.request, Tag.REAUTHENTICATION_FAILED
        ):
            return old
        raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")

    def save(self, commit: bool = True) -> User:
        self.user = replace_password(self.user, self.cleaned_data["new_password1"], self.request)
        return self.user


class OwnPassword(PasswordChangeView):
    form_class = OwnPasswordForm
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **more: Any) -> dict[str, Any]:
        return {**super().get_context_data(**more), **admin.site.each_context(self.request)}


def own_password(request: HttpRequest) -> HttpResponseBase:
    request.current_app = admin.site.name
    return OwnPassword.as_view()(request)
