"""Which accounts an administrator may change, and the record of each change."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest


def may_administer(request: HttpRequest, user: Any) -> bool:
    """Whether the administrator of this request may change this user; `user` is None for rows without one.

    Staff and superusers are for superusers to change: other staff could set a superuser's password and log in with it.
    """
    return request.user.is_superuser or user is None or not (user.is_staff or user.is_superuser)


def log_for_each(request: HttpRequest, rows: Iterable[Any], message: str) -> None:
    """Write this message into the admin's history of each row."""
    LogEntry.objects.log_actions(request.user.pk, rows, CHANGE, change_message=message)  # type: ignore[arg-type]
