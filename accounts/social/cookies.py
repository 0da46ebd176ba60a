"""The flow state of each start in a cookie of its own, named by the OAuth state: two tabs do not disturb each other.

A proxy refuses a request whose cookies do not fit into its buffer, 8 KiB in nginx, until they expire. Other software on
the host may use the other half.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .flow_state import LIFETIME, OAuthFlowState

MOST = 5  # starts in one browser, with 500 bytes each unless `next` and `state` are long
MOST_BYTES = 4096  # of all our cookies in one request, those of the admin too
OURS = f"{settings.COOKIE_PREFIX}latchkey-"
PREFIX = f"{OURS}oauth-"


def remember(flow: OAuthFlowState, request: HttpRequest, response: HttpResponse) -> None:
    """Set the cookie of this start, and delete the oldest ones beyond MOST or MOST_BYTES.

    One start fits: `schemas.Start` limits the bytes of what it carries.
    """
    name, value = PREFIX + flow.oauth_state, flow.encode()
    sizes = {name: size(name, value) for name, value in request.COOKIES.items() if name.startswith(OURS)}
    starts = {name: started_at(value) for name, value in request.COOKIES.items() if name.startswith(PREFIX)}
    total = size(name, value) + sum(sizes[other] for other in sizes if other not in starts)
    for number, other in enumerate(sorted(starts, key=lambda other: -starts[other])):
        total += sizes[other]
        if number >= MOST - 1 or total > MOST_BYTES:
            delete(response, other)
    response.set_cookie(
        name,
        value,
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


def size(name: str, value: str) -> int:
    """The bytes in the request, with the separators. They count as one byte for each character: ours are ASCII."""
    return len(f"{name}={value}; ")


def started_at(cookie: str) -> float:
    flow = OAuthFlowState.decode(cookie)
    return flow.started_at if flow else 0


def delete(response: HttpResponse, name: str) -> None:
    response.delete_cookie(name, samesite="Lax")
    response.cookies[name]["secure"] = settings.HTTPS or ""  # browsers accept no other for the prefix __Host-
