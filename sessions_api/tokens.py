"""Session tokens: the secret that a client keeps, and the digest that the database keeps."""

import hashlib
import re
import secrets

TOKEN_BYTES = 64  # 512 bits, beyond any guessing; the API promises tokens of 88 characters
TOKEN = re.compile(r"s_[A-Za-z0-9_-]{86}")  # 64 bytes in URL-safe Base64 without padding


def new_token() -> str:
    """A new secret of 512 random bits: `s_` and 86 URL-safe characters."""
    return "s_" + secrets.token_urlsafe(TOKEN_BYTES)


def looks_like_token(text: str) -> bool:
    """Whether `new_token` could have returned this. Any other text needs no look into the database."""
    return TOKEN.fullmatch(text) is not None


def digest(token: str) -> bytes:
    """SHA-256, 32 bytes. A fast hash suffices for a secret that is too long to guess (ASVS 5.0, 6.5.2)."""
    return hashlib.sha256(token.encode()).digest()
