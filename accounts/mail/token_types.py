"""What the link in a mail is for, where it leads, how long it is good, and what makes it void."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import models


class Purpose(models.TextChoices):
    VERIFY = "verify", "prove the address"
    CHANGE = "change", "prove a new address"
    RESET = "reset", "choose a new password"
    REGISTER = "register", "open an account"
    SECURE = "secure", "this wasn't me"


@dataclass(frozen=True)
class Terms:
    """`path` is on the front end. `dies_with`: facts about the person that are signed, so that any change of them,
    whoever makes it, makes the link void."""

    path: str
    lifetime: timedelta
    dies_with: tuple[str, ...] = ()


TERMS = {
    Purpose.VERIFY: Terms("/email/verify", timedelta(days=1), dies_with=("email",)),
    Purpose.CHANGE: Terms("/email/change", timedelta(days=1), dies_with=("email",)),
    Purpose.RESET: Terms("/password/reset", timedelta(hours=1), dies_with=("email", "password", "last_login")),
    Purpose.REGISTER: Terms("/register/confirm", timedelta(days=1)),
    Purpose.SECURE: Terms("/secure", timedelta(days=7)),
}
