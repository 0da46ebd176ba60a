from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from accounts.login.models import LoginFailures, SessionExchangeCode
from accounts.mail.models import OneTimeToken, QueuedMail
from accounts.single_use.models import ConsumedToken
from sessions_api.admin_sessions.models import AdminSession
from sessions_api.adminkit.models import AdminAction
from sessions_api.events.models import Event
from sessions_api.models import Session
from sessions_api.progress import with_progress

BATCH_SIZE = 500  # rows: short transactions, so that logins beside them do not wait


class Command(BaseCommand):
    help = (
        "Delete expired sessions, codes, tokens and login failures, old events, and mails that were given up long ago. "
        "It is safe to stop, to repeat, and to run beside logins. Run it once a day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count the expired sessions and old events")
        parser.add_argument(
            "--batch-size", type=int, default=BATCH_SIZE, help="rows per transaction (default: %(default)s)"
        )

    def handle(self, *, dry_run: bool, batch_size: int, **options: Any) -> None:
        if batch_size < 1:
            raise CommandError("--batch-size must be at least 1.")
        sessions, events = Session.objects.expired(), Event.objects.expired()
        if dry_run:
            self.stdout.write(f"{sessions.count()} expired sessions and {events.count()} old events, none deleted.")
            return
        revoked = with_progress(sessions.revoke_in_batches(batch_size), sessions.count(), " sessions")
        self.stdout.write(f"{revoked} expired sessions deleted.")
        deleted = with_progress(delete_in_batches(events, batch_size), events.count(), " events")
        self.stdout.write(f"{deleted} old events deleted.")
        for leftovers in (
            AdminSession.objects.expired(),
            AdminAction.objects.expired(),
            LoginFailures.objects.expired(),
            ConsumedToken.objects.expired(),
            SessionExchangeCode.objects.expired(),
            OneTimeToken.objects.expired(),
            QueuedMail.objects.abandoned(),
        ):
            name = str(leftovers.model._meta.verbose_name_plural)
            with_progress(delete_in_batches(leftovers, batch_size), leftovers.count(), f" {name}")


def delete_in_batches(rows: QuerySet[Any], size: int) -> Iterator[int]:
    """Delete these rows, `size` at a time, each batch in its own transaction. Yields the number of each batch.

    The DELETE repeats the condition, so a row that is renewed in between stays.
    """
    while batch := list(rows.values_list("pk", flat=True)[:size]):
        yield rows.filter(pk__in=batch).delete()[0]
