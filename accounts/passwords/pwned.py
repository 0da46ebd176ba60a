"""Whether a password is in a known breach. Opt-in; an outage of the service delays and refuses no registration.

The service is Have I Been Pwned's, or a compatible one: https://haveibeenpwned.com/API/v3#PwnedPasswords
"""

import hashlib
import logging
import re
from datetime import timedelta

import requests
from django.conf import settings
from urllib3.exceptions import HTTPError

from sessions_api.outbound.circuit_breaker import CircuitBreaker
from sessions_api.outbound.http import fetch

SECONDS = 2.0  # for the whole answer: a user waits meanwhile
PAUSE = timedelta(minutes=1)  # an outage delays one user a minute in each process
PREFIX = 5  # hexadecimal digits of the SHA-1, as the API asks for
# Padding hides the number of lines from an observer of the network. The API refuses requests without a User-Agent.
HEADERS = {"Add-Padding": "true", "User-Agent": "latchkey"}
LINE = re.compile(r"([0-9A-F]{35}):(\d{1,12})")  # no count of breached accounts has more than 12 digits
FAILURES = (TimeoutError, requests.RequestException, HTTPError, ValueError)  # ValueError: the answer is no such list

breaker = CircuitBreaker(
    pause=PAUSE,
    failed="Passwords are not looked up in breaches",
    works="Passwords are looked up in breaches again",
    level=logging.WARNING,  # registration goes on
)


def times_seen(password: str) -> int:
    """How often this password was found in breaches; 0 also while the service cannot be used.

    Only the first five digits of the password's SHA-1 leave this machine; the rest is compared here (k-anonymity).
    """
    if not breaker.allows():
        return 0
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        known = suffixes(digest[:PREFIX])
    except FAILURES as failure:
        breaker.record_failure(failure)
        return 0
    breaker.record_success()
    return known.get(digest[PREFIX:], 0)


def suffixes(prefix: str) -> dict[str, int]:
    """The other 35 digits of each known SHA-1 with this prefix, and how often it was seen; 0 marks padding.

    Raises one of `FAILURES`.
    """
    answer = fetch(f"{settings.PWNED_PASSWORDS_URL}/{prefix}", seconds=SECONDS, headers=HEADERS)
    if answer.status_code != requests.codes.ok:
        raise ValueError
    lines = [LINE.fullmatch(line) for line in answer.content.decode("ascii").upper().split()]
    if not all(lines):
        raise ValueError
    return {line[1]: int(line[2]) for line in lines if line}
