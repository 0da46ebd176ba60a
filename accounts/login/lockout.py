"""Wrong passwords in a row, for each account (NIST SP 800-63B-4, 3.2.2): pauses that grow, then the password is shut.

Each place has a budget of its own: each network from which the person came in before, each of their sessions, and all
other networks together. So nobody elsewhere can keep people out of their own account, nor can one network that they
share with others keep them out at another. Other ways in are never touched.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from uuid import UUID

from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.mail.models import Letter
from accounts.mail.notifications import notify
from accounts.models import FailedAttempts, User
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag
from sessions_api.http.client import network
from sessions_api.http.errors import ApiError, RateLimited
from sessions_api.ratelimit import limits as rate_limits
from sessions_api.ratelimit.limits import store
from sessions_api.ratelimit.memory import Window

PAUSES_FROM = 10  # failures in a row; their owner is told
SHUT_FROM = 100  # and told again: until they choose a new password by mail, this one opens nothing there
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
FORGOTTEN = 30 * 24 * 3600  # seconds until a failure of nobody's is forgotten; one of somebody's is not

BY_MAIL = (Tag.PASSWORD_RESET, Tag.SECURED)
WAYS_IN = (Tag.LOGIN, Tag.ADMIN_LOGIN, *BY_MAIL)
LETTERS = {PAUSES_FROM: Letter.FAILED_LOGINS, SHUT_FROM: Letter.SHUT}


def pause_after(number: int) -> timedelta:
    """How long the next attempt has to wait after so many failures."""
    return min(FIRST_PAUSE * 2 ** min(number - PAUSES_FROM, 10), LONGEST_PAUSE)


class Attempts:
    """What was tried on one account in this place. `user` may be nobody, who then behaves like somebody."""

    def __init__(self, user: User, email: str, request: HttpRequest, session: UUID | None = None) -> None:
        self.user, self.request = user, request
        self.place = str(session) if session else home(user, request)
        self.account = budget(email, self.place)
        self.row = FailedAttempts.objects.filter(user_id=user.pk, place=self.place).first()
        self.nobody = Nobody(email)  # asked, and told, for everybody: the time that it takes must tell nothing
        self.counted = self.nobody.number
        self.is_nobody = user._state.adding
        self.number = self.counted if self.is_nobody else self.row.number if self.row else 0

    @property
    def are_shut(self) -> bool:
        return self.number >= SHUT_FROM

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises RateLimited in a pause; after it one of many at once may try. A refusal inside gives that back."""
        if self.number < PAUSES_FROM:
            yield
            return
        of_nobody, of_somebody = self.nobody.wait(), self._wait()
        if wait := of_nobody if self.is_nobody else of_somebody:
            raise RateLimited(wait)
        try:
            yield
        except ApiError:
            self._give_back()
            raise

    def _wait(self) -> int:
        """In seconds; zero for the one who may try now, which the row's conditional UPDATE decides, and for nobody."""
        if not self.row:
            return 0
        self.taken_at, pause = timezone.now(), pause_after(self.row.number)
        if (left := self.row.last_at + pause - self.taken_at) > timedelta(0):
            return ceil(left.total_seconds())
        same = FailedAttempts.objects.filter(pk=self.row.pk, last_at=self.row.last_at)
        return 0 if same.update(last_at=self.taken_at) else ceil(pause.total_seconds())

    def _give_back(self) -> None:
        self.nobody.give_back()
        if self.row:
            mine = FailedAttempts.objects.filter(pk=self.row.pk, last_at=self.taken_at)
            mine.update(last_at=self.row.last_at)

    def fail(self, person: User | None) -> None:
        """One more. `person` is as in the database, locked; None for nobody, and for whoever was just deleted."""
        mine, now = FailedAttempts.objects.filter(user_id=self.user.pk, place=self.place), timezone.now()
        row = mine.first()
        number = row.number + 1 if row else 1
        if row or not person:  # as many statements for nobody
            mine.update(number=number, last_at=now)
        else:
            mine.create(user=person, place=self.place, number=number, last_at=now)
        if person:
            self._tell(person, number)

    def _tell(self, person: User, number: int) -> None:
        if number in LETTERS:
            notify(person, LETTERS[number], self.request, home="home" if self.place else "")
        if number == SHUT_FROM:
            Event.objects.record(Tag.LOCKED, person, request=self.request)

    def succeed(self) -> None:
        """They were in a row no more."""
        if self.row:
            self.row.delete()
        if self.counted:
            self.nobody.forget()


def home(user: User, request: HttpRequest) -> str:
    """The network that this comes from, where the person has come in from it before, as far as events remember;
    else nothing. What came in before they last chose a password by mail may have been a thief."""
    theirs = Event.objects.filter(user_id=user.pk)
    since = theirs.filter(tag__in=BY_MAIL).order_by("-pk").values("pk")[:1]
    here = network(request)
    known = theirs.filter(tag__in=WAYS_IN, network=here, pk__gte=Coalesce(Subquery(since), 0))
    return here if known.exists() else ""


def budget(email: str, place: str) -> str:
    """What attempts on this account are counted under by `rate_limits`: nobody elsewhere uses up what is for home."""
    return f"{email} {place}" if place else email


def forgive(user: User, request: HttpRequest) -> None:
    """The owner of the mailbox has chosen a new password: whatever was counted against the old one is forgotten."""
    places = set(user.failed_attempts.values_list("place", flat=True))
    user.failed_attempts.all().delete()
    Nobody(user.email).forget()
    for place in places | {""}:
        rate_limits.reset(rate_limits.PASSWORD, request, account=budget(user.email, place))


class Nobody:
    """The same for an address that nobody has, counted without keeping it, so that it cannot be told from others.

    Somebody's are counted as well, and that count decides nothing.
    """

    COUNT = Window(SHUT_FROM, FORGOTTEN, "failures")

    def __init__(self, email: str) -> None:
        self.key = salted_hmac("latchkey.lockout", email, algorithm="sha256").hexdigest()

    @property
    def number(self) -> int:
        return SHUT_FROM - store.get_window_stats(self.COUNT, self.key).remaining

    @property
    def pause(self) -> Window:
        return Window(1, int(pause_after(max(self.number, PAUSES_FROM)).total_seconds()), "pause")

    def wait(self) -> int:
        pause = self.pause
        if store.hit(pause, self.key):
            return 0
        free_at = store.get_window_stats(pause, self.key).reset_time
        return max(1, ceil(free_at - timezone.now().timestamp()))

    def give_back(self) -> None:
        store.clear(self.pause, self.key)

    def fail(self) -> None:
        store.hit(self.COUNT, self.key)
        if self.number >= PAUSES_FROM:
            store.hit(self.pause, self.key)

    def forget(self) -> None:
        store.clear(self.COUNT, self.key)
