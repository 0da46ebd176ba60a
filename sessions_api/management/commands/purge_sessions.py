from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from sessions_api.events.models import Event
from sessions_api.models import Session, SessionQuerySet


class Command(BaseCommand):
    help = "Delete expired sessions and old events. Safe to stop, to repeat, and to run beside logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say how many there are")
        parser.add_argument("--batch-size", type=int, default=500, help="rows a transaction, %(default)s")

    def handle(self, *, dry_run: bool, batch_size: int, **options: Any) -> None:
        if batch_size < 1:
            raise CommandError("--batch-size is at least 1.")
        sessions, events = Session.objects.expired(), Event.objects.expired()
        if dry_run:
            self.stdout.write(f"{sessions.count()} expired sessions and {events.count()} old events, none deleted.")
            return
        self.stdout.write(f"{revoke_with_progress(sessions, batch_size)} expired sessions deleted.")
        deleted = with_progress(events.delete_in_batches(batch_size), events.count(), " events")
        self.stdout.write(f"{deleted} old events deleted.")


def revoke_with_progress(sessions: SessionQuerySet, batch_size: int) -> int:
    """How many were ended, batch by batch."""
    return with_progress(sessions.revoke_in_batches(batch_size), sessions.count(), " sessions")


def with_progress(batches: Iterator[int], total: int, unit: str) -> int:
    """The sum of these numbers, while whoever waits at a terminal sees it grow."""
    done = 0
    with tqdm(total=total, unit=unit, disable=None) as progress:  # None: only on a terminal
        for number in batches:
            done += number
            progress.update(number)
    return done
