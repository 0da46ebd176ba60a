"""How sessions are ended by users: their own, and by those who run the service.

Whatever ends some and notes it locks their users first, as everything does that deletes users: whoever holds that
lock waits for rows of theirs, and must not be waited for meanwhile.
"""

from collections import Counter

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction

from sessions_api.events.models import Event
from sessions_api.events.tags import Tag

from .http.client import ClientInfo
from .models import Session, SessionQuerySet


def revoke_own(sessions: SessionQuerySet, *, by: Session, tag: Tag, client: ClientInfo) -> int:
    """End these sessions of whoever asks, and note it; how many there were.

    Raises SessionExpired where somebody has ended the asking session meanwhile: so of two sessions that end each other
    at once one stays, and a thief whose session the owner ends throws nobody out.
    """
    user = get_user_model()._default_manager.filter(pk=by.user_id)
    with transaction.atomic():
        list(user.select_for_update(no_key=True).values_list("pk"))
        by.require_not_revoked()
        if ended := sessions.revoke():
            Event.objects.record(tag, by.user, client=client, session=by.pk, number=ended)
    return ended


def delete_expired(sessions: SessionQuerySet) -> None:
    """Delete those that have expired, without waiting for anybody, so that the clock brings none of them back."""
    expired = sessions.expired()
    if expired.exists():
        for _ in expired.revoke_in_batches(settings.SESSION_MAX_PER_USER):
            pass


def revoke_by_admin(sessions: SessionQuerySet, *, by: str) -> int:
    """End these sessions, whosever they are, and note for each of their users how many; how many in all.

    The users are locked in the order of their keys, so that two who do it at once do not wait for each other.
    """
    users = get_user_model()._default_manager.filter(pk__in=sessions.order_by().values("user")).order_by("pk")
    with transaction.atomic():
        list(users.select_for_update(no_key=True).values_list("pk"))
        numbers = Counter(sessions.order_by().values_list("user", flat=True))
        ended = sessions.revoke()
        Event.objects.record_each(Tag.SESSIONS_ENDED, [(key, {"by": by, "number": n}) for key, n in numbers.items()])
    return ended
