"""The admin's page to change one's own password, with the limits, events and mails of the API."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse_lazy

from accounts.login.password import Outcome, verify_password_attempt
from accounts.models import User
from sessions_api.admin_sessions.models import AdminSession
from sessions_api.events.models import Tag
from sessions_api.http.client import ClientInfo

from .change import replace_password


class OwnPasswordForm(AdminPasswordChangeForm):
    """Django's form; the old password is verified as at a login, and the new one replaces it as in the API."""

    def __init__(self, *args: Any, client: ClientInfo, session: AdminSession, **more: Any) -> None:
        super().__init__(*args, **more)
        self.client, self.session = client, session

    def clean_old_password(self) -> str:
        """The old password. Raises RateLimited or ServerBusy, which `RequestGuardMiddleware` answers."""
        old: str = self.cleaned_data["old_password"]
        if len(old) <= settings.PASSWORD_MAX_LENGTH:
            failure = Tag.REAUTHENTICATION_FAILED
            outcome = verify_password_attempt(self.user, password=old, client=self.client, failure=failure)
            if outcome is Outcome.AUTHENTICATED:
                return old
        raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")

    def save(self, commit: bool = True) -> User:
        """Raises AuthenticationFailed, SessionExpired or ServerBusy, which `RequestGuardMiddleware` answers."""
        new = self.cleaned_data["new_password1"]
        self.user = replace_password(self.user, new_password=new, session=self.session, client=self.client)
        return self.user


class OwnPassword(PasswordChangeView):
    form_class = OwnPasswordForm
    success_url = reverse_lazy("admin:password_change_done")

    def get_form_kwargs(self) -> dict[str, Any]:
        request: Any = self.request
        return {**super().get_form_kwargs(), "client": request.client, "session": request.session.row}


def own_password(request: HttpRequest) -> HttpResponseBase:
    request.current_app = admin.site.name
    return OwnPassword.as_view(extra_context=admin.site.each_context(request))(request)
