"""Which providers are configured, and social-auth's object for one of them."""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.social.errors import ProviderNotFound
from accounts.social.flow_state import OAuthFlowState
from sessions_api.http.client import ClientRequest


def configured() -> list[str]:
    """The names of the providers whose two keys are set."""
    return [name for name in settings.OAUTH_PROVIDERS if _keys(name)]


def _keys(name: str) -> bool:
    prefix = f"SOCIAL_AUTH_{name.upper()}"
    return bool(getattr(settings, f"{prefix}_KEY", "") and getattr(settings, f"{prefix}_SECRET", ""))


def load() -> None:
    """Import what the configured ones are made of, which nobody else needs, before the first sign-in."""
    for name in configured():
        import_string(settings.OAUTH_PROVIDERS[name])


def title(name: str) -> str:
    """What users call it: “Google”."""
    return str(import_string(settings.OAUTH_PROVIDERS[name]).title)


def require(name: str) -> None:
    """Raises ProviderNotFound for anything that is not configured."""
    if name not in configured():
        raise ProviderNotFound


def start_url(name: str) -> str:
    return f"{settings.PUBLIC_URL}/api/auth/oauth/{name}"


def redirect_uri(name: str) -> str:
    """Where the provider sends the browser back to: from the settings, never from the request."""
    return getattr(settings, f"{name.upper()}_REDIRECT_URI", "") or f"{start_url(name)}/callback"


def backend_for(request: ClientRequest, flow: OAuthFlowState) -> Any:
    """social-auth's backend for one start or one callback; it remembers in the flow, and nowhere else."""
    backend = import_string(settings.OAUTH_PROVIDERS[flow.provider])
    return backend.of(request, flow, redirect_uri(flow.provider))
