"""Wrong passwords in a row: cool-offs that grow, then the password is locked (NIST SP 800-63B-4, 3.2.2).

Failures are counted by the user and a scope. Each device with a device token of the user is a scope, each network from
which the user has logged in before is one, each session of the user is one, and all others together are one. Strangers
delay or lock only the last one, and a neighbour only the network that both use. A user who is in that scope waits with
them, or resets the password by mail. A lock only concerns the password: other ways to log in stay.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from math import ceil
from uuid import UUID

from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.mail.models import MailType
from accounts.mail.notifications import notify
from accounts.models import User
from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import ApiError, RateLimited
from sessions_api.models import Session
from sessions_api.outbound.back_off import BackOff
from sessions_api.ratelimit import limits

from .models import LOCKED_FROM, FailureKey, LoginFailures

COOL_OFF_FROM = 10  # failures in a row: few users mistype so often, and ten guesses find no password that we accept
COOL_OFF = BackOff(first=timedelta(seconds=30), longest=timedelta(hours=1))  # the example that the standard gives
# So a stranger who never rests makes 39 guesses in the first 24 hours, 24 in each 24 after them, and the last of
# LOCKED_FROM after 84 hours.

MAILS = {COOL_OFF_FROM: MailType.FAILED_LOGINS, LOCKED_FROM: MailType.LOCKED}
BY_MAIL = (Tag.PASSWORD_RESET, Tag.UNDONE)
LOGINS = (Tag.LOGIN, Tag.ADMIN_LOGIN, *BY_MAIL)


class Attempt:
    """One attempt to prove a password, and the failures before it.

    `user` is unsaved where no user has the address; then every statement is the same, as with and without a device.
    With `session`, the failures are those of this session; with `device`, those of this mark of a device token.
    `account` is what the limits of `ratelimit/limits.py` count by.
    """

    def __init__(self, user: User, *, client: ClientInfo, session: UUID | None = None, device: str = "") -> None:
        self.client = client
        network = "" if session else known_network(user, client)
        self.scope = str(session or device or network)
        self.key = FailureKey(user.email if user._state.adding else str(user.pk), self.scope)
        self.account = account_in(user.email, self.scope)
        self.failures = LoginFailures.objects.under(self.key)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises RateLimited during a cool-off. After it, one of many callers at once may try.

        Where the block refuses for another reason, such as ServerBusy, it gives the turn back. Before the first
        cool-off, `limits.PASSWORD` bounds the callers at once.
        """
        if self.failures.count < COOL_OFF_FROM:
            yield
            return
        cool_off = COOL_OFF.after(self.failures.count - COOL_OFF_FROM + 1)
        failed_at, taken_at = self.failures.last_at, timezone.now()
        if (left := failed_at + cool_off - taken_at) > timedelta(0):
            raise RateLimited(ceil(left.total_seconds()))
        if not self.failures.replace_last_at(failed_at, taken_at):
            raise RateLimited(ceil(cool_off.total_seconds()))
        try:
            yield
        except ApiError:
            self.failures.replace_last_at(taken_at, failed_at)
            raise

    def fail(self, held_user: User | None) -> None:
        """Count a failure. At COOL_OFF_FROM and LOCKED_FROM, queue a mail to the user.

        `held_user` is the user whose row this transaction holds, or None where no user has the address.
        """
        count = LoginFailures.objects.add(self.key)
        if held_user is None:
            return
        if count in MAILS:
            known = "known_network" if self.scope else ""
            notify(held_user, MAILS[count], client=self.client, known_network=known)
        if count == LOCKED_FROM:
            Event.objects.record(Tag.LOCKED, held_user, client=self.client)

    def succeed(self) -> None:
        """Forget the failures: the next one is the first in a row."""
        if self.failures.pk:
            LoginFailures.objects.clear([self.key])
        limits.clear(limits.PASSWORD, self.client, account=self.account)


def known_network(user: User, client: ClientInfo) -> str:
    """The network of this client, where events remember a login of the user from it; else empty.

    Logins before the user's last reset by mail do not count, for they may have been a thief's.
    """
    events = Event.objects.filter(user_id=user.pk)
    since = events.filter(tag__in=BY_MAIL).order_by("-pk").values("pk")[:1]
    logins = events.filter(tag__in=LOGINS, network=client.network, pk__gte=Coalesce(Subquery(since), 0))
    return client.network if logins.exists() else ""


def account_in(email: str, scope: str) -> str:
    """What limits count attempts under: a stranger elsewhere uses up nothing that is for a known network."""
    return f"{email} {scope}" if scope else email


def failures_of(user: User) -> list[tuple[str, LoginFailures]]:
    """Each scope in which this user has failures, and the failures."""
    keys = keys_of(user)
    rows = list(LoginFailures.objects.of(keys))
    return [(key.scope, failures) for key in keys if (failures := key.merge(rows)).pk]


def clear_failures(user: User, client: ClientInfo) -> None:
    """Forget all failures of this user, who has just proven control of the mailbox."""
    keys = keys_of(user)
    LoginFailures.objects.clear(keys)
    for key in keys:
        limits.clear(limits.PASSWORD, client, account=account_in(user.email, key.scope))


def keys_of(*users: User) -> list[FailureKey]:
    """Under which keys these users can have failures, by two queries."""
    keys = [user.pk for user in users]
    logins = Event.objects.filter(user_id__in=keys, tag__in=LOGINS).order_by()
    networks = logins.values_list("user_id", "network").distinct()
    sessions = [(user, str(pk)) for user, pk in Session.objects.filter(user_id__in=keys).values_list("user_id", "pk")]
    found = dict.fromkeys([*((key, "") for key in keys), *networks, *sessions])
    return [FailureKey(str(user), scope) for user, scope in found]
