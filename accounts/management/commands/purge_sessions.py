from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from accounts.login.models import LoginFailures, SessionExchangeCode
from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from accounts.single_use.models import ConsumedToken
from sessions_api.events.models import Event
from sessions_api.models import Session
from sessions_api.progress import with_progress


class Command(BaseCommand):
    help = "Delete expired sessions, codes and tokens, and old events. Safe to stop, repeat, and run beside logins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only print how many there are")
        parser.add_argument("--batch-size", type=int, default=500, help="rows a transaction, %(default)s")

    def handle(self, *, dry_run: bool, batch_size: int, **options: Any) -> None:
        if batch_size < 1:
            raise CommandError("--batch-size is at least 1.")
        sessions, events = Session.objects.expired(), Event.objects.expired()
        if dry_run:
            self.stdout.write(f"{sessions.count()} expired sessions and {events.count()} old events, none deleted.")
            return
        revoked = with_progress(sessions.revoke_in_batches(batch_size), sessions.count(), " sessions")
        self.stdout.write(f"{revoked} expired sessions deleted.")
        deleted = with_progress(delete_in_batches(events, batch_size), events.count(), " events")
        self.stdout.write(f"{deleted} old events deleted.")
        for leftovers in (
            LoginFailures.objects.expired(),
            ConsumedToken.objects.expired(),
            SessionExchangeCode.objects.expired(),
            OneTimeToken.objects.expired(),
            QueuedMail.objects.abandoned(),
        ):
            name = str(leftovers.model._meta.verbose_name_plural)
            with_progress(delete_in_batches(leftovers, batch_size), leftovers.count(), f" {name}")


def delete_in_batches(rows: QuerySet[Any], size: int) -> Iterator[int]:
    """Each batch is a statement of its own; yields how many rows each deleted."""
    while batch := list(rows.values_list("pk", flat=True)[:size]):
        yield rows.filter(pk__in=batch).delete()[0]
