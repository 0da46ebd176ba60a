"""The bearer class: from an Authorization header to a session and its person."""

from typing import TYPE_CHECKING

from django.http import HttpRequest
from ninja.security.http import HttpAuthBase

from .errors import NotAuthenticated, SessionExpired
from .models import Session

if TYPE_CHECKING:

    class SessionRequest(HttpRequest):
        """What an endpoint behind the bearer class receives."""

        auth: Session

else:
    SessionRequest = HttpRequest


class SessionBearer(HttpAuthBase):
    """`request.auth` becomes the session and `request.user` its person, looked up once; anything else is a 401."""

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


fresh_session = FreshSessionBearer()
introspected = IntrospectingBearer()


def bearer_token(request: HttpRequest) -> str:
    """What follows `Bearer`, in any case (RFC 9110, 11.1). The header is the only place where a token may come."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").strip(" \t").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated
    return token.strip(" \t")
