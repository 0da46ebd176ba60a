import signal
from typing import Any

from django.core.management.base import BaseCommand

from accounts.mail.worker import Worker

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Command(BaseCommand):
    help = "Send queued mails until it is stopped. Several can run at once, on several machines."

    def handle(self, **options: Any) -> None:
        """Waits for a signal without a handler: a handler could run while this thread holds the lock of an Event."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # before the worker's thread starts, which inherits it
        worker = Worker()
        thread = worker.start()
        signal.sigwait(STOP_SIGNALS)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)  # so that a second signal ends the process at once
        worker.stop()
        thread.join()
