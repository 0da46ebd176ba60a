"""The SESSION_ENGINE: Django's sessions in `AdminSession`, so that a user's sessions can be listed and revoked."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import transaction
from django.utils.crypto import constant_time_compare

from sessions_api.http.client import ClientInfo

from .models import AdminSession, digest


class SessionStore(db.SessionStore):
    """A session without a user is not stored: strangers cannot fill the table.

    `row` is the stored row, None before the first save. The admin's middleware sets `client`.
    """

    client = ClientInfo()
    _get_new_session_key: Callable[[], str]  # three of Django's, which its stubs do not know
    _get_or_create_session_key: Callable[[], str]
    _get_session: Callable[..., dict[str, Any]]
    row: AdminSession | None = None

    @classmethod
    def get_model_class(cls) -> type[AdminSession]:
        return AdminSession

    def load(self) -> dict[str, Any]:
        self.row = AdminSession.objects.live().filter(session_key=digest(self.session_key or "")).first()
        if self.row is None:
            self._session_key = None
            return {}
        self.row.touch()
        return self.decode(self.row.session_data)

    def exists(self, session_key: str) -> bool:
        return AdminSession.objects.filter(session_key=digest(session_key)).exists()

    def create(self) -> None:
        """A new, empty session. `save` inserts its row when it has a user."""
        self._session_key, self.row = self._get_new_session_key(), None
        self._session_cache: dict[str, Any] = {}
        self.modified = True

    def save(self, must_create: bool = False) -> None:
        """Store the session. Raises UpdateError for one that was revoked meanwhile: it is not inserted again.

        Also for a new one whose user was disabled, or got another password, since the login was verified.
        """
        data = self._get_session(no_load=must_create)
        if SESSION_KEY not in data:
            return
        if self.row is None:
            self.insert(data)
        elif not AdminSession.objects.filter(pk=self.row.pk).update(session_data=self.encode(data)):
            raise UpdateError

    def insert(self, data: dict[str, Any]) -> None:
        """Under the lock of the user's row, which each revocation takes first."""
        users = get_user_model()._default_manager.filter(pk=data[SESSION_KEY], is_active=True)
        with transaction.atomic():
            user = users.select_for_update(no_key=True).first()
            if user is None or not constant_time_compare(data[HASH_SESSION_KEY], user.get_session_auth_hash()):
                raise UpdateError
            self.row = AdminSession.objects.create(
                session_key=digest(self._get_or_create_session_key()),
                session_data=self.encode(data),
                expire_date=self.get_expiry_date(),
                user=user,
                ip_address=self.client.address,
                user_agent=self.client.user_agent,
            )

    def delete(self, session_key: str | None = None) -> None:
        session_key = session_key or self.session_key
        if session_key:
            AdminSession.objects.filter(session_key=digest(session_key)).revoke()
            if session_key == self.session_key:
                self.row = None

    @classmethod
    def clear_expired(cls) -> None:
        AdminSession.objects.expired().revoke()
