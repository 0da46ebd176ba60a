"""The types of one-time tokens: the page of the link, the lifetime, and what invalidates the token."""

from datetime import timedelta
from typing import NamedTuple

from django.db import models


class TokenType(models.TextChoices):
    VERIFY = "verify", "verify the address"
    CHANGE = "change", "verify a new address"
    RESET = "reset", "choose a new password"
    REGISTER = "register", "register"
    REVERT = "revert", "undo the change of a security alert"


class TokenRule(NamedTuple):
    """`path` is a page of the front end. `lifetime` counts from the last attempt to send the mail.

    The token signs the fields of the user in `invalidated_by`, so any change of one invalidates it.
    """

    path: str
    lifetime: timedelta
    invalidated_by: tuple[str, ...] = ()


A_DAY = timedelta(days=1)  # NIST SP 800-63A: a code in a mail is valid for at most 24 hours

RULES = {
    TokenType.VERIFY: TokenRule("/email/verify", A_DAY, invalidated_by=("email",)),
    TokenType.CHANGE: TokenRule("/email/change", A_DAY, invalidated_by=("email",)),
    # It gives the account to its reader, so it is short: a user who asks for it waits for the mail.
    # A login leaves it valid: a caller who knows the old password must not block its replacement.
    TokenType.RESET: TokenRule("/password/reset", timedelta(hours=1), invalidated_by=("email", "password")),
    TokenType.REGISTER: TokenRule("/register/confirm", A_DAY),
    # Users do not expect this mail, and some read their mail once a week.
    TokenType.REVERT: TokenRule("/secure", timedelta(days=7)),
}
