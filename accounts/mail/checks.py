"""What `manage.py check` says of mail, and with `--deploy`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.utils.translation import to_locale

NOWHERE = tuple(f".{name}.EmailBackend" for name in ("console", "locmem", "dummy", "filebased"))


@register()
def mails_can_be_sent(**options: Any) -> list[CheckMessage]:
    try:
        get_connection()  # which only reads the settings
    except (ImportError, ImproperlyConfigured, ValueError) as error:
        return [Error(f"Mails cannot be sent as EMAIL_URL or EMAIL_BACKEND has it: {error}", id="accounts_mail.E001")]
    return []


@register()
def mails_speak_the_language(**options: Any) -> list[CheckMessage]:
    """Django itself would write what it knows of the language, dates for one, and all else in English."""
    folders = [Path(__file__).parent / "locale", *map(Path, settings.LOCALE_PATHS)]
    compiled = Path(to_locale(settings.MAIL_LANGUAGE), "LC_MESSAGES", "django.mo")
    if settings.MAIL_LANGUAGE == "en" or any((folder / compiled).is_file() for folder in folders):
        return []
    hint = f"Is there a locale/{compiled}? docs/mail.md says how to make one."
    return [Error("MAIL_LANGUAGE names a language without a translation.", hint=hint, id="accounts_mail.E002")]


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


@register(deploy=True)
def mails_are_from_somebody(**options: Any) -> list[CheckMessage]:
    if not settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"):
        return []
    hint = "Set DEFAULT_FROM_EMAIL: mail servers refuse a sender that is nowhere, or take its mails for spam."
    return [Warning("Mails are from an address that is nowhere.", hint=hint, id="accounts_mail.W003")]
