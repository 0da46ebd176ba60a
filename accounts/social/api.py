from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from ninja import Path, Query, Router
from pydantic import Field
from social_django.models import UserSocialAuth

from accounts.errors import AccountDisabled, InvalidCode, RegistrationClosed
from accounts.login.schemas import SessionResponse
from sessions_api.auth import SessionRequest, fresh_session
from sessions_api.http.client import ClientRequest
from sessions_api.http.cookies import are_hidden
from sessions_api.http.errors import NotFound, PermissionDenied, ReauthenticationRequired, UnreadableCookie
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits

from . import connections, cookies, errors, signin
from .providers import registry
from .schemas import AuthorizeUrl, IdToken, LinkCode, ProviderConnection, Start

router = Router(tags=["providers"])
REDIRECT = {302: None}
# A page must not start a sign-in in the background or in a frame. Old browsers do not send these headers.
NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
# Browsers send these with a page that the user has not asked for yet. It may never be shown, so it must use up nothing.
AHEAD_OF_THE_USER = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
Provider = Path[Annotated[str, Field(description="A `provider` of `GET /api/auth/config`.")]]


@router.get("/auth/oauth/{provider}", auth=None, response=REDIRECT, summary="Start a sign-in")
@raises(errors.ProviderNotFound, PermissionDenied)
def start_sign_in(request: ClientRequest, provider: Provider, wanted: Query[Start]) -> HttpResponse:
    """Send the browser here. It ends at the front end, under `/oauth/callback` or `/oauth/error`."""
    registry.require(provider)
    if any(request.headers.get(name, only) != only for name, only in NAVIGATION.items()):
        raise PermissionDenied
    require_asked_for(request)
    url, flow = signin.begin(provider=provider, client=request.client, **wanted.dict())
    response = HttpResponseRedirect(url)
    if flow:
        cookies.remember(flow, request, response)
    return response


def require_asked_for(request: ClientRequest) -> None:
    """Raises PermissionDenied for a speculative request. A browser discards that answer, and asks again later."""
    if any(word in request.headers.get(name, "") for name in AHEAD_OF_THE_USER for word in ("prefetch", "preview")):
        raise PermissionDenied


@router.get("/auth/oauth/{provider}/callback", auth=None, response=REDIRECT, summary="Back from the provider")
@raises(PermissionDenied)
def finish_sign_in(request: ClientRequest, provider: Provider) -> HttpResponse:
    """The provider sends the browser here. It goes on to the front end, with a session or the code of an error."""
    require_asked_for(request)
    flow = cookies.recall(request, provider)
    if flow is None and are_hidden(request):
        return HttpResponseRedirect(signin.error_url(UnreadableCookie()))
    landing = signin.finish(flow=flow, query=request.GET, client=request.client)
    response = HttpResponseRedirect(landing.url)
    if not landing.may_retry:
        cookies.forget(request, response)
    return response


@router.post("/auth/oauth/{provider}/token", auth=None, response=SessionResponse, summary="Sign in with an ID token")
@raises(
    errors.ProviderNotFound,
    errors.InvalidIdToken,
    errors.EmailUnverified,
    AccountDisabled,
    RegistrationClosed,
    errors.AccountExists,
    errors.ProviderUnavailable,
)
@limits.limited(limits.SIGN_IN)
def sign_in_with_id_token(request: ClientRequest, provider: Provider, body: IdToken) -> SessionResponse:
    """For a phone, or One Tap. An ID token opens one session."""
    registry.require(provider)
    opened = signin.sign_in_with_id_token(provider=provider, client=request.client, **body.model_dump())
    return SessionResponse.from_session(*opened)


@router.post(
    "/auth/oauth/{provider}/link", auth=fresh_session, response=AuthorizeUrl, summary="Start to link a provider"
)
@raises(errors.ProviderNotFound, ReauthenticationRequired)
def start_link(request: SessionRequest, provider: Provider) -> AuthorizeUrl:
    """Send the browser to the address. It comes back to `/oauth/callback?link_code=`; then POST the code below."""
    registry.require(provider)
    return AuthorizeUrl(authorize_url=connections.link_url(request.auth.user, provider=provider))


@router.get("/auth/connections", response=list[ProviderConnection], summary="List my linked providers")
def list_connections(request: SessionRequest) -> "QuerySet[UserSocialAuth]":
    """The accounts at providers with which the user can log in."""
    return connections.connections_of(request.auth.user)


@router.post("/auth/connections", response={201: ProviderConnection}, summary="Complete a link")
@raises(InvalidCode, errors.AlreadyLinked)
@limits.limited(limits.CONSUME)
def complete_link(request: SessionRequest, body: LinkCode) -> UserSocialAuth:
    """With the `link_code`, by the user who started the link."""
    return connections.complete_link(request.auth.user, code=body.code, client=request.client)


@router.delete("/auth/connections/{int:id}", auth=fresh_session, response={204: None}, summary="Unlink a provider")
@raises(NotFound, errors.LastLoginMethod, ReauthenticationRequired)
def delete_connection(request: SessionRequest, id: int) -> None:
    """The last login method of a user stays."""
    connections.unlink(request.auth.user, pk=id, client=request.client)
