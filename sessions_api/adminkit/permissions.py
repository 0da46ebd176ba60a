"""Which accounts an administrator may change, and the record of what they did."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest


def may_administer(request: HttpRequest, user: Any) -> bool:
    """Staff are for superusers to touch: whoever could set a superuser's password would be one."""
    return request.user.is_superuser or user is None or not (user.is_staff or user.is_superuser)


def log_for_each(request: HttpRequest, users: Iterable[Any], deed: str) -> None:
    LogEntry.objects.log_actions(request.user.pk, users, CHANGE, change_message=deed)  # type: ignore[arg-type]
