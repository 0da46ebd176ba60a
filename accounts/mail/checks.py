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
from sessions_api.checks import messages

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
def deployment(**options: Any) -> list[CheckMessage]:
    """One warning for each setting that keeps mails from their readers, or shows them to others, with the way out."""
    backend, domain = settings.EMAIL_BACKEND, parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2].lower()
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or settings.EMAIL_HOST in LOCAL_HOSTS
    is_public = "." in domain and not domain.endswith(LOCAL_DOMAINS) and not domain.rpartition(".")[2].isdecimal()
    unsafe = {
        "W001": (
            backend.endswith(LOCAL_BACKENDS),
            "Mails are printed or stored, and not sent.",
            "Set EMAIL_URL or EMAIL_BACKEND. Without mails, users cannot reset passwords, and your log contains links.",
        ),
        "W002": (
            backend.endswith(".smtp.EmailBackend") and not encrypted,
            "Mails go to the mail server without encryption.",
            "Use smtp+tls:// or smtps:// in EMAIL_URL. A reader of a reset mail can take over the account.",
        ),
        "W003": (
            not is_public,
            "The sender of mails has no public address.",
            "Set DEFAULT_FROM_EMAIL. Mail servers refuse an unknown sender, or treat its mails as spam.",
        ),
    }
    return messages(Warning, "accounts_mail", unsafe)
