"""What the token of a mail is for, where its link leads, how long it is valid, and what invalidates it."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import models


class TokenType(models.TextChoices):
    VERIFY = "verify", "prove the address"
    CHANGE = "change", "prove a new address"
    RESET = "reset", "choose a new password"
    REGISTER = "register", "open an account"
    REVERT = "revert", "undo what a security alert tells of"


@dataclass(frozen=True)
class TokenRule:
    """`path` is on the front end. The fields of the user in `invalidated_by` are signed: any change of one, by any
    caller, invalidates the token."""

    path: str
    lifetime: timedelta
    invalidated_by: tuple[str, ...] = ()


RULES = {
    TokenType.VERIFY: TokenRule("/email/verify", timedelta(days=1), invalidated_by=("email",)),
    TokenType.CHANGE: TokenRule("/email/change", timedelta(days=1), invalidated_by=("email",)),
    TokenType.RESET: TokenRule(
        "/password/reset", timedelta(hours=1), invalidated_by=("email", "password", "last_login")
    ),
    TokenType.REGISTER: TokenRule("/register/confirm", timedelta(days=1)),
    TokenType.REVERT: TokenRule("/secure", timedelta(days=7)),
}
