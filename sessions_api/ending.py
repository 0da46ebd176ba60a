"""How people end their own sessions."""

from django.contrib.auth import get_user_model
from django.db import transaction

from .auth import SessionRequest
from .events.models import Event
from .events.tags import Tag
from .models import SessionQuerySet


def end(sessions: SessionQuerySet, tag: Tag, request: SessionRequest) -> int:
    """End these sessions of whoever asks, and note it; how many there were.

    Under the lock that everything takes which deletes a person: whoever holds it waits for rows of theirs, and must
    not be waited for meanwhile.
    """
    person = get_user_model()._default_manager.filter(pk=request.auth.user_id)
    with transaction.atomic():
        if not person.select_for_update(no_key=True).values("pk").first():
            return 0
        if ended := sessions.revoke():
            Event.objects.record(tag, request.auth.user, request=request, session=request.auth.pk, number=ended)
    return ended
