"""What is remembered between the start and the callback of a sign-in, without a table and without a session.

One signed cookie for each start, named by its state, so that two tabs do not disturb each other. Strangers can
start as often as they like and fill nothing but their own browser.
"""

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from .errors import InvalidState

LIFETIME = timedelta(minutes=10)
MOST = 5
SALT = "latchkey.oauth.start"
PREFIX = f"{settings.COOKIE_PREFIX}latchkey-oauth-"


@dataclass
class OAuthFlowState:
    """One start: for which provider, what the front end wants back, and what social-auth notes for itself."""

    provider: str
    next: str = ""
    state: str = ""  # the front end's own
    code_challenge: str = ""
    link_for: str = ""  # the user who wants to link, if that is what this is
    started_at: float = field(default_factory=lambda: timezone.now().timestamp())
    notes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, request: HttpRequest, provider: str) -> "OAuthFlowState":
        """The one that this callback belongs to. Raises InvalidState, also for that of another provider."""
        state = request.GET.getlist("state")
        flow = _read(request.COOKIES.get(PREFIX + state[0], "")) if len(state) == 1 else None
        if flow is None or flow.provider != provider:
            raise InvalidState
        return flow

    def keep(self, request: HttpRequest, response: HttpResponse) -> None:
        """Set the cookie, and let the oldest go where there are too many."""
        (state,) = (note["state"] for note in self.notes.values() if "state" in note)
        started = {name: _started_at(value) for name, value in request.COOKIES.items() if name.startswith(PREFIX)}
        for name in sorted(started, key=lambda name: -started[name])[MOST - 1 :]:
            _forget(response, name)
        response.set_cookie(
            PREFIX + state,
            signing.dumps(asdict(self), salt=SALT, compress=True),
            max_age=LIFETIME,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",  # Strict would lose it on the way back from the provider
        )


def _read(cookie: str) -> OAuthFlowState | None:
    try:
        return OAuthFlowState(**signing.loads(cookie, salt=SALT, max_age=LIFETIME))
    except signing.BadSignature:
        return None


def _started_at(cookie: str) -> float:
    flow = _read(cookie)
    return flow.started_at if flow else 0


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """Delete the cookie of the start that this callback has ended."""
    name = PREFIX + request.GET.get("state", "")
    if name in request.COOKIES:
        _forget(response, name)


def _forget(response: HttpResponse, name: str) -> None:
    response.delete_cookie(name, samesite="Lax")
    response.cookies[name]["secure"] = settings.HTTPS or ""
