"""Django's console backend, for development."""

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends import console


class EmailBackend(console.EmailBackend):
    def write_message(self, message: EmailMessage) -> None:
        """Without the HTML part: its hundred lines would push the link out of the terminal."""
        if isinstance(message, EmailMultiAlternatives):
            message.alternatives = []
        super().write_message(message)
