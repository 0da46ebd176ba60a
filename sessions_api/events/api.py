from typing import Annotated

from django.db.models import QuerySet
from ninja import Query, Router
from pydantic import Field

from sessions_api.auth import SessionRequest

from .models import Event
from .schemas import EventInfo

router = Router(tags=["events"])

PAGE = 50


@router.get("/users/me/events", response=list[EventInfo], summary="What happened to my account")
def list_events(
    request: SessionRequest, before: Query[Annotated[int, Field(ge=1, le=2**63 - 1)] | None] = None
) -> "QuerySet[Event]":
    """Newest first, fifty at a time; those older than the one whose `id` is `before`."""
    events = Event.objects.filter(user=request.auth.user_id).order_by("-id")
    return events.filter(id__lt=before)[:PAGE] if before else events[:PAGE]
