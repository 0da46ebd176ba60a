"""System checks of settings about users. Those tagged `deploy` run only with `manage.py check --deploy`."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from sessions_api.checks import Rows, messages

# KiB by the number of passes, from OWASP's Password Storage Cheat Sheet; five passes or more need no less than 7168.
STRONG_ENOUGH = {1: 47104, 2: 19456, 3: 12288, 4: 9216}
FROM_FIVE_PASSES = 7168
SHORT_PASSWORD = 8  # characters; NIST SP 800-63B-4, 3.1.1.2, allows none below
FREE_THREADS = 4  # of a process: three callers wait for a hash, and one thread serves other requests
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
GOOGLE = "https://accounts.google.com"


@register
def impossible(**options: Any) -> list[CheckMessage]:
    """One error for each setting with which no user could log in. The costs of Argon2: RFC 9106, section 3.1."""
    lanes, passes, memory = settings.ARGON2_PARALLELISM, settings.ARGON2_TIME_COST, settings.ARGON2_MEMORY_COST
    can_hash = 1 <= lanes < 2**24 and 1 <= passes < 2**32 and 8 * lanes <= memory < 2**32
    has_range = 1 <= settings.PASSWORD_MIN_LENGTH <= settings.PASSWORD_MAX_LENGTH
    wrong: Rows = {
        "E001": (not has_range, "PASSWORD_MIN_LENGTH is not between 1 and 128."),
        "E002": (settings.HASHES_AT_ONCE < 1, "HASHES_AT_ONCE is not above 0."),
        "E003": (
            not can_hash,
            "Argon2 cannot hash with these costs.",
            "Unset ARGON2_*. Each lane needs 8 KiB of ARGON2_MEMORY_COST, and at least one pass (ARGON2_TIME_COST).",
        ),
    }
    return messages(Error, "accounts", wrong)


@register(deploy=True)
def deployment(**options: Any) -> list[CheckMessage]:
    """One warning for each setting that is unsafe for users, with the way out."""
    google = settings.GOOGLE_OAUTH_ENABLED
    addresses = [own["OIDC_ENDPOINT"] for own in settings.OIDC_PROVIDERS.values()]
    addresses += [settings.SOCIAL_AUTH_GOOGLE_OIDC_ENDPOINT, settings.SOCIAL_AUTH_GOOGLE_REDIRECT_URI] if google else []
    needed = STRONG_ENOUGH.get(settings.ARGON2_TIME_COST, FROM_FIVE_PASSES)
    unsafe = {
        "W001": (
            not settings.FRONTEND_URL.startswith("https://"),
            "FRONTEND_URL is not https.",
            "Session tokens and the links of mails are sent there.",
        ),
        "W002": (
            settings.OAUTH_HANDOVER != "code",
            "A sign-in by a provider may put a session token into a URL.",
            "With OAUTH_HANDOVER=code the URL has a code that works once, for the holder of its verifier.",
        ),
        "W003": (
            needed > settings.ARGON2_MEMORY_COST,
            "Password hashes are weaker than OWASP recommends.",
            "Unset ARGON2_*, or take at least two passes (ARGON2_TIME_COST) over 19456 KiB (ARGON2_MEMORY_COST).",
        ),
        "W004": (
            settings.ADMIN_ENABLED,
            "The admin asks for a password only, without a second factor.",
            "Let only your own network reach /admin/ in the proxy and silence this check, or set ADMIN_ENABLED=false.",
        ),
        "W005": (
            urlsplit(settings.FRONTEND_URL).hostname in LOCAL_HOSTS,
            "FRONTEND_URL leads to the user's own machine.",
            "Set it to your front end. Any program there receives session tokens and the links of mails.",
        ),
        "W006": (
            settings.PASSWORD_MIN_LENGTH < SHORT_PASSWORD,
            "Passwords may have fewer than eight characters.",
            "Set PASSWORD_MIN_LENGTH to at least 8. All shorter ones can be tried with a stolen hash.",
        ),
        "W007": (
            google and settings.SOCIAL_AUTH_GOOGLE_OIDC_ENDPOINT != GOOGLE,
            "Sign-in with Google trusts another provider.",
            "Unset GOOGLE_OIDC_ENDPOINT. The other provider can log in as any user with a Gmail address.",
        ),
        "W008": (
            any(address.startswith("http://") for address in addresses),
            "A sign-in by a provider uses an address without https.",
            "Use https in OIDC_*_ISSUER, GOOGLE_OIDC_ENDPOINT and GOOGLE_REDIRECT_URI. Codes and keys travel there.",
        ),
        "W009": (
            settings.PWNED_PASSWORDS_URL.startswith("http://"),
            "PWNED_PASSWORDS_URL is not https.",
            "Use https. A reader of the network learns a part of the digest of each new password.",
        ),
        "W010": (
            max(1, settings.THREADS - FREE_THREADS) < settings.HASHES_AT_ONCE,
            "Logins may use all threads of a process.",
            "Unset HASHES_AT_ONCE, or raise GRANIAN_BLOCKING_THREADS. Session checks would wait for passwords.",
        ),
        "W011": (
            settings.PAGES and settings.ADMIN_ENABLED and not settings.ADMIN_HOST,
            "Pages for users share a host with the admin.",
            "Give the admin a host of its own with ADMIN_HOST, or set ADMIN_ENABLED=false.",
        ),
    }
    return messages(Warning, "accounts", unsafe)
