from typing import Annotated

from django.http import HttpResponse
from ninja import Path, Query, Router, Status
from pydantic import Field

from accounts.errors import RegistrationClosed
from accounts.login.errors import AccountDisabled, InvalidCode
from sessions_api.auth import SessionRequest, fresh_session
from sessions_api.http.client import ClientRequest
from sessions_api.http.errors import NotFound, PermissionDenied, RateLimited, ReauthenticationRequired
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits
from sessions_api.schemas import SessionResponse

from . import connections, signin
from .errors import (
    AccountExists,
    AlreadyLinked,
    EmailUnverified,
    InvalidIdToken,
    LastLoginMethod,
    ProviderNotFound,
    ProviderUnavailable,
)
from .models import Identity
from .providers import registry as providers
from .schemas import AuthorizeUrl, Connection, IdToken, LinkCode, Start

router = Router(tags=["providers"])
REDIRECT = {302: None}
Provider = Path[Annotated[str, Field(examples=["google"])]]


@router.get(
    "/auth/oauth/{provider}",
    auth=None,
    response=REDIRECT,
    summary="Begin a sign-in",
    openapi_extra=raises(ProviderNotFound, PermissionDenied),
)
def start(request: ClientRequest, provider: Provider, wanted: Query[Start]) -> HttpResponse:
    """Send the browser here. It ends at the front end, under `/oauth/callback` or `/oauth/error`."""
    providers.require(provider)
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        raise PermissionDenied  # a page cannot begin a sign-in in the background
    return signin.begin(request, provider, **wanted.dict())


@router.get("/auth/oauth/{provider}/callback", auth=None, response=REDIRECT, summary="Back from the provider")
def callback(request: ClientRequest, provider: Provider) -> HttpResponse:
    """Where the provider sends the browser. It goes on to the front end, with a session or the code of an error."""
    return signin.finish(request, provider)


@router.post(
    "/auth/oauth/{provider}/token",
    auth=None,
    response=SessionResponse,
    summary="Sign in with an ID token",
    openapi_extra=raises(
        ProviderNotFound,
        InvalidIdToken,
        EmailUnverified,
        AccountDisabled,
        RegistrationClosed,
        AccountExists,
        ProviderUnavailable,
        RateLimited,
    ),
)
@limits.limited(limits.SIGN_IN)
def token(request: ClientRequest, provider: Provider, body: IdToken) -> SessionResponse:
    """From a phone, or by One Tap. An ID token opens one session."""
    providers.require(provider)
    opened = signin.sign_in_with_id_token(provider=provider, **body.model_dump(), request=request)
    return SessionResponse.from_session(*opened)


@router.post(
    "/auth/oauth/{provider}/link",
    auth=fresh_session,
    response=AuthorizeUrl,
    summary="Begin to link a provider",
    openapi_extra=raises(ProviderNotFound, ReauthenticationRequired),
)
def begin_link(request: SessionRequest, provider: Provider) -> AuthorizeUrl:
    """Send the browser to the address. It comes back to `/oauth/callback?link_code=`; then POST the code below."""
    providers.require(provider)
    return AuthorizeUrl(authorize_url=signin.link_url(request.auth.user, provider))


@router.get("/auth/connections", response=list[Connection], summary="What is linked to me")
def list_connections(request: SessionRequest) -> list[Connection]:
    return [describe(connection) for connection in connections.connections_of(request.auth.user)]


@router.post(
    "/auth/connections",
    response={201: Connection},
    summary="Complete a link",
    openapi_extra=raises(InvalidCode, AlreadyLinked, RateLimited),
)
@limits.limited(limits.REDEEM)
def complete_link(request: SessionRequest, body: LinkCode) -> Status[Connection]:
    """With the `link_code`, by the user who began it."""
    return Status(201, describe(signin.complete_link(request.auth.user, code=body.code, client=request.client)))


@router.delete(
    "/auth/connections/{int:id}",
    auth=fresh_session,
    response={204: None},
    summary="Take a link away",
    openapi_extra=raises(NotFound, LastLoginMethod, ReauthenticationRequired),
)
def delete_connection(request: SessionRequest, id: int) -> Status[None]:
    """Never the last way in."""
    connections.unlink(request.auth.user, pk=id, client=request.client)
    return Status(204, None)


def describe(connection: Identity) -> Connection:
    return Connection(id=connection.pk, provider=connection.provider, created_at=connection.created)
