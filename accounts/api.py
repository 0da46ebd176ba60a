"""The session check, the public configuration, and the user's own account."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Query, Router

from sessions_api.auth import SessionRequest, fresh_session, introspected
from sessions_api.events.models import Event
from sessions_api.events.schemas import EventInfo, EventPage
from sessions_api.http.errors import ReauthenticationRequired
from sessions_api.http.json import json_response
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits

from . import deletion
from .export import AccountExport, stream_export
from .public_config import PublicConfig
from .schemas import UserResponse, UserSessionResponse, UserUpdate
from .whoami import session_as_json, user_as_json

router = Router(tags=["account"])

PAGE = 50  # events in one answer, some 11 KB of JSON


# Django tries routes in their order, so the two that a product calls with every request come first. Most of these
# requests are answered before, in `config/short_way.py`.


@router.get(
    "/auth/session", auth=introspected, response=UserSessionResponse, summary="Check the session", tags=["sessions"]
)
def get_session(request: SessionRequest) -> HttpResponse:
    """The session of the token, and its user. A check is not use: `last_seen_at` and the idle end do not move."""
    return json_response(session_as_json(request.auth))


@router.get("/users/me", response=UserResponse, summary="Get the current user")
def get_me(request: SessionRequest) -> HttpResponse:
    """The user of the token."""
    return json_response(user_as_json(request.auth))


@router.get("/auth/config", auth=None, response=PublicConfig, summary="Get the public configuration", tags=["login"])
def get_config(request: HttpRequest, response: HttpResponse) -> PublicConfig:
    """The settings that a login page needs. Clients may cache the answer for five minutes."""
    response["Cache-Control"] = "public, max-age=300"
    return PublicConfig.current()


@router.patch("/users/me", response=UserResponse, summary="Update the current user")
def update_me(request: SessionRequest, body: UserUpdate) -> UserResponse:
    """Changes the name, and answers with the changed user."""
    return UserResponse.model_validate(request.auth.user.rename(body.display_name))


@router.delete("/users/me", auth=fresh_session, response={204: None}, summary="Delete the account")
@raises(ReauthenticationRequired)
def delete_me(request: SessionRequest) -> None:
    """Deletes the user and all their data. A last mail says so, also to an address that could undo a change."""
    deletion.delete_account(request.auth, client=request.client)


@router.get("/users/me/export", auth=fresh_session, response=AccountExport, summary="Export the account")
@raises(ReauthenticationRequired)
@limits.limited(limits.EXPORT, account=lambda request: request.auth.user.email)
def export_me(request: SessionRequest) -> StreamingHttpResponse:
    """All data that is stored about the user, without secrets."""
    return StreamingHttpResponse(stream_export(request.auth), content_type="application/json")


@router.get("/users/me/events", response=list[EventInfo], summary="List the account's events")
def list_events(request: SessionRequest, page: Query[EventPage]) -> "QuerySet[Event]":
    """Newest first, fifty at a time. With `before`, only events older than the one with this `id`."""
    return Event.objects.filter(user=request.auth.user_id, id__lt=page.before).order_by("-id")[:PAGE]
