from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from sessions_api.auth import SessionRequest, fresh_session, introspected
from sessions_api.events.models import Event
from sessions_api.events.schemas import EventInfo
from sessions_api.http.errors import ReauthenticationRequired
from sessions_api.http.openapi import raises

from . import deletion
from .export import Export
from .public_config import Config
from .schemas import UserResponse, UserSessionResponse, UserUpdate

router = Router(tags=["account"])

PAGE = 50  # events: some 10 KiB of JSON


# What every request of every product asks comes first, for routes are tried in their order.


@router.get(
    "/auth/session", auth=introspected, response=UserSessionResponse, summary="Check the session", tags=["sessions"]
)
def session(request: SessionRequest) -> UserSessionResponse:
    """The session that asks, and its user. Asking is not using: `last_seen_at` and an idle end stay as they are."""
    return UserSessionResponse.from_session(request.auth, current=True, user=request.auth.user)


@router.get("/users/me", response=UserResponse, summary="Who am I")
def me(request: SessionRequest) -> UserResponse:
    return UserResponse.model_validate(request.auth.user)


@router.get("/auth/config", auth=None, response=Config, summary="What a login page needs to know", tags=["login"])
def config(request: HttpRequest, response: HttpResponse) -> Config:
    """May be kept for five minutes."""
    response["Cache-Control"] = "public, max-age=300"
    return Config.current()


@router.patch("/users/me", response=UserResponse, summary="Change what I am called")
def update_me(request: SessionRequest, body: UserUpdate) -> UserResponse:
    return UserResponse.model_validate(request.auth.user.rename(body.display_name))


@router.delete(
    "/users/me",
    auth=fresh_session,
    response={204: None},
    summary="Delete my account",
    openapi_extra=raises(ReauthenticationRequired),
)
def delete_me(request: SessionRequest) -> Status[None]:
    """The user, and all that hangs on them, are gone. A last mail says so, also to an address before this one."""
    deletion.delete_account(request.auth, client=request.client)
    return Status(204, None)


@router.get("/users/me/export", response=Export, summary="All that is stored about me")
def export(request: SessionRequest) -> Export:
    return Export.for_session(request.auth)


@router.get("/users/me/events", response=list[EventInfo], summary="What happened to my account")
def list_events(
    request: SessionRequest, before: Query[Annotated[int, Field(ge=1, le=2**63 - 1)] | None] = None
) -> "QuerySet[Event]":
    """Newest first, fifty at a time; those older than the one whose `id` is `before`."""
    events = Event.objects.filter(user=request.auth.user_id).order_by("-id")
    return events.filter(id__lt=before)[:PAGE] if before else events[:PAGE]
