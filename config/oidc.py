"""How `settings.py` reads the OpenID providers that `OIDC_PROVIDERS` lists. No message repeats a value."""

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.env import env, must

NAME = re.compile("(?=.{1,32}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")  # a part of URLs; columns have 32 characters for it
RESERVED = {"admin", "github", "google", "passkey", "password"}  # other login methods

ENTRA = "login.microsoftonline.com"
MANY_TENANTS = (["common"], ["organizations"], ["consumers"])  # each ID token there has an issuer of its own


def oidc_providers(setting: str) -> dict[str, dict[str, Any]]:
    """The settings of each listed provider, by its name, under the names that social-auth gives them.

    `keycloak` reads OIDC_KEYCLOAK_ISSUER and so on. Raises ImproperlyConfigured.
    """
    names: list[str] = env.list(setting, default=[])
    if not all(map(NAME.fullmatch, names)):
        raise ImproperlyConfigured(
            f"{setting} must list names of lower-case letters, digits and single hyphens, up to 32 characters each."
        )
    if taken := RESERVED & set(names):
        raise ImproperlyConfigured(f"{setting} must not list {min(taken)}: this login method exists already.")
    if len(set(names)) < len(names):
        raise ImproperlyConfigured(f"{setting} must list each name once.")
    return {name: oidc_provider(f"OIDC_{capitals(name)}", name) for name in names}


def oidc_provider(prefix: str, name: str) -> dict[str, Any]:
    hint = "OIDC_PROVIDERS lists its provider."
    return {
        "KEY": env.required(f"{prefix}_CLIENT_ID", hint),
        "SECRET": env.required(f"{prefix}_CLIENT_SECRET", hint),
        "OIDC_ENDPOINT": issuer(f"{prefix}_ISSUER", env.required(f"{prefix}_ISSUER", hint)),
        "TITLE": env.str(f"{prefix}_NAME", default="") or name.replace("-", " ").title(),
        "NATIVE_CLIENT_IDS": env.list(f"{prefix}_NATIVE_CLIENT_IDS", default=[]),
        "ACCEPT_UNVERIFIED_EMAIL": env.bool(f"{prefix}_ACCEPT_UNVERIFIED_EMAIL", default=False),
    }


def issuer(setting: str, url: str) -> str:
    """OpenID Connect Discovery, 3: https, without query and fragment. On this machine http is accepted, for trials."""
    with must(setting, "be an https URL without query and fragment"):
        parts = urlsplit(url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        if not is_safe or not parts.hostname or parts.username or "?" in url or "#" in url:
            raise ValueError
    if "/.well-known/" in url:
        raise ImproperlyConfigured(f"{setting} must be the issuer itself: the part before /.well-known/.")
    if "{" in url or (parts.hostname == ENTRA and parts.path.split("/")[1:2] in MANY_TENANTS):
        raise ImproperlyConfigured(f"{setting} must have the id of one tenant.")
    return url


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def social_auth_settings(providers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """`{"SOCIAL_AUTH_KEYCLOAK_KEY": …}` and so on: social-auth looks for a setting under the provider's name."""
    return {
        f"SOCIAL_AUTH_{capitals(name)}_{key}": value for name, own in providers.items() for key, value in own.items()
    }


def capitals(name: str) -> str:
    return name.upper().replace("-", "_")
