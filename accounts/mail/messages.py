"""The content of each mail. The worker composes it when it sends the mail, from the data of that moment."""

from collections.abc import Callable
from email.utils import parseaddr
from textwrap import fill
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.encoding import punycode
from django.utils.translation import gettext_lazy as _

from accounts.front_end import pages_url
from accounts.models import User

from .one_time_tokens import OneTimeToken
from .queue import SECURITY_ALERTS, MailType, QueuedMail
from .token_types import TokenType

# Django logs the context, and so the link, if a template uses an undefined variable. So all variables have values.
DEFAULTS = {
    "ip_address": "",
    "device": "",
    "provider": "",
    "unlinked": "",
    "still_linked": "",
    "by": "",
    "verified": False,
    "known_network": "",
    "after_failures": False,
    "linked": False,  # `linked.txt` sets it for `undo.txt`
}
COLUMNS = 72  # of the text version: RFC 5322, 2.1.1, recommends at most 78, and replies add marks to each line


class Content(NamedTuple):
    """A template in `mail/`, the token of its link, and the label of the button with the link."""

    template: str
    token: OneTimeToken | None = None
    action: Any = ""


def compose(mail: QueuedMail) -> EmailMultiAlternatives | None:
    """The message as text and HTML; None if its reason no longer exists.

    It goes to the address that it was queued for, even if the user has another address now.

    Raises IntegrityError (see `OneTimeToken.objects.issue`), and what a template of the operator raises.
    """
    with transaction.atomic():
        user = user_of(mail)
        if not QueuedMail.objects.filter(pk=mail.pk).exists():  # revoked before we got the lock
            return None
        content = MESSAGES[MailType(mail.type)](mail, user)
    return render(mail, content) if content else None


def user_of(mail: QueuedMail) -> User | None:
    """The user of this mail, the row locked; None for an unknown address and for a deleted or disabled user.

    A disabled user still gets security alerts, because an administrator may enable the user while the token is valid.
    """
    found = User.objects.filter(pk=mail.user_id) if mail.user_id else User.objects.filter(email=mail.email)
    if mail.type not in SECURITY_ALERTS:
        found = found.filter(is_active=True)
    return found.lock().first()


def render(mail: QueuedMail, content: Content) -> EmailMultiAlternatives:
    """The message in MAIL_LANGUAGE. In HTML, a paragraph that is only the link becomes a button.

    The Message-ID is the same at each attempt, so mail programs can recognise a mail that arrives twice.
    """
    url = content.token.url if content.token else ""
    context = {"site": settings.SITE_NAME, "front_end": pages_url(), "url": url, "at": mail.requested_at}
    with translation.override(settings.MAIL_LANGUAGE):
        subject, paragraphs = text_of(content.template, DEFAULTS | mail.data | context)
        shown = context | {"subject": subject, "paragraphs": paragraphs, "action": content.action}
        html = render_to_string("mail/layout.html", shown)
    headers = {
        "Message-ID": f"<{mail.pk}@{sender_domain()}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834, 5: automatic replies do not answer it
    }
    message = EmailMultiAlternatives(subject, wrapped(paragraphs), to=[mail.email], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def text_of(template: str, context: dict[str, Any]) -> tuple[str, list[str]]:
    """The subject, which is the first line, and the paragraphs, in plain text. The HTML layout must escape them."""
    text = Engine.get_default().get_template(f"mail/{template}.txt").render(Context(context, autoescape=False))
    subject, _, body = text.strip().partition("\n")
    return subject, [part.strip() for part in body.split("\n\n") if part.strip()]


def wrapped(paragraphs: list[str]) -> str:
    """Lines of at most COLUMNS characters. Only a URL may be longer."""
    lines = "\n\n".join(paragraphs).splitlines()
    return "\n".join(fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False) for line in lines) + "\n"


def sender_domain() -> str:
    """The domain of the Message-ID. Django would reveal the name of this machine there."""
    return punycode(parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]) or "localhost"


def verify(mail: QueuedMail, user: User | None) -> Content | None:
    if user is None or user.email_verified or user.email != mail.email:
        return None
    return with_token("verify", mail, TokenType.VERIFY, user, _("Confirm this address"))


def change(mail: QueuedMail, user: User | None) -> Content | None:
    if user is None or user.email == mail.email:
        return None
    if User.objects.filter(email=mail.email).exists():
        return Content("already_registered")
    return with_token("change", mail, TokenType.CHANGE, user, _("Use this address"))


def reset(mail: QueuedMail, user: User | None) -> Content | None:
    return with_token("reset", mail, TokenType.RESET, user, _("Choose a new password")) if user else None


def register(mail: QueuedMail, user: User | None) -> Content | None:
    """To an address from any caller: a link, or the news that the reader already has an account."""
    if User.objects.filter(email=mail.email).exists():
        return Content("already_registered") if user else None
    if OneTimeToken.objects.reserving(mail.email).exists():  # `require_unreserved` would refuse the registration
        return Content("already_registered")
    return with_token("register", mail, TokenType.REGISTER, None, _("Create the account"))


def security_alert(mail: QueuedMail, user: User | None) -> Content | None:
    """An alert with a revert token, if `notify` issued one.

    A token that expired before the mail was sent stays expired, because another user may have the address now.
    """
    if user is None:
        return None
    issued = OneTimeToken.objects.filter(pk=mail.pk)
    if not issued.exists() or issued.filter(used_at=None).expired().exists():
        return Content(mail.type)
    return with_token(mail.type, mail, TokenType.REVERT, user, _("This wasn't me"))


def notice(mail: QueuedMail, user: User | None) -> Content | None:
    return Content(mail.type) if user else None


def deleted(mail: QueuedMail, user: User | None) -> Content | None:
    return Content("deleted")


def with_token(
    template: str, mail: QueuedMail, token_type: TokenType, user: User | None, action: Any
) -> Content | None:
    token = OneTimeToken.objects.issue(mail, token_type, user)
    return Content(template, token, action) if token else None


MESSAGES: dict[MailType, Callable[[QueuedMail, User | None], Content | None]] = {
    MailType.VERIFY: verify,
    MailType.CHANGE: change,
    MailType.RESET: reset,
    MailType.REGISTER: register,
    MailType.PASSWORD_CHANGED: security_alert,
    MailType.EMAIL_CHANGED: security_alert,
    MailType.LINKED: security_alert,
    MailType.UNLINKED: security_alert,
    MailType.NEW_DEVICE: security_alert,
    MailType.FAILED_LOGINS: notice,
    MailType.LOCKED: notice,
    MailType.DELETED: deleted,
}
