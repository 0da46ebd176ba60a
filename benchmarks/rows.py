"""What stands in every database, so that a request can be made for each row."""

import hashlib

from argon2 import PasswordHasher

PEOPLE, FEW = 200_000, 5_000
PASSWORD = "correct-horse-battery"

# Numbers of people. The first have fifty sessions each, all others one: some peers read all of a person's each time.
LISTED = range(1, 21)
READERS = range(101, 1101)  # whose bearers are checked
COMERS = range(1101, 2101)  # who log in
CHECKED = range(2101, 2111)  # for the look at whether answers are right
LIST = 50


def body(session: int) -> str:
    """96 hexadecimal digits, of which each system's tokens are made; `bench.sessions` has the same."""
    return hashlib.md5(str(session).encode()).hexdigest() * 3


def email(person: int) -> str:
    return f"p{person}@example.org"


def uuid(person: int | str) -> str:
    return hashlib.md5(str(person).encode()).hexdigest()


def hashed() -> str:
    """The password of everybody, with the parameters of Latchkey's."""
    return PasswordHasher(3, 65536, 4).hash(PASSWORD)
