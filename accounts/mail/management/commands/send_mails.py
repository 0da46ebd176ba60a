import signal
from typing import Any

from django.core.management.base import BaseCommand

from accounts.mail.delivery import Worker


class Command(BaseCommand):
    help = "Send queued mails until it is ended. As many may run as you like, on as many machines."

    def handle(self, **options: Any) -> None:
        worker = Worker()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: worker.stop())
        worker.run()
