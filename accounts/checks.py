"""What `manage.py check` says of settings about users; those tagged `deploy` with `--deploy` only."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

STRONG_ENOUGH = {1: 47104, 2: 19456, 3: 12288, 4: 9216}  # passes: KiB; OWASP, Password Storage Cheat Sheet


@register
def password_rules(**options: Any) -> list[CheckMessage]:
    if 1 <= settings.PASSWORD_MIN_LENGTH <= settings.PASSWORD_MAX_LENGTH:
        return []
    return [Error("PASSWORD_MIN_LENGTH is not between 1 and 128.", id="accounts.E001")]


@register
def hashes_at_once(**options: Any) -> list[CheckMessage]:
    if settings.HASHES_AT_ONCE > 0:
        return []
    return [Error("HASHES_AT_ONCE is not above 0.", id="accounts.E002")]


@register(deploy=True)
def front_end_is_https(**options: Any) -> list[CheckMessage]:
    if settings.FRONTEND_URL.startswith("https://"):
        return []
    hint = "Tokens and mail links lead there."
    return [Warning("FRONTEND_URL is not https.", hint=hint, id="accounts.W001")]


@register(deploy=True)
def handover_keeps_tokens_out_of_urls(**options: Any) -> list[CheckMessage]:
    if settings.OAUTH_HANDOVER == "code":
        return []
    hint = "OAUTH_HANDOVER=code hands over a code that is good once, for whoever holds its verifier."
    return [Warning("A sign-in by a provider may end with a token in a URL.", hint=hint, id="accounts.W002")]


@register(deploy=True)
def hashes_are_strong(**options: Any) -> list[CheckMessage]:
    if STRONG_ENOUGH.get(settings.ARGON2_TIME_COST, 7168) <= settings.ARGON2_MEMORY_COST:
        return []
    hint = "Leave ARGON2_* out, or take at least two passes (ARGON2_TIME_COST) over 19456 KiB (ARGON2_MEMORY_COST)."
    return [Warning("Password hashes are cheap to guess at.", hint=hint, id="accounts.W003")]


@register(deploy=True)
def admin_wants_more_than_a_password(**options: Any) -> list[CheckMessage]:
    if not settings.ADMIN_ENABLED:
        return []
    hint = "It has no second factor: let only your own network reach /admin/ in the proxy, or set ADMIN_ENABLED=false."
    return [Warning("The admin opens to a password alone.", hint=hint, id="accounts.W004")]
