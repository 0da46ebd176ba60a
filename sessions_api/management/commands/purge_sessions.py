from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from sessions_api.models import Session, SessionQuerySet


class Command(BaseCommand):
    help = "Delete the sessions that have expired. Safe to stop, to repeat, and to run beside logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")
        parser.add_argument("--batch-size", type=int, default=2_000, help="rows a transaction, %(default)s")

    def handle(self, *, dry_run: bool, batch_size: int, **options: Any) -> None:
        if batch_size < 1:
            raise CommandError("--batch-size is at least 1.")
        expired = Session.objects.expired()
        if dry_run:
            self.stdout.write(f"{expired.count()} expired sessions, none deleted.")
            return
        self.stdout.write(f"{revoke_with_progress(expired, batch_size)} expired sessions deleted.")


def revoke_with_progress(sessions: SessionQuerySet, batch_size: int) -> int:
    """How many were ended, batch by batch, while whoever waits at a terminal sees it go on."""
    ended = 0
    with tqdm(total=sessions.count(), unit=" sessions", disable=None) as progress:  # None: only on a terminal
        for batch in sessions.revoke_in_batches(batch_size):
            ended += batch
            progress.update(batch)
    return ended
