"""System checks of settings about users. Those tagged `deploy` run only with `manage.py check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

# KiB by the number of passes, from OWASP's Password Storage Cheat Sheet; five passes or more need no less than 7168.
STRONG_ENOUGH = {1: 47104, 2: 19456, 3: 12288, 4: 9216}
FROM_FIVE_PASSES = 7168


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
    hint = "Session tokens and the links of mails are sent there."
    return [Warning("FRONTEND_URL is not https.", hint=hint, id="accounts.W001")]


@register(deploy=True)
def handover_keeps_tokens_out_of_urls(**options: Any) -> list[CheckMessage]:
    if settings.OAUTH_HANDOVER == "code":
        return []
    hint = "With OAUTH_HANDOVER=code the URL has a code that works once, for the holder of its verifier."
    return [Warning("A sign-in by a provider may put a session token into a URL.", hint=hint, id="accounts.W002")]


@register(deploy=True)
def hashes_are_strong(**options: Any) -> list[CheckMessage]:
    if STRONG_ENOUGH.get(settings.ARGON2_TIME_COST, FROM_FIVE_PASSES) <= settings.ARGON2_MEMORY_COST:
        return []
    hint = "Unset ARGON2_*, or take at least two passes (ARGON2_TIME_COST) over 19456 KiB (ARGON2_MEMORY_COST)."
    return [Warning("Password hashes are weaker than OWASP recommends.", hint=hint, id="accounts.W003")]


@register(deploy=True)
def admin_has_a_second_barrier(**options: Any) -> list[CheckMessage]:
    if not settings.ADMIN_ENABLED:
        return []
    hint = "Let only your own network reach /admin/ in the proxy and silence this check, or set ADMIN_ENABLED=false."
    return [Warning("The admin asks for a password only, without a second factor.", hint=hint, id="accounts.W004")]
