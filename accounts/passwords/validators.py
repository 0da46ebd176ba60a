"""What a password must be (NIST SP 800-63B-4, 3.1.1.2): long enough, and not what others would try first.

No rules of composition. Each rule is a function that returns its reason for a refusal, or None.
"""

import re
import unicodedata
from math import prod
from threading import Lock
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS
from zxcvbn.matching import L33T_TABLE

from accounts.models import User
from sessions_api.http.errors import ValidationFailed
from sessions_api.http.schemas import UNSTORABLE

PRODUCT = "latchkey"
COMMON = frozenset(CommonPasswordValidator().passwords) | frozenset(FREQUENCY_LISTS["passwords"])
WORD = re.compile(r"[^\W\d_]+")  # letters of any alphabet
SHORTEST_WORD = 3  # else whoever is called “A B C” could hardly choose one
MOST_AROUND = 6  # digits beside known words: as many guesses as `GUESSES`
GUESSES = 10**6  # what zxcvbn calls “very guessable” is less; more would refuse any eight random characters
PIECE = 32
READINGS = 64

_one_at_a_time = Lock()


def too_short(password: str, user: User | None) -> ValidationError | None:
    """Characters are counted as they came, without trimming or normalising (ASVS 5.0, 6.2.8)."""
    shortest = settings.PASSWORD_MIN_LENGTH
    if len(password) >= shortest:
        return None
    return ValidationError("Use at least %(min_length)d characters.", "password_too_short", {"min_length": shortest})


def too_long(password: str, user: User | None) -> ValidationError | None:
    longest = settings.PASSWORD_MAX_LENGTH
    if len(password) <= longest:
        return None
    return ValidationError("Use at most %(max_length)d characters.", "password_too_long", {"max_length": longest})


def unstorable(password: str, user: User | None) -> ValidationError | None:
    if not UNSTORABLE.search(password):
        return None
    return ValidationError("NUL and lone surrogates are not acceptable.", "unstorable_character")


def common(password: str, user: User | None) -> ValidationError | None:
    """The whole of it, in any case, is what others have used most."""
    if folded(password).strip() not in COMMON:
        return None
    return ValidationError("Many users use this password, so it is easy to guess.", "password_common")


def context(password: str, user: User | None) -> ValidationError | None:
    """Its letters are known words, one or several, with little else around or between: “Alice2026!”."""
    words = WORD.findall(folded(password))
    letters = "".join(words)
    if len(password) - len(letters) > MOST_AROUND or not made_of(letters, known_words(user)):
        return None
    return ValidationError(
        "This is little more than your name, your address or the name of this site.", "password_context"
    )


def weak(password: str, user: User | None) -> ValidationError | None:
    """zxcvbn's estimate, in pieces that it does in milliseconds: weak is what is weak in each."""
    known, reasons = sorted(known_words(user)), []
    for start in range(0, len(password), PIECE):
        if not (reason := weakness(password[start : start + PIECE], known)):
            return None
        reasons.append(reason)
    return ValidationError("This password is easy to guess. %(why)s", "password_weak", {"why": reasons[0]})


def breached(password: str, user: User | None) -> ValidationError | None:
    if not settings.PWNED_PASSWORDS_URL or not (count := import_string(settings.BREACH_LOOKUP)(password)):
        return None
    return ValidationError(
        "This password is in lists of stolen passwords, %(count)d times.", "password_breached", {"count": count}
    )


CHEAP = (too_short, too_long, unstorable, common, context)
COSTLY = (weak, breached)


class PasswordValidator:
    """All that the cheap rules say; a costly one is asked only where nobody has refused yet."""

    def validate(self, password: str, user: User | None = None) -> None:
        refused = [reason for rule in CHEAP if (reason := rule(password, user))]
        for rule in COSTLY:
            if not refused and (reason := rule(password, user)):
                refused.append(reason)
        if refused:
            raise ValidationError(refused)

    def get_help_text(self) -> str:
        return f"At least {settings.PASSWORD_MIN_LENGTH} characters, of any kind; several words are a good choice."


def folded(text: str) -> str:
    """One form for what looks alike, without capitals."""
    return unicodedata.normalize("NFKC", text).casefold()


def known_words(user: User | None) -> set[str]:
    """The words that somebody would try first who knows whose password it is, and for what."""
    hosts = [urlsplit(url).hostname or "" for url in (settings.FRONTEND_URL, settings.PUBLIC_URL)]
    texts = [PRODUCT, settings.SITE_NAME or "", *hosts]
    if user:
        texts += [user.email, user.display_name]
    return {word for text in texts for word in WORD.findall(folded(text)) if len(word) >= SHORTEST_WORD}


def made_of(text: str, words: set[str]) -> bool:
    """Whether it is one of these words, or several, one after the other."""
    ends = {0}  # where a word, and all before it, may end
    for start in range(len(text)):
        if start in ends:
            ends |= {start + len(word) for word in words if text.startswith(word, start)}
    return bool(text) and len(text) in ends


def weakness(piece: str, known: list[str]) -> str:
    """Why it takes less than `GUESSES`, in zxcvbn's words; empty where it does not."""
    if readings(piece) > READINGS:
        return ""
    with _one_at_a_time:  # zxcvbn keeps the known words where every thread sees them
        estimate = zxcvbn(piece, known)
    said = estimate["feedback"]
    return " ".join(filter(None, [said["warning"], *said["suggestions"]])) if estimate["guesses"] < GUESSES else ""


def readings(text: str) -> int:
    """How many ways there are to read “4” as an A and so on, for zxcvbn tries them all.

    With the signs of a whole keyboard it takes seconds. What has so many is not what it is there to find.
    """
    return prod(sum(sign in text for sign in signs) or 1 for signs in L33T_TABLE.values())


def require_acceptable(password: str, user: User, *, field: str) -> None:
    """Raises ValidationFailed, with the reasons, where this user may not have this password.

    Call it outside of transactions: it may ask a service on the internet.
    """
    try:
        validate_password(password, user)
    except ValidationError as refused:
        raise ValidationFailed(
            [
                {"loc": ["body", field], "msg": e.messages[0], "code": e.code, "params": e.params or {}}
                for e in refused.error_list
            ]
        ) from None
