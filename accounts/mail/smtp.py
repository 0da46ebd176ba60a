"""Django's SMTP backend, with mails that every server takes and a name that the operator chooses."""

from collections.abc import Sequence
from email.charset import QP, Charset
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

# Django writes UTF-8 in 8 bits, which only a server with 8BITMIME must take (RFC 6152). The text stays readable.
SEVEN_BITS = Charset("utf-8")
SEVEN_BITS.body_encoding = QP


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> Any:
        """smtplib's class. It greets with EMAIL_EHLO_NAME, or with the name of this machine (RFC 5321, 4.1.1.1)."""
        own = super().connection_class
        if not settings.EMAIL_EHLO_NAME:
            return own
        return lambda *server, **options: own(*server, **options | {"local_hostname": settings.EMAIL_EHLO_NAME})

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Raises SMTPException or OSError."""
        for message in email_messages:
            message.encoding = SEVEN_BITS
        return super().send_messages(email_messages)
