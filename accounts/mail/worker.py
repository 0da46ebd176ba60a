"""From the queue to the mail server, outside of any request."""

import logging
from contextlib import suppress
from functools import partial
from smtplib import SMTPRecipientsRefused
from threading import Event, Thread

from django.core.mail import EmailMessage, get_connection
from django.db import connection

from accounts.mail.queue import QueuedMail, queued
from sessions_api.http.errors import DATABASE_FAILURES
from sessions_api.outbound.timeouts import within

from .messages import compose

SECONDS = 120.0  # for one mail in all, well within LEASE; EMAIL_TIMEOUT is for each word of the server
POLL = 5.0  # seconds until a worker looks whether something has become due

logger = logging.getLogger(__name__)


def deliver_next() -> bool:
    """Whether there was a mail due, which has been tried now."""
    mail = QueuedMail.objects.claim()
    if mail:
        deliver(mail)
    return mail is not None


def deliver(mail: QueuedMail) -> None:
    """Send it, and forget it; whatever goes wrong, it is kept for another attempt."""
    try:
        if message := compose(mail):
            within(SECONDS, partial(send, message))
    except DATABASE_FAILURES:
        raise  # the queue cannot be written either: the mail is somebody's again when the lease ends
    except Exception as failure:  # whatever a mail server, or a library that speaks for one, fails with
        logger.warning("A mail was not sent: %s, attempt %d: %s", mail.type, mail.attempts, in_short(failure))
        mail.retry_later(in_short(failure), for_good=is_refused_for_good(failure))
    else:
        mail.delete()


def send(message: EmailMessage) -> None:
    message.connection = server = get_connection()
    try:
        server.open()
        message.send()
    finally:
        with suppress(OSError):  # by now it has taken the mail or not, whatever it says to a farewell
            server.close()


def in_short(failure: Exception) -> str:
    """Its name and the number of the server or the provider; their words could repeat what is in the mail."""
    code = getattr(failure, "smtp_code", None) or getattr(failure, "status_code", None) or ""
    if isinstance(failure, SMTPRecipientsRefused):
        code = ", ".join(str(code) for code, _ in failure.recipients.values())
    return f"{type(failure).__name__} {code}".strip()


def is_refused_for_good(failure: Exception) -> bool:
    """Whether the server, or a provider, will not have this mailbox. All else may be a mistake that somebody is about
    to mend."""
    if type(failure).__name__ == "AnymailRecipientsRefused":  # by its name, for few have installed anymail
        return True
    return isinstance(failure, SMTPRecipientsRefused) and all(
        500 <= code < 600 for code, _ in failure.recipients.values()
    )


class Worker:
    """Delivers until it is told to stop; woken by what this process queues, and by POLL for all else."""

    def __init__(self) -> None:
        self.stopping = Event()

    def start(self) -> Thread:
        thread = Thread(target=self.run, name="mail", daemon=True)  # what it has in hand, another finds after LEASE
        thread.start()
        return thread

    def run(self) -> None:
        while not self.stopping.is_set():
            self.deliver_all()
            queued.wait(POLL)
            queued.clear()

    def deliver_all(self) -> None:
        try:
            while not self.stopping.is_set() and deliver_next():
                pass
        except Exception as failure:  # the database is away, say; nothing is lost, for nothing is kept here
            logger.error("The mail worker is waiting: %s", type(failure).__name__)
        finally:
            connection.close()

    def stop(self) -> None:
        """In peace: the mail under way is sent."""
        self.stopping.set()
        queued.set()
