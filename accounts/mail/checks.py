"""What `manage.py check --deploy` says of mail."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

NOWHERE = tuple(f".{name}.EmailBackend" for name in ("console", "locmem", "dummy", "filebased"))


@register()
def mails_can_be_sent(**options: Any) -> list[CheckMessage]:
    try:
        get_connection()  # which only reads the settings
    except (ImportError, ImproperlyConfigured, ValueError) as error:
        return [Error(f"Mails cannot be sent as EMAIL_URL or EMAIL_BACKEND has it: {error}", id="accounts_mail.E001")]
    return []


@register(deploy=True)
def mails_leave_this_machine(**options: Any) -> list[CheckMessage]:
    if not settings.EMAIL_BACKEND.endswith(NOWHERE):
        return []
    hint = "Set EMAIL_URL or EMAIL_BACKEND: without mail nobody resets a password, and links stand in your log."
    return [Warning("Mails reach nobody.", hint=hint, id="accounts_mail.W001")]


@register(deploy=True)
def mail_is_encrypted(**options: Any) -> list[CheckMessage]:
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or settings.EMAIL_HOST in {"localhost", "127.0.0.1"}
    if encrypted or not settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return []
    hint = "Use smtp+tls:// or smtp+ssl:// in EMAIL_URL: who reads a reset mail has the account."
    return [Warning("Mails travel in clear to the mail server.", hint=hint, id="accounts_mail.W002")]
