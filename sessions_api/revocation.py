"""How users revoke sessions of their own, and administrators those of others.

Other causes revoke sessions elsewhere; docs/architecture.md lists all. A new password does it in the user's own model,
and a disabled user by the trigger in migrations/0001_initial.py. An end, or too many sessions: models.py.

`revoke_own` and `revoke_by_admin` lock the users' rows first, as every deletion of a user does. So two that wait for
sessions of one user cannot wait for each other.
"""

from collections import Counter
from functools import reduce
from operator import or_
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q

from sessions_api.events.models import Event, Tag

from .admin_sessions.models import AdminSessionQuerySet
from .http.client import ClientInfo
from .models import Session, SessionQuerySet


def revoke_own(*sessions: SessionQuerySet | AdminSessionQuerySet, by: Session, tag: Tag, client: ClientInfo) -> int:
    """Revoke sessions of the user who asks with the session `by`, record the event `tag`, and return their number.

    Raises SessionExpired if `by` was revoked meanwhile. So of two sessions that revoke each other at once one stays,
    and a stolen session that the user has just revoked revokes no other.
    """
    user = get_user_model()._default_manager.filter(pk=by.user_id)
    with transaction.atomic():
        list(user.select_for_update(no_key=True).values_list("pk"))
        by.require_not_revoked()
        revoked = sum(rows.revoke() for rows in sessions)
        if revoked:
            Event.objects.record(tag, by.user, client=client, session=by.pk, number=revoked)
    return revoked


def revoke_by_admin(
    *sessions: SessionQuerySet | AdminSessionQuerySet, by: str, administrator: UUID | None = None
) -> int:
    """Revoke sessions of any users, record an event for each user with the number of sessions, and return the total.

    `by` is ADMINISTRATOR, with the id of this `administrator`, or OPERATOR. The users are locked in the order of their
    keys, so that two calls at once do not wait for each other.
    """
    owners = reduce(or_, (Q(pk__in=rows.order_by().values("user")) for rows in sessions))
    users = get_user_model()._default_manager.filter(owners).order_by("pk")
    with transaction.atomic():
        list(users.select_for_update(no_key=True).values_list("pk"))
        numbers = Counter(user for rows in sessions for user in rows.order_by().values_list("user", flat=True))
        revoked = sum(rows.revoke() for rows in sessions)
        told = [(user, {"by": by, "number": number}) for user, number in numbers.items()]
        Event.objects.record_each(Tag.SESSIONS_REVOKED, told, administrator=administrator)
    return revoked


def delete_expired(sessions: SessionQuerySet) -> None:
    """Delete the expired ones among these sessions, so that a clock that is set back makes none valid again.

    Waits for no lock: it skips rows that another transaction has locked.
    """
    for _ in sessions.expired().revoke_in_batches(settings.SESSION_MAX_PER_USER):
        pass
