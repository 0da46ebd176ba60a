"""The secret a client holds, and the only trace of it that we keep."""

import hashlib
import re
import secrets

TOKEN = re.compile(r"s_[A-Za-z0-9_-]{86}")


def new_token() -> str:
    """A fresh secret of 512 random bits: `s_` and 86 URL-safe characters."""
    return "s_" + secrets.token_urlsafe(64)


def looks_like_token(text: str) -> bool:
    """Whether it could have come from `new_token`: what could not need not be looked up."""
    return TOKEN.fullmatch(text) is not None


def digest(token: str) -> bytes:
    """SHA-256, 32 bytes. A fast hash is enough for a secret that nobody can guess (ASVS 5.0, 6.5.2)."""
    return hashlib.sha256(token.encode()).digest()
