from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.dateparse import parse_date, parse_datetime

from accounts.models import User
from sessions_api.admin_sessions.models import AdminSession, AdminSessionQuerySet
from sessions_api.events.models import OPERATOR, Event, Tag
from sessions_api.models import Session, SessionQuerySet
from sessions_api.progress import with_progress
from sessions_api.revocation import revoke_by_admin

BATCH_SIZE = 10_000  # rows per transaction: after a leak, an early end matters more than short transactions


class Command(BaseCommand):
    help = "Revoke sessions, for example after a leak. The users have to log in again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        users = parser.add_mutually_exclusive_group(required=True)
        users.add_argument("--user", metavar="EMAIL", help="revoke the sessions of this user")
        users.add_argument("--all", action="store_true", help="revoke the sessions of all users")
        parser.add_argument(
            "--before",
            metavar="TIME",
            help="revoke only sessions whose last authentication was earlier: ISO 8601, UTC unless it has an offset",
        )

    def handle(self, *, user: str | None, before: str | None, **options: Any) -> None:
        sessions, at_admin = Session.objects.all(), AdminSession.objects.all()
        if user is not None:
            owner = User.objects.filter(email=user).first()
            if owner is None:
                raise CommandError("No user has this email address.")
            sessions, at_admin = sessions.filter(user=owner), at_admin.filter(user=owner)
        limit = None if before is None else parse_time(before)
        if limit:
            sessions = sessions.filter(authenticated_at__lt=limit)
            at_admin = at_admin.filter(created_at__lt=limit)
        if user is None:
            revoked = revoke_of_all(sessions, at_admin, before=limit)
        else:
            revoked = revoke_by_admin(sessions, at_admin, by=OPERATOR)
        self.stdout.write(f"{revoked} sessions revoked.")


def revoke_of_all(sessions: SessionQuerySet, at_admin: AdminSessionQuerySet, *, before: datetime | None) -> int:
    """Revoke these sessions of all users, and return their number. `at_admin` are the admin's own sessions.

    The first pass skips rows that another transaction has locked; the second takes them user by user. One event without
    a user records the number: an event for each of a million users would take longer than all the rest.
    """
    in_batches = with_progress(sessions.revoke_in_batches(BATCH_SIZE), sessions.count(), " sessions")
    revoked = in_batches + sum(revoke_of_user(rows, user) for rows in (sessions, at_admin) for user in user_ids(rows))
    data: dict[str, str | int] = {"by": OPERATOR, "number": revoked}
    if before:
        data["before"] = before.isoformat()
    Event.objects.record_each(Tag.SESSIONS_REVOKED, [(None, data)])
    return revoked


def user_ids(sessions: SessionQuerySet | AdminSessionQuerySet) -> list[UUID]:
    return list(sessions.order_by("user").values_list("user", flat=True).distinct())


def revoke_of_user(sessions: SessionQuerySet | AdminSessionQuerySet, user: UUID) -> int:
    """Revoke those of this user, and return their number. The lock of the user's row comes first.

    Without it, two callers that revoke several rows of one user could deadlock.
    """
    with transaction.atomic():
        User.objects.filter(pk=user).lock().values_list("pk").first()
        return sessions.filter(user=user).revoke()


def parse_time(text: str) -> datetime:
    """An aware time, in UTC where the text has no offset; a date is its first moment. Raises CommandError."""
    try:
        day = parse_date(text)
        time = parse_datetime(f"{text}T00:00") if day else parse_datetime(text)
    except ValueError:
        time = None
    if time is None:
        raise CommandError("--before must be a time such as 2026-11-23T18:00Z.")
    return time if time.tzinfo else time.replace(tzinfo=UTC)
