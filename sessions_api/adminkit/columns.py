"""Columns and links that several pages of the admin show."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def time_column(name: str, description: str, ordering: str | None = None) -> Callable[..., str]:
    """A column with a time in UTC, to the minute; Django's own would be too wide for a table of several."""

    @admin.display(description=description, ordering=ordering)
    def column(self: Any, row: Any) -> str:
        return minute(getattr(row, name))

    return column


def minute(when: datetime | None) -> str:
    if when is None:
        return "-"
    return format_html('<span class="nowrap">{}</span> {}', f"{when:%Y-%m-%d}", f"{when:%H:%M}Z")


def user_page(key: Any) -> str:
    model = get_user_model()._meta
    return reverse(f"admin:{model.app_label}_{model.model_name}_change", args=[quote(key)])


def user_link(user: Any) -> SafeString:
    return format_html('<a href="{}">{}</a>', user_page(user.pk), user)
