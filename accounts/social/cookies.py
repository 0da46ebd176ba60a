"""The flow state of each start in a cookie of its own, named by the OAuth state: two tabs do not disturb each other."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .flow_state import LIFETIME, OAuthFlowState

MOST = 5  # starts in one browser, with 600 bytes each; nginx refuses a line of headers above 8 KiB
PREFIX = f"{settings.COOKIE_PREFIX}latchkey-oauth-"


def remember(flow: OAuthFlowState, request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie of this start, and delete the oldest ones beyond MOST."""
    started = {name: started_at(value) for name, value in request.COOKIES.items() if name.startswith(PREFIX)}
    for name in sorted(started, key=lambda name: -started[name])[MOST - 1 :]:
        delete(response, name)
    response.set_cookie(
        PREFIX + flow.oauth_state,
        flow.encode(),
        max_age=LIFETIME,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",  # with Strict, browsers would not send it when they come back from the provider
    )


def recall(request: HttpRequest, provider: str) -> OAuthFlowState | None:
    """The flow state that this callback belongs to; None where this browser has none, or it is another provider's."""
    states = request.GET.getlist("state")
    flow = OAuthFlowState.decode(request.COOKIES.get(PREFIX + states[0], "")) if len(states) == 1 else None
    return flow if flow and flow.provider == provider else None


def forget(request: HttpRequest, response: HttpResponse) -> None:
    """Delete the cookie of the start that this callback has ended."""
    name = PREFIX + request.GET.get("state", "")
    if name in request.COOKIES:
        delete(response, name)


def started_at(cookie: str) -> float:
    flow = OAuthFlowState.decode(cookie)
    return flow.started_at if flow else 0


def delete(response: HttpResponse, name: str) -> None:
    response.delete_cookie(name, samesite="Lax")
    response.cookies[name]["secure"] = settings.HTTPS or ""  # browsers accept no other for the prefix __Host-
