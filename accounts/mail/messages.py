"""What each mail says, to whom, and with which link: decided when it is sent, from what is so by then."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parseaddr
from textwrap import fill
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.encoding import punycode
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .models import WARNINGS, Letter, Link, QueuedMail
from .token_types import Purpose

COLUMNS = 72


@dataclass(frozen=True)
class Content:
    """A template below `mail/`, and what it is told. `action` is what the button of its link says."""

    template: str
    link: Link | None = None
    action: Any = ""


def compose(mail: QueuedMail) -> EmailMultiAlternatives | None:
    """The message, as text and as HTML; None where there is nothing left to be said.

    It is addressed to the mailbox that it was queued for, whatever the person's address is by now.
    """
    with transaction.atomic():
        person = person_of(mail)
        if not QueuedMail.objects.filter(pk=mail.pk).exists():  # made void before we had the lock
            return None
        content = LETTERS[Letter(mail.letter)](mail, person)
    return render(mail, content) if content else None


def person_of(mail: QueuedMail) -> User | None:
    """Whom it is about, locked; None for a stranger, and for somebody who is gone or disabled.

    Who is disabled is warned all the same: they may be enabled again within the time of the link.
    """
    found = User.objects.filter(pk=mail.user_id) if mail.user_id else User.objects.filter(email=mail.email)
    if mail.letter not in WARNINGS:
        found = found.filter(is_active=True)
    return found.lock().first()


def render(mail: QueuedMail, content: Content) -> EmailMultiAlternatives:
    """The first line of a template is the subject; the paragraph that is only the link becomes a button in HTML.

    In the language of MAIL_LANGUAGE, whatever the thread speaks. Sent twice, it has one Message-ID, by which
    mailboxes tell that it is one mail.
    """
    url = content.link.url if content.link else ""
    told = {"site": settings.SITE_NAME, "front_end": settings.FRONTEND_URL, "url": url, "at": mail.requested_at}
    # Whatever a template may ask for: where it is missing, Django logs all that it looked in, and so the link.
    nothing = {"ip_address": "", "device": "", "by": "", "proven": False, "home": ""}
    with translation.override(settings.MAIL_LANGUAGE):
        subject, paragraphs = text_of(content.template, nothing | mail.data | told)
        shown = told | {"subject": subject, "paragraphs": paragraphs, "action": content.action}
        html = render_to_string("mail/layout.html", shown)
    headers = {
        "Message-ID": f"<{mail.pk}@{domain()}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: nobody's holiday note answers it
    }
    message = EmailMultiAlternatives(subject, wrapped(paragraphs), to=[mail.email], headers=headers)
    message.attach_alternative(html, "text/html")
    return message


def text_of(template: str, told: dict[str, Any]) -> tuple[str, list[str]]:
    """Subject and paragraphs, as plain text: nothing in it is escaped, so HTML has to."""
    text = Engine.get_default().get_template(f"mail/{template}.txt").render(Context(told, autoescape=False))
    subject, _, body = text.strip().partition("\n")
    return subject, [part.strip() for part in body.split("\n\n") if part.strip()]


def wrapped(paragraphs: list[str]) -> str:
    """For terminals, whose programs break long lines anywhere. An address is never broken."""
    lines = "\n\n".join(paragraphs).splitlines()
    return "\n".join(fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False) for line in lines) + "\n"


def domain() -> str:
    """That of the sender; Django would tell everybody the name of this machine."""
    return punycode(parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]) or "localhost"


def verify(mail: QueuedMail, person: User | None) -> Content | None:
    if person is None or person.email_verified or person.email != mail.email:
        return None
    return with_link("verify", mail, Purpose.VERIFY, person, _("Confirm this address"))


def change(mail: QueuedMail, person: User | None) -> Content | None:
    if person is None or person.email == mail.email:
        return None
    if User.objects.filter(email=mail.email).exists():
        return Content("already_registered")
    return with_link("change", mail, Purpose.CHANGE, person, _("Use this address"))


def reset(mail: QueuedMail, person: User | None) -> Content | None:
    return with_link("reset", mail, Purpose.RESET, person, _("Choose a new password")) if person else None


def register(mail: QueuedMail, person: User | None) -> Content | None:
    """To an address that a stranger typed: nothing of it but a link, or that there is an account already."""
    if User.objects.filter(email=mail.email).exists():
        return Content("already_registered") if person else None
    if Link.objects.reserving(mail.email).exists():  # then a link could not be redeemed
        return Content("already_registered")
    return with_link("register", mail, Purpose.REGISTER, None, _("Open the account"))


def warning(mail: QueuedMail, person: User | None) -> Content | None:
    """Something was changed that opens the account: its owner can take everything back.

    The link was made with what it tells of, and none where the mailbox had not proven itself by then. One that
    expired before anybody had it stays so, for its address may be somebody else's by now.
    """
    if person is None:
        return None
    made = Link.objects.filter(pk=mail.pk)
    if not made.exists() or made.filter(spent_at=None).expired().exists():
        return Content(mail.letter)
    return with_link(mail.letter, mail, Purpose.SECURE, person, _("This wasn't me"))


def note(mail: QueuedMail, person: User | None) -> Content | None:
    return Content(mail.letter) if person else None


def farewell(mail: QueuedMail, person: User | None) -> Content | None:
    return Content("farewell")


def with_link(template: str, mail: QueuedMail, purpose: Purpose, person: User | None, action: Any) -> Content | None:
    link = Link.objects.issue(mail, purpose, person)
    return Content(template, link, action) if link else None


LETTERS: dict[Letter, Callable[[QueuedMail, User | None], Content | None]] = {
    Letter.VERIFY: verify,
    Letter.CHANGE: change,
    Letter.RESET: reset,
    Letter.REGISTER: register,
    Letter.PASSWORD_CHANGED: warning,
    Letter.EMAIL_CHANGED: warning,
    Letter.LINKED: warning,
    Letter.UNLINKED: warning,
    Letter.NEW_DEVICE: warning,
    Letter.FAILED_LOGINS: note,
    Letter.SHUT: note,
    Letter.FAREWELL: farewell,
}
