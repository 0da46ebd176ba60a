import signal
from typing import Any

from django.core.management.base import BaseCommand

from accounts.mail.worker import Worker

ENDS = (signal.SIGINT, signal.SIGTERM)


class Command(BaseCommand):
    help = "Send queued mails until it is ended. As many may run as you like, on as many machines."

    def handle(self, **options: Any) -> None:
        """Waits for the signals; a handler could strike while this very thread holds the lock of an Event."""
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # before there are threads, which inherit it
        worker = Worker()
        thread = worker.start()
        signal.sigwait(ENDS)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)  # a second one does not wait
        worker.stop()
        thread.join()
