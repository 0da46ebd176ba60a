"""The list of a user's sessions, from rows to JSON. Instances of models and schemas would take twice the CPU."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils import timezone
from pydantic_core import to_json

from sessions_api.http.client import device
from sessions_api.http.schemas import in_utc

from .admin_sessions.models import METHOD, AdminSession
from .bookkeeping import write_if_possible
from .compiled_query import CompiledRows
from .models import Session, earlier_end
from .revocation import delete_expired

OF_API = CompiledRows(
    lambda user: Session.objects.filter(user=user).values_list(
        "id", "method", "created_at", "last_seen_at", "authenticated_at", "expires_at", "ip_address", "user_agent"
    )
)
OF_ADMIN = CompiledRows(
    lambda user: AdminSession.objects.filter(user=user).values_list(
        "id", "created_at", "last_seen_at", "expire_date", "ip_address", "user_agent"
    )
)


class Row(NamedTuple):
    """What the list tells about a session of the API or of the admin, in the order of its columns."""

    id: UUID
    method: str
    created_at: datetime
    last_seen_at: datetime
    authenticated_at: datetime
    ends_at: datetime
    ip_address: str | None
    user_agent: str


def list_as_json(current: Session) -> bytes:
    """The valid sessions of this session's user as a JSON array of `SessionInfo`, newest first.

    Deletes the expired ones that it finds, so that a clock that is set back makes none valid again.
    """
    now = timezone.now()
    user = Session._meta.get_field("user").get_db_prep_value(current.user_id, connection)  # SQLite has no UUIDs
    stored = rows_of_api(user)
    live = [row for row in stored if row.ends_at > now]
    if len(live) < len(stored):
        write_if_possible(lambda: delete_expired(current.siblings()))
    live += [row for row in rows_of_admin(user) if row.ends_at > now]
    live.sort(key=lambda row: (row.created_at, row.id), reverse=True)
    return to_json([session_info(row, now, current=row.id == current.pk) for row in live])


def rows_of_api(user: Any) -> list[Row]:
    return [
        Row(key, method, created, seen, authenticated, earlier_end(expires, seen), address, agent)
        for key, method, created, seen, authenticated, expires, address, agent in OF_API.all(user)
    ]


def rows_of_admin(user: Any) -> list[Row]:
    return [
        Row(key, METHOD, created, seen, created, expires, address, agent)
        for key, created, seen, expires, address, agent in OF_ADMIN.all(user)
    ]


def session_info(row: Row | Session, now: datetime, *, current: bool) -> dict[str, Any]:
    """What `SessionInfo` writes for this session, with the same fields in the same order."""
    ends_at = row.ends_at
    return {
        "handle": row.id,
        "method": row.method,
        "created_at": in_utc(row.created_at),
        "last_seen_at": in_utc(row.last_seen_at),
        "authenticated_at": in_utc(row.authenticated_at),
        "expires_at": in_utc(ends_at),
        "expires_in": int((ends_at - now).total_seconds()),
        "ip_address": row.ip_address,
        "user_agent": row.user_agent,
        "device": device(row.user_agent),
        "current": current,
    }
