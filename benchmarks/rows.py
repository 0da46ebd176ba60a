"""The rows of every database, so that a request can be made for each of them."""

import hashlib

from argon2 import PasswordHasher

USERS, FEW = 50_000, 5_000
PASSWORD = "correct-horse-battery"

# Numbers of users. LISTED have fifty sessions each, all others one: some peers read all sessions of a user each time.
LISTED = range(1, 21)
READERS = range(101, 1101)  # their bearer tokens are checked
LOGGING_IN = range(1101, 2101)  # they log in
CHECKED = range(2101, 2121)  # for `checks`
LIST = 50


def body(session: int) -> str:
    """96 hexadecimal digits, from which each system makes its tokens; `bench.sessions` has the same."""
    return hashlib.md5(str(session).encode()).hexdigest() * 3


def email(user: int) -> str:
    return f"p{user}@example.org"


def uuid(user: int | str) -> str:
    return hashlib.md5(str(user).encode()).hexdigest()


def hashed() -> str:
    """The hash of every user's password, with Latchkey's default parameters."""
    return PasswordHasher(3, 65536, 4).hash(PASSWORD)
