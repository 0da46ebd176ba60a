"""How users revoke sessions of their own, and administrators those of others.

Other causes revoke sessions elsewhere; docs/architecture.md lists all. A new password does it in the user's own model,
and a disabled user by the trigger in migrations/0001_initial.py. An end, or too many sessions: models.py.

`revoke_own` and `revoke_by_admin` lock the users' rows first, as every deletion of a user does. So two that wait for
sessions of one user cannot wait for each other.
"""

from collections import Counter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from sessions_api.events.models import Event
from sessions_api.events.tags import Tag

from .admin_sessions.models import AdminSession, AdminSessionQuerySet
from .http.client import ClientInfo
from .models import Session, SessionQuerySet


def revoke_own(
    sessions: SessionQuerySet,
    *,
    by: Session,
    tag: Tag,
    client: ClientInfo,
    admin_sessions: AdminSessionQuerySet | None = None,
) -> int:
    """Revoke sessions of the user who asks with the session `by`, record the event `tag`, and return their number.

    `admin_sessions` are those of the same user to revoke with them.

    Raises SessionExpired if `by` was revoked meanwhile. So of two sessions that revoke each other at once one stays,
    and a stolen session that the user has just revoked revokes no other.
    """
    user = get_user_model()._default_manager.filter(pk=by.user_id)
    with transaction.atomic():
        list(user.select_for_update(no_key=True).values_list("pk"))
        by.require_not_revoked()
        revoked = sessions.revoke() + (admin_sessions.revoke() if admin_sessions is not None else 0)
        if revoked:
            Event.objects.record(tag, by.user, client=client, session=by.pk, number=revoked)
    return revoked


def revoke_by_admin(
    sessions: SessionQuerySet,
    *,
    by: str,
    admin_sessions: AdminSessionQuerySet | None = None,
    administrator: UUID | None = None,
) -> int:
    """Revoke sessions of any users, record an event for each user with the number of sessions, and return the total.

    `by` is ADMINISTRATOR, with the id of this `administrator`, or OPERATOR. The users are locked in the order of their
    keys, so that two calls at once do not wait for each other.
    """
    chosen: tuple[Any, ...] = (sessions, AdminSession.objects.none() if admin_sessions is None else admin_sessions)
    owners = Q(pk__in=chosen[0].order_by().values("user")) | Q(pk__in=chosen[1].order_by().values("user"))
    users = get_user_model()._default_manager.filter(owners).order_by("pk")
    with transaction.atomic():
        list(users.select_for_update(no_key=True).values_list("pk"))
        numbers = Counter(user for rows in chosen for user in rows.order_by().values_list("user", flat=True))
        revoked = sum(rows.revoke() for rows in chosen)
        ended: list[tuple[UUID | None, dict[str, str | int]]]
        ended = [(key, {"by": by, "number": number}) for key, number in numbers.items()]
        Event.objects.record_each(Tag.SESSIONS_REVOKED, ended, administrator=administrator)
    return revoked


def delete_expired(sessions: SessionQuerySet) -> None:
    """Delete the expired ones among these sessions, so that a clock that is set back makes none valid again.

    Waits for no lock: it skips rows that another transaction has locked.
    """
    expired = sessions.expired()
    if expired.exists():
        for _ in expired.revoke_in_batches(settings.SESSION_MAX_PER_USER):
            pass
