"""Which providers are configured, and social-auth's backend for each of them."""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.social.errors import ProviderNotFound
from accounts.social.flow_state import OAuthFlowState
from sessions_api.http.client import ClientInfo


def configured() -> list[str]:
    """The names of the providers that have a client id and a secret."""
    return [name for name in settings.OAUTH_PROVIDERS if setting(name, "KEY") and setting(name, "SECRET")]


def setting(name: str, suffix: str) -> Any:
    """A setting of one provider, by the name that social-auth reads; empty where there is none."""
    return getattr(settings, f"SOCIAL_AUTH_{name.upper().replace('-', '_')}_{suffix}", "")


def load() -> None:
    """Import the backends of the configured providers, and all that they need, before the first sign-in."""
    for name in configured():
        backend_class(name)


def backend_class(name: str) -> Any:
    _title, path = settings.OAUTH_PROVIDERS[name]
    return import_string(path)


def title(name: str) -> str:
    """What users call it: “Google”. A provider that the settings no longer list has only its name."""
    return settings.OAUTH_PROVIDERS[name][0] if name in settings.OAUTH_PROVIDERS else name


def require(name: str) -> None:
    """Raises ProviderNotFound for a provider that is not configured."""
    if name not in configured():
        raise ProviderNotFound


def start_url(name: str) -> str:
    return f"{settings.PUBLIC_URL}/api/auth/oauth/{name}"


def redirect_uri(name: str) -> str:
    """Where the provider sends the browser back to: from the settings, never from the request."""
    return setting(name, "REDIRECT_URI") or f"{start_url(name)}/callback"


def backend_for(flow: OAuthFlowState, *, client: ClientInfo, query: dict[str, Any] | None = None) -> Any:
    """social-auth's backend for one start, or for one callback with its `query`. It remembers only in the flow."""
    backend = backend_class(flow.provider)
    return backend.of(flow, redirect_uri=redirect_uri(flow.provider), query=query or {}, client=client)
