"""Device tokens: a client that has logged in before keeps one, and sends it with its next login.

A device token proves no user and opens no session. It gives the attempts of its device a scope of their own, so that
failures of others do not count against them (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). It is
an HMAC over the user's id, a random mark, its expiry and `User.device_epoch`; a higher epoch invalidates them all.
"""

import re
import secrets
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

LIFETIME = timedelta(days=365)  # as long as a session; each login begins anew
MARK_BYTES = 16  # random: as in a UUID, two devices do not meet
MARK, EXPIRY = slice(2, 34), slice(34, 42)  # 32 hexadecimal digits, and 8 with the seconds since 1970, until 2106
SIGNATURE = slice(42, 106)
TOKEN = re.compile("d_[0-9a-f]{104}")
NO_TOKEN = "d_" + "0" * 104


def issue(user: User, mark: str = "") -> str:
    """A device token for this user, 106 characters, with this mark or a new one."""
    expires_at = int((timezone.now() + LIFETIME).timestamp())
    claims = f"{mark or secrets.token_hex(MARK_BYTES)}{expires_at:08x}"
    return f"d_{claims}{sign(user, claims, settings.SECRET_KEY)}"


def renew(user: User, token: str) -> str:
    """A device token with the mark of this one, or with a new mark where it is not valid for the user."""
    return issue(user, mark_of(user, token))


def mark_of(user: User, token: str) -> str:
    """The mark of this token; empty unless it is valid for this user. The work is the same for every text."""
    known = TOKEN.fullmatch(token) is not None
    text = token if known else NO_TOKEN
    claims = text[MARK] + text[EXPIRY]
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    signed = [constant_time_compare(text[SIGNATURE], sign(user, claims, key)) for key in keys]
    valid = known and any(signed) and int(text[EXPIRY], 16) > timezone.now().timestamp()
    return text[MARK] if valid else ""


def sign(user: User, claims: str, key: str) -> str:
    signed = f"{user.pk}\0{user.device_epoch}\0{claims}"
    return salted_hmac("latchkey.device_token", signed, secret=key, algorithm="sha256").hexdigest()
