from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router

from sessions_api.events.models import Tag
from sessions_api.http import converters  # noqa: F401 (registers itself)
from sessions_api.http.errors import NotFound, ReauthenticationRequired
from sessions_api.http.json import json_response
from sessions_api.http.openapi import raises

from .admin_sessions.models import AdminSession
from .auth import SessionRequest, fresh_session
from .listing import list_as_json
from .models import Session
from .revocation import revoke_own
from .schemas import SessionInfo

router = Router(tags=["sessions"])


@router.post("/auth/logout", response={204: None}, summary="Log out")
def logout(request: SessionRequest) -> None:
    """Revokes the session whose token was sent. Other sessions of the user stay valid."""
    revoke_own(Session.objects.filter(pk=request.auth.pk), by=request.auth, tag=Tag.LOGOUT, client=request.client)


@router.get("/auth/sessions", response=list[SessionInfo], summary="List my sessions")
def list_sessions(request: SessionRequest) -> HttpResponse:
    """The valid sessions of the user, newest first. Browsers at the admin have the method `admin`."""
    return json_response(list_as_json(request.auth))


@router.delete("/auth/sessions/{any_case_uuid:handle}", response={204: None}, summary="Revoke one of my sessions")
@raises(NotFound, ReauthenticationRequired)
def revoke_session(request: SessionRequest, handle: UUID) -> None:
    """The session whose token was sent can always be revoked; another one needs a recent login."""
    if handle != request.auth.pk:
        request.auth.require_fresh()
    session = request.auth.siblings().live().filter(pk=handle)
    at_admin = AdminSession.objects.live().filter(user=request.auth.user_id, pk=handle)
    if not revoke_own(session, at_admin, by=request.auth, tag=Tag.SESSIONS_REVOKED, client=request.client):
        raise NotFound


@router.delete("/auth/sessions", auth=fresh_session, response={204: None}, summary="Revoke my other sessions")
@raises(ReauthenticationRequired)
def revoke_other_sessions(request: SessionRequest, include_current: Query[bool] = False) -> None:
    """Revokes all other sessions of the user; with `include_current` also the one whose token was sent."""
    sessions = request.auth.siblings()
    if not include_current:
        sessions = sessions.exclude(pk=request.auth.pk)
    at_admin = AdminSession.objects.filter(user=request.auth.user_id)
    revoke_own(sessions, at_admin, by=request.auth, tag=Tag.SESSIONS_REVOKED, client=request.client)
