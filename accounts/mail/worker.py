"""The worker: it sends mails from the queue to the mail server, outside of any request."""

import logging
import re
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

# For one mail: time for two replies that take as long as EMAIL_TIMEOUT (60 s) allows. RFC 5321, 4.5.3.2, allows a
# server 5 minutes for most replies, but one slow server must not stop the queue. Twice this time is less than LEASE.
DELIVERY_SECONDS = 120.0
# Seconds until a worker looks for mails of other processes and for retries. Users do not notice five seconds in a
# mail's delivery, and the look is one query on an index.
POLL = 5.0

ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?!\d)")  # RFC 2034, 4
# No such mailbox, domain, or address syntax; moved; a domain without mail (RFC 7505); disabled (RFC 3463, 3.2 and 3.3).
OF_THE_MAILBOX = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}

logger = logging.getLogger(__name__)


def deliver_next() -> bool:
    """Try to send the next mail that is due; False if no mail is due. Raises DATABASE_FAILURES."""
    mail = QueuedMail.objects.claim()
    if mail:
        deliver(mail)
    return mail is not None


def deliver(mail: QueuedMail) -> None:
    """Send a claimed mail and delete it. If this fails, the mail stays in the queue for another attempt.

    Raises DATABASE_FAILURES: then another worker gets the mail when LEASE ends.
    """
    try:
        if message := compose(mail):
            within(DELIVERY_SECONDS, partial(send, message))
    except DATABASE_FAILURES:
        raise  # the queue is in the same database, so `retry_later` would fail too
    except Exception as failure:  # backends of providers raise exceptions of their own
        logger.warning("A mail was not sent: %s, attempt %d: %s", mail.type, mail.attempts, summary(failure))
        mail.retry_later(summary(failure), permanent=is_permanent(failure))
    else:
        mail.delete()


def send(message: EmailMessage) -> None:
    """Raises SMTPException, OSError, or what the mail backend of a provider raises."""
    message.connection = server = get_connection()
    try:
        server.open()
        message.send()
    finally:
        with suppress(OSError):  # the server has accepted or refused the mail before, so QUIT may fail
            server.close()


def summary(failure: Exception) -> str:
    """The exception's name and its status codes. Its text is left out, because it can repeat the mail."""
    code = getattr(failure, "smtp_code", None) or getattr(failure, "status_code", None) or ""
    if isinstance(failure, SMTPRecipientsRefused):
        code = ", ".join(str(code) for code, _ in failure.recipients.values())
    return f"{type(failure).__name__} {code}".strip()


def is_permanent(failure: Exception) -> bool:
    """Whether the mail server or the provider refused this mailbox for good.

    Other refusals are about the sender, its address on a blocklist, or the configuration. They can end while the mail
    waits.
    """
    if type(failure).__name__ == "AnymailRecipientsRefused":  # by name, because anymail is an optional package
        return True
    return isinstance(failure, SMTPRecipientsRefused) and all(
        no_such_mailbox(code, reply) for code, reply in failure.recipients.values()
    )


def no_such_mailbox(code: int, reply: bytes) -> bool:
    """Servers send 5yz at RCPT for any reason; the enhanced code tells it. Older ones send a bare 550 (RFC 5321)."""
    enhanced = ENHANCED.match(reply.decode(errors="replace"))
    return code >= 500 and (enhanced[1] in OF_THE_MAILBOX if enhanced else code == 550)


class Worker:
    """Sends mails until it is stopped. It wakes up when this process queues a mail, and every POLL seconds."""

    def __init__(self) -> None:
        self.stopping = Event()

    def start(self) -> Thread:
        thread = Thread(target=self.run, name="mail", daemon=True)  # an exit may cut it off: see `claim`
        thread.start()
        return thread

    def run(self) -> None:
        while not self.stopping.is_set():
            self.deliver_all()
            queued.wait(POLL)
            queued.clear()

    def deliver_all(self) -> None:
        """Send every mail that is due. Any failure, such as a lost database, only ends this round."""
        try:
            while not self.stopping.is_set() and deliver_next():
                pass
        except Exception as failure:  # the thread must survive; the mails are in the database
            logger.error("The mail worker is waiting: %s", type(failure).__name__)
        finally:
            connection.close()

    def stop(self) -> None:
        """Stop after the current mail."""
        self.stopping.set()
        queued.set()
