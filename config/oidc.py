"""How `settings.py` reads the OpenID providers of `OIDC_PROVIDERS`. No message repeats a secret."""

import re
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

NAME = re.compile("(?=.{1,32}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")  # part of URLs and of two columns with 32 characters
RESERVED = {"admin", "github", "google", "passkey", "password"}  # other login methods


def oidc_providers(env: environ.Env, setting: str) -> dict[str, dict[str, Any]]:
    """The settings of each listed provider, by its name: KEY, SECRET, OIDC_ENDPOINT, NATIVE_CLIENT_IDS, TITLE.

    `keycloak` has OIDC_KEYCLOAK_ISSUER, OIDC_KEYCLOAK_CLIENT_ID and so on. Raises ImproperlyConfigured.
    """
    names: list[str] = [name.strip() for name in env.list(setting, default=[])]
    for name in names:
        if not NAME.fullmatch(name):
            raise ImproperlyConfigured(
                f"{setting} must list names of lower-case letters, digits and single hyphens, up to 32 characters each."
            )
        if name in RESERVED:
            raise ImproperlyConfigured(f"{setting} must not list {name}: this login method exists already.")
    if len(set(names)) < len(names):
        raise ImproperlyConfigured(f"{setting} must list each name once.")
    return {name: oidc_provider(env, name) for name in names}


def oidc_provider(env: environ.Env, name: str) -> dict[str, Any]:
    prefix = f"OIDC_{name.upper().replace('-', '_')}"
    return {
        "KEY": required(env, f"{prefix}_CLIENT_ID"),
        "SECRET": required(env, f"{prefix}_CLIENT_SECRET"),
        "OIDC_ENDPOINT": issuer(f"{prefix}_ISSUER", required(env, f"{prefix}_ISSUER")),
        "NATIVE_CLIENT_IDS": env.list(f"{prefix}_NATIVE_CLIENT_IDS", default=[]),
        "TITLE": env.str(f"{prefix}_NAME", default="") or name.replace("-", " ").title(),
    }


def required(env: environ.Env, setting: str) -> str:
    value: str = env.str(setting, default="")
    if not value:
        raise ImproperlyConfigured(f"{setting} is not set, and OIDC_PROVIDERS lists its provider.")
    return value


def issuer(setting: str, url: str) -> str:
    """OpenID Connect Discovery, 3: https, no query, no fragment. On this machine, http is accepted for trials."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    except ValueError:
        valid = False
    if not valid or not parts.hostname or parts.username or "?" in url or "#" in url:
        raise ImproperlyConfigured(f"{setting} must be an https URL without query and fragment.")
    return url


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
