"""The password rules (NIST SP 800-63B-4, 3.1.1.2): long enough, and not among the first guesses of an attacker.

There are no rules of composition. Each rule is a function of the password and its user; `user` is None where the user
is unknown. It returns the reason of the refusal, or None.
"""

import re
import unicodedata
from math import prod
from threading import Lock
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS
from zxcvbn.matching import L33T_TABLE

from accounts.models import User
from sessions_api.http.schemas import UNSTORABLE

PRODUCT = "latchkey"
COMMON = frozenset(CommonPasswordValidator().passwords) | frozenset(FREQUENCY_LISTS["passwords"])
WORD = re.compile(r"[^\W\d_]+")  # letters of any alphabet
MIN_WORD_LENGTH = 3  # with shorter known words, a user called “A B C” could hardly choose a password
# zxcvbn calls fewer guesses “very guessable”. It counts ten for each random character, so its next step, 10**8, would
# refuse eight random characters.
MIN_GUESSES = 10**6
MAX_OTHER_CHARACTERS = 6  # beside known words: six digits have 10**6 values, as many as MIN_GUESSES
PIECE_LENGTH = 32  # characters; an estimate's time grows faster than the length (measured: 32 in 4 ms, 72 in 28 ms)
MAX_READINGS = 64  # an estimate tries each of them (measured: 64 in 60 ms, 576 in 400 ms)

_zxcvbn_lock = Lock()


def too_short(password: str, user: User | None) -> ValidationError | None:
    """Characters are counted as received, without trimming or normalising (ASVS 5.0, 6.2.8)."""
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
    return ValidationError("NUL and lone surrogates are not allowed.", "unstorable_character")


def common(password: str, user: User | None) -> ValidationError | None:
    """The whole password, in any case, is in a list of the most used ones."""
    if folded(password).strip() not in COMMON:
        return None
    return ValidationError("Many users use this password, so it is easy to guess.", "password_common")


def context_specific(password: str, user: User | None) -> ValidationError | None:
    """The letters are one or several known words, with few other characters: “Alice2026!”."""
    words = WORD.findall(folded(password))
    letters = "".join(words)
    if len(password) - len(letters) > MAX_OTHER_CHARACTERS or not is_made_of(letters, known_words(user)):
        return None
    return ValidationError(
        "This is little more than your name, your address or the name of this site.", "password_context"
    )


def weak(password: str, user: User | None) -> ValidationError | None:
    """Every piece of the password is easy to guess. One strong piece is enough to accept all of it."""
    known, reasons = sorted(known_words(user)), []
    for start in range(0, len(password), PIECE_LENGTH):
        if not (reason := weakness(password[start : start + PIECE_LENGTH], known)):
            return None
        reasons.append(reason)
    return ValidationError("This password is easy to guess. %(why)s", "password_weak", {"why": reasons[0]})


def breached(password: str, user: User | None) -> ValidationError | None:
    """The range service of PWNED_PASSWORDS_URL knows the password. It is off by default."""
    if not settings.PWNED_PASSWORDS_URL or not (count := import_string(settings.BREACH_LOOKUP)(password)):
        return None
    return ValidationError(
        "This password is in lists of stolen passwords, %(count)d times.", "password_breached", {"count": count}
    )


FAST_RULES = (too_short, unstorable, common, context_specific)
SLOW_RULES = (weak, breached)


class PasswordValidator:
    """Raises every refusal of the fast rules at once. A slow rule runs only while no other rule has refused.

    No rule reads a password that is too long: together they took 0.4 s for the 64 KiB of a request.
    """

    def validate(self, password: str, user: User | None = None) -> None:
        """Raises Django's ValidationError, with one error for each reason."""
        if refusal := too_long(password, user):
            raise ValidationError([refusal])
        refusals = [refusal for rule in FAST_RULES if (refusal := rule(password, user))]
        for rule in SLOW_RULES:
            if not refusals and (refusal := rule(password, user)):
                refusals.append(refusal)
        if refusals:
            raise ValidationError(refusals)

    def get_help_text(self) -> str:
        return f"At least {settings.PASSWORD_MIN_LENGTH} characters, of any kind; several words are a good choice."


def folded(text: str) -> str:
    """The text in lower case, with characters that look alike made equal (NFKC)."""
    return unicodedata.normalize("NFKC", text).casefold()


def known_words(user: User | None) -> set[str]:
    """The words of the user's name and address, and of this site's name and hosts."""
    hosts = [urlsplit(url).hostname or "" for url in (settings.FRONTEND_URL, settings.PUBLIC_URL)]
    texts = [PRODUCT, settings.SITE_NAME or "", *hosts]
    if user:
        texts += [user.email, user.display_name]
    return {word for text in texts for word in WORD.findall(folded(text)) if len(word) >= MIN_WORD_LENGTH}


def is_made_of(text: str, words: set[str]) -> bool:
    """Whether the text is one of these words, or several in a row."""
    ends = {0}  # where a word can end such that everything before it is words
    for start in range(len(text)):
        if start in ends:
            ends |= {start + len(word) for word in words if text.startswith(word, start)}
    return bool(text) and len(text) in ends


def weakness(piece: str, known: list[str]) -> str:
    """Why the piece takes fewer than MIN_GUESSES, in zxcvbn's words; empty where it takes as many or more."""
    if readings(piece) > MAX_READINGS:  # it would take too long, and so many signs hardly spell a word
        return ""
    with _zxcvbn_lock:  # zxcvbn keeps the known words in a global that all threads share
        estimate = zxcvbn(piece, known)
    feedback = estimate["feedback"]
    if estimate["guesses"] >= MIN_GUESSES:
        return ""
    return " ".join(filter(None, [feedback["warning"], *feedback["suggestions"]]))


def readings(text: str) -> int:
    """The number of ways to read its signs as letters, “4” as an A and so on. zxcvbn tries all of them."""
    return prod(sum(sign in text for sign in signs) or 1 for signs in L33T_TABLE.values())
