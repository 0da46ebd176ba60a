"""Whether a password was stolen somewhere, as far as the range service knows: opt-in, and never in the way.

The service is Have I Been Pwned's, or one like it: https://haveibeenpwned.com/API/v3#PwnedPasswords
"""

import hashlib
import logging
import re
from datetime import UTC, datetime, timedelta

import requests
from django.conf import settings
from django.utils import timezone
from urllib3.exceptions import HTTPError

from sessions_api.outbound.http import fetch

logger = logging.getLogger(__name__)

SECONDS = 2.0  # in all, whatever it does
REST = timedelta(minutes=1)
PREFIX = 5  # hexadecimal characters, which some 2,000 known passwords share
HEADERS = {"Add-Padding": "true", "User-Agent": "latchkey"}
LINE = re.compile(r"([0-9A-F]{35}):(\d{1,12})")
FAILURES = (TimeoutError, requests.RequestException, HTTPError, ValueError)  # the last: what it says is no list


class Pause:
    """Until when nobody is asked, in this process: after a failure nobody else has to wait for one."""

    ends = datetime.min.replace(tzinfo=UTC)


def times_seen(password: str) -> int:
    """In how many places it was found; 0 also where the service cannot be used.

    What leaves this machine are five characters of the password's SHA-1; the rest is compared here.
    """
    if timezone.now() < Pause.ends:
        return 0
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        return suffixes(digest[:PREFIX]).get(digest[PREFIX:], 0)
    except FAILURES as failure:
        Pause.ends = timezone.now() + REST
        logger.warning("Passwords are not looked up for a minute: the service failed with %s", type(failure).__name__)
        return 0


def suffixes(prefix: str) -> dict[str, int]:
    """The rest of each known SHA-1 that begins so, and how often it was seen; 0 is padding."""
    answer = fetch(f"{settings.PWNED_PASSWORDS_URL}/{prefix}", seconds=SECONDS, headers=HEADERS)
    if answer.status_code != requests.codes.ok:
        raise ValueError
    lines = [LINE.fullmatch(line) for line in answer.content.decode("ascii").upper().split()]
    if not all(lines):
        raise ValueError
    return {line[1]: int(line[2]) for line in lines if line}
