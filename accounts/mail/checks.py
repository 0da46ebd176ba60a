"""System checks of the mail settings: with each `manage.py check`, and some only with `--deploy`."""

from email.utils import parseaddr
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.utils.translation import to_locale

from accounts.checks import LOCAL_HOSTS

LOCAL_DOMAINS = (".internal", ".invalid", ".local", ".localdomain", ".localhost", ".test")
LOCAL_BACKENDS = tuple(f".{name}.EmailBackend" for name in ("console", "locmem", "dummy", "filebased"))


@register()
def mail_backend_is_usable(**options: Any) -> list[CheckMessage]:
    try:
        get_connection()  # it only reads the settings, and does not connect
    except (ImportError, ImproperlyConfigured, ValueError) as error:
        return [Error(f"EMAIL_URL or EMAIL_BACKEND names no usable backend: {error}", id="accounts_mail.E001")]
    return []


@register()
def mail_language_is_translated(**options: Any) -> list[CheckMessage]:
    """Without a translation, Django would write dates in the language and all other text in English."""
    folders = [Path(__file__).parent / "locale", *map(Path, settings.LOCALE_PATHS)]
    compiled = Path(to_locale(settings.MAIL_LANGUAGE), "LC_MESSAGES", "django.mo")
    if settings.MAIL_LANGUAGE == "en" or any((folder / compiled).is_file() for folder in folders):
        return []
    hint = f"Create locale/{compiled}: docs/mail.md describes how."
    return [Error("MAIL_LANGUAGE names a language without a translation.", hint=hint, id="accounts_mail.E002")]


@register(deploy=True)
def mail_backend_delivers(**options: Any) -> list[CheckMessage]:
    if not settings.EMAIL_BACKEND.endswith(LOCAL_BACKENDS):
        return []
    hint = "Set EMAIL_URL or EMAIL_BACKEND. Without mails, users cannot reset passwords, and your log contains links."
    return [Warning("Mails are printed or stored, and not sent.", hint=hint, id="accounts_mail.W001")]


@register(deploy=True)
def mail_is_encrypted(**options: Any) -> list[CheckMessage]:
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or settings.EMAIL_HOST in LOCAL_HOSTS
    if encrypted or not settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        return []
    hint = "Use smtp+tls:// or smtps:// in EMAIL_URL. A reader of a reset mail can take over the account."
    return [Warning("Mails go to the mail server without encryption.", hint=hint, id="accounts_mail.W002")]


@register(deploy=True)
def mail_sender_is_real(**options: Any) -> list[CheckMessage]:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    if "." in domain and not domain.endswith(LOCAL_DOMAINS) and not domain.rpartition(".")[2].isdecimal():
        return []
    hint = "Set DEFAULT_FROM_EMAIL. Mail servers refuse an unknown sender, or treat its mails as spam."
    return [Warning("The sender of mails has no public address.", hint=hint, id="accounts_mail.W003")]
