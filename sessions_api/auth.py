"""The bearer class: from an Authorization header to a session and its user; and the same for plain views."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.http import HttpRequest
from ninja.security.http import HttpAuthBase

from sessions_api.http.errors import NotAuthenticated, SessionExpired

from .http.client import ClientRequest
from .models import Session

if TYPE_CHECKING:
    from django.contrib.auth.models import _User  # the name that the stubs have for AUTH_USER_MODEL

    class SessionRequest(ClientRequest):
        """What an endpoint behind the bearer class receives."""

        auth: Session
        user: _User

else:
    SessionRequest = HttpRequest

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
View = Callable[Concatenate[SessionRequest, Arguments], Answer]
Protected = Callable[Concatenate[HttpRequest, Arguments], Answer]


class SessionBearer(HttpAuthBase):
    """`request.auth` becomes the session and `request.user` its user, looked up once; anything else is a 401.

    It asks the database, and belongs in a thread: an async operation of Ninja calls it in one.
    """

    openapi_scheme = "bearer"

    def __call__(self, request: HttpRequest) -> Session:
        session = self.resolve(request)
        session.touch()
        return session

    def resolve(self, request: HttpRequest) -> Session:
        session = Session.objects.authenticate(bearer_token(request))
        if session is None:
            raise SessionExpired
        request.user = session.user
        return session


class IntrospectingBearer(SessionBearer):
    """The same, for what only asks about the session: asking is not using, and moves no idle end."""

    def __call__(self, request: HttpRequest) -> Session:
        return self.resolve(request)


class FreshSessionBearer(SessionBearer):
    """The same, for what changes who can come in: whoever stole a token must not be able to."""

    def __call__(self, request: HttpRequest) -> Session:
        session = super().__call__(request)
        session.require_fresh()
        return session


any_session = SessionBearer()
fresh_session = FreshSessionBearer()
introspected = IntrospectingBearer()


def session_required(view: View[Arguments, Answer]) -> Protected[Arguments, Answer]:
    """For a plain Django view, sync or async: what the bearer class is for an endpoint."""
    return _behind(any_session, view)


def fresh_session_required(view: View[Arguments, Answer]) -> Protected[Arguments, Answer]:
    """The same, for what `auth=fresh_session` is about."""
    return _behind(fresh_session, view)


def _behind(bearer: SessionBearer, view: Any) -> Any:
    """What is raised here and below is answered by the `RequestGuardMiddleware` in config/middleware.py."""

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
    """What follows `Bearer`, in any case (RFC 9110, 11.1). The header is the only place where a token may come."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").strip(" \t").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated
    return token.strip(" \t")
