"""Wrong passwords in a row, for each account (NIST SP 800-63B-4, 3.2.2): pauses that grow, then the password is shut.

Each account has two budgets: one for networks from which its person came in before, one for all others. So nobody
elsewhere can keep people out of their own account. Sessions, and other ways in, are never touched.
"""

from datetime import timedelta
from math import ceil

from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from limits import RateLimitItemPerSecond

from sessions_api import rate_limits
from sessions_api.client import network
from sessions_api.errors import RateLimited
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.rate_limit_stores import store

from .mail.models import Letter
from .models import FailedAttempts, User
from .notices import notify

PAUSES_FROM = 10  # failures in a row; their owner is told
SHUT_FROM = 100  # and told again: until they choose a new password by mail, this one opens nothing there
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
FORGOTTEN = 30 * 24 * 3600  # seconds until a failure of nobody's is forgotten; one of somebody's is not

LETTERS = {PAUSES_FROM: Letter.FAILED_LOGINS, SHUT_FROM: Letter.SHUT}


def pause_after(number: int) -> timedelta:
    """How long the next attempt has to wait after so many failures."""
    return min(FIRST_PAUSE * 2 ** min(number - PAUSES_FROM, 10), LONGEST_PAUSE)


class Attempts:
    """What was tried on one account from here. `user` may be nobody, who then behaves like somebody."""

    def __init__(self, user: User, email: str, request: HttpRequest) -> None:
        self.user, self.request = user, request
        self.home = is_home(user, request)
        self.row = FailedAttempts.objects.filter(user_id=user.pk, home=self.home).first()
        self.nobody = Nobody(email) if user._state.adding else None

    @property
    def number(self) -> int:
        if self.nobody:
            return self.nobody.number
        return self.row.number if self.row else 0

    @property
    def are_shut(self) -> bool:
        return self.number >= SHUT_FROM

    def begin(self) -> None:
        """Raises RateLimited in a pause; after it one of many at once may try."""
        if self.number < PAUSES_FROM:
            return
        if wait := self.nobody.wait() if self.nobody else self._wait():
            raise RateLimited(wait)

    def _wait(self) -> int:
        """In seconds; zero for the one who may try now, which the row's conditional UPDATE decides."""
        assert self.row  # noqa: S101
        now, pause = timezone.now(), pause_after(self.row.number)
        if (left := self.row.last_at + pause - now) > timedelta(0):
            return ceil(left.total_seconds())
        mine = FailedAttempts.objects.filter(pk=self.row.pk, last_at=self.row.last_at).update(last_at=now)
        return 0 if mine else ceil(pause.total_seconds())

    def fail(self) -> None:
        """One more. Call it under the lock of the person, if there is one."""
        mine, now = FailedAttempts.objects.filter(user_id=self.user.pk, home=self.home), timezone.now()
        row = mine.first()
        number = row.number + 1 if row else 1
        if row or self.nobody:  # as many statements for nobody
            mine.update(number=number, last_at=now)
        else:
            mine.create(user=self.user, home=self.home, number=number, last_at=now)
        if self.nobody:
            self.nobody.fail()
        else:
            self._tell(number)

    def _tell(self, number: int) -> None:
        if number in LETTERS:
            notify(self.user, LETTERS[number], self.request)
        if number == SHUT_FROM:
            Event.objects.record(Tag.LOCKED, self.user, request=self.request)

    def succeed(self) -> None:
        """They were in a row no more."""
        if self.row:
            self.row.delete()


def is_home(user: User, request: HttpRequest) -> bool:
    """Whether the person has come in from this network before, as far as events remember."""
    ways_in = (Tag.LOGIN, Tag.ADMIN_LOGIN)
    here = network(request)
    return bool(here) and Event.objects.filter(user_id=user.pk, tag__in=ways_in, network=here).exists()


def budget(email: str, *, home: bool) -> str:
    """What attempts on this account are counted under by `rate_limits`: nobody elsewhere uses up what is for home."""
    return f"{email} at home" if home else email


def forgive(user: User, request: HttpRequest) -> None:
    """The owner of the mailbox has chosen a new password: whatever was counted against the old one is forgotten."""
    user.failed_attempts.all().delete()
    for home in (True, False):
        rate_limits.reset(rate_limits.PASSWORD, request, account=budget(user.email, home=home))


class Nobody:
    """The same for an address that nobody has, counted without keeping it, so that it cannot be told from others."""

    COUNT = RateLimitItemPerSecond(SHUT_FROM, FORGOTTEN, "failures")

    def __init__(self, email: str) -> None:
        self.key = salted_hmac("latchkey.lockout", email, algorithm="sha256").hexdigest()

    @property
    def number(self) -> int:
        return SHUT_FROM - store.get_window_stats(self.COUNT, self.key).remaining

    @property
    def pause(self) -> RateLimitItemPerSecond:
        return RateLimitItemPerSecond(1, int(pause_after(self.number).total_seconds()), "pause")

    def wait(self) -> int:
        pause = self.pause
        if store.hit(pause, self.key):
            return 0
        free_at = store.get_window_stats(pause, self.key).reset_time
        return max(1, ceil(free_at - timezone.now().timestamp()))

    def fail(self) -> None:
        store.hit(self.COUNT, self.key)
        if self.number >= PAUSES_FROM:
            store.hit(self.pause, self.key)
