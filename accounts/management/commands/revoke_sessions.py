from argparse import ArgumentParser
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.events.tags import OPERATOR, Tag
from sessions_api.models import Session, SessionQuerySet
from sessions_api.progress import with_progress
from sessions_api.revocation import revoke_by_admin

BATCH = 10_000


class Command(BaseCommand):
    help = "End sessions, for the day something leaked. Whoever was logged in has to log in again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--user", metavar="EMAIL", help="only those of this user")
        whose.add_argument("--all", action="store_true", help="those of everybody")
        parser.add_argument(
            "--before", metavar="WHEN", help="only those opened or renewed before: ISO 8601, UTC if it says nothing"
        )

    def handle(self, *, user: str | None, before: str | None, **options: Any) -> None:
        sessions = Session.objects.all() if user is None else Session.objects.filter(user=find(user))
        if limit := None if before is None else moment(before):
            sessions = sessions.filter(authenticated_at__lt=limit)
        ended = revoke_everywhere(sessions, limit) if user is None else revoke_by_admin(sessions, by=OPERATOR)
        self.stdout.write(f"{ended} sessions ended.")


def revoke_everywhere(sessions: SessionQuerySet, before: datetime | None) -> int:
    """Rows that somebody has locked just then are passed over at first; nobody is left out in the end.

    One event tells of it, which is nobody's: one for each of a million users would take longer than all the rest.
    """
    ended = with_progress(sessions.revoke_in_batches(BATCH), sessions.count(), " sessions") + sum(
        map(partial(end_of, sessions), owners(sessions))
    )
    told: dict[str, str | int] = {"by": OPERATOR, "number": ended}
    if before:
        told["before"] = before.isoformat()
    Event.objects.record_each(Tag.SESSIONS_ENDED, [(None, told)])
    return ended


def owners(sessions: SessionQuerySet) -> list[UUID]:
    return list(sessions.order_by("user").values_list("user", flat=True).distinct())


def end_of(sessions: SessionQuerySet, user: UUID) -> int:
    """Those of this user, under their lock: two who end several rows without it can wait for each other for ever."""
    with transaction.atomic():
        User.objects.filter(pk=user).lock().values_list("pk").first()
        return sessions.filter(user=user).revoke()


def find(email: str) -> User:
    try:
        return User.objects.get(email=email)
    except User.DoesNotExist:
        raise CommandError("Nobody is registered with this address.") from None


def moment(text: str) -> datetime:
    """Aware, and in UTC where the text has no offset; a date is its beginning."""
    try:
        day = parse_date(text)
        found = parse_datetime(f"{text}T00:00") if day else parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise CommandError("--before is a moment such as 2026-11-23T18:00Z.")
    return found if found.tzinfo else found.replace(tzinfo=UTC)
