"""Bearer authentication: from the Authorization header to the session and its user, for endpoints and plain views."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest
from ninja.security.http import HttpAuthBase

from sessions_api.http.errors import NotAuthenticated, SessionExpired

from .http.client import ClientRequest
from .models import Session

if TYPE_CHECKING:
    from django.contrib.auth.models import _User  # the stubs' name for AUTH_USER_MODEL

ASKED = "sessions_api.asked"  # in WSGI's variables: what a look-up for the token of this request has found before


class SessionRequest(ClientRequest):
    """The type of a request that an endpoint behind a `SessionBearer` receives."""

    auth: Session
    user: "_User"


Arguments = ParamSpec("Arguments")
Response = TypeVar("Response")
View = Callable[Concatenate[SessionRequest, Arguments], Response]
ProtectedView = Callable[Concatenate[HttpRequest, Arguments], Response]


class SessionBearer(HttpAuthBase):
    """Sets `request.auth` to the session and `request.user` to its user, found by one query.

    The session counts as used: `Session.touch` writes that at most once in `SESSION_TOUCH_SECONDS`.

    Raises NotAuthenticated without a token, SessionExpired for an invalid, expired or revoked one, and django.db.Error.
    It waits for the database: an async operation of Ninja calls it in a thread.
    """

    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Session:
        session = self.resolve(request)
        session.touch()
        return session

    def resolve(self, request: HttpRequest) -> Session:
        asked: Future[Session | None] | None = request.META.pop(ASKED, None)
        session = asked.result() if asked else Session.objects.authenticate(bearer_token(request))
        if session is None:
            raise SessionExpired
        request.user = session.user
        return session


class IntrospectingBearer(SessionBearer):
    """A SessionBearer for endpoints that only report on the session: the request does not postpone its idle expiry."""

    def __call__(self, request: HttpRequest) -> Session:
        return self.resolve(request)


class FreshSessionBearer(SessionBearer):
    """A SessionBearer for endpoints that change who can log in. A stolen token alone must not suffice for them.

    Also raises ReauthenticationRequired.
    """

    def __call__(self, request: HttpRequest) -> Session:
        session = super().__call__(request)
        session.require_fresh()
        return session


any_session = SessionBearer()
fresh_session = FreshSessionBearer()
introspected = IntrospectingBearer()


def session_required(view: View[Arguments, Response]) -> ProtectedView[Arguments, Response]:
    """For a plain Django view, sync or async: what `auth=any_session` is for an endpoint."""
    return _protect(any_session, view)


def fresh_session_required(view: View[Arguments, Response]) -> ProtectedView[Arguments, Response]:
    """For a plain Django view, sync or async: what `auth=fresh_session` is for an endpoint."""
    return _protect(fresh_session, view)


def _protect(bearer: SessionBearer, view: Any) -> Any:
    """The view behind this bearer. The `RequestGuardMiddleware` answers the errors of both."""

    @wraps(view)
    def in_thread(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        request.auth = bearer(request)  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    @wraps(view)
    async def in_loop(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        request.auth = await sync_to_async(bearer)(request)  # type: ignore[attr-defined]
        return await view(request, *args, **kwargs)

    return in_loop if iscoroutinefunction(view) else in_thread


def bearer_token(request: HttpRequest) -> str:
    """The text after `Bearer`, which may be in any case (RFC 9110, 11.1). Tokens in any other place are ignored.

    Raises NotAuthenticated.
    """
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").strip(" \t").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated
    return token.strip(" \t")
