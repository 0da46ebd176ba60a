"""How often what may be done: every promise on one screen, and the one question `check`.

Each limit holds in every span of its length, not only in spans that begin on the hour, and exactly: of any number
that come at once, no more than the limit pass. Attempts that are refused do not count.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from sessions_api.http.client import client_ip
from sessions_api.http.errors import RateLimited

from .memory import Store, Window

MINUTE, HOUR = 60, 3600
ADDRESS, ACCOUNT, RECIPIENT = "address", "account", "recipient"  # what is counted by; nothing: all of them together


class Limit(NamedTuple):
    name: str
    amount: int
    seconds: int
    by: tuple[str, ...]

    @property
    def policy(self) -> str:
        return "-by-".join([self.name, *filter(None, ["-and-".join(self.by)])])

    @property
    def item(self) -> Window:
        return Window(max(1, round(self.amount * settings.RATE_LIMITS)), self.seconds, self.policy)

    def key(self, who: dict[str, str]) -> str:
        """Says nothing about whom it is for to those who can read the store, and cannot be guessed by them."""
        return salted_hmac("latchkey.rate_limits", "\0".join(who[by] for by in self.by), algorithm="sha256").hexdigest()


store: Store = import_string(settings.RATE_LIMIT_STORE)()

# Counted when a mail is queued. A reset is not in it, for strangers never get one.
MAILS_TO_STRANGERS = Limit("mails-to-strangers", 1000, HOUR, ())
MAILS_ASKED_FOR = Limit("mails-asked-for", 100, HOUR, (ADDRESS,))

LOGIN = (Limit("login", 60, MINUTE, (ADDRESS,)),)
PASSWORD = (Limit("password", 5, MINUTE, (ACCOUNT, ADDRESS)), Limit("password", 20, 10 * MINUTE, (ACCOUNT,)))
SIGN_IN = (Limit("sign-in", 60, MINUTE, (ADDRESS,)),)
REDEEM = (Limit("redeem", 60, MINUTE, (ADDRESS,)),)
NEW_PASSWORD = (Limit("new-password", 20, HOUR, (ACCOUNT,)),)
REGISTER = (MAILS_ASKED_FOR, Limit("register", 5, HOUR, (RECIPIENT,)))
REGISTERED = (MAILS_TO_STRANGERS,)
VERIFY = (MAILS_ASKED_FOR, Limit("verify", 5, HOUR, (RECIPIENT,)), MAILS_TO_STRANGERS)
CHANGE = (Limit("change", 10, HOUR, (ACCOUNT,)), Limit("change", 5, HOUR, (RECIPIENT,)), MAILS_TO_STRANGERS)
RESET = (MAILS_ASKED_FOR, Limit("reset", 5, HOUR, (RECIPIENT,)))
NOTICES = (Limit("notices", 5, HOUR, (RECIPIENT,)),)  # to mailboxes that have not proven themselves


def check(limits: Iterable[Limit], request: HttpRequest, **who: str) -> None:
    """Count this attempt. Raises RateLimited at the first limit that is reached; those after it do not count it.

    `account` and `recipient` are canonical addresses, whether or not anybody has them.
    """
    if not settings.RATE_LIMITS:
        return
    who[ADDRESS] = caller(request)
    for limit in limits:
        if not store.hit(limit.item, limit.key(who)):
            raise refusal(limit, who)


def within(limits: Iterable[Limit], **who: str) -> bool:
    """Count this, and say whether it is within the limits: for what is left out beyond them, and refuses nobody."""
    return not settings.RATE_LIMITS or all(store.hit(limit.item, limit.key(who)) for limit in limits)


def reset(limits: Iterable[Limit], request: HttpRequest, *, account: str) -> None:
    """Forget the attempts on this account, by whoever has just proven that it is theirs: here, and as a whole."""
    who = {ADDRESS: caller(request), ACCOUNT: account}
    for limit in limits:
        if ACCOUNT in limit.by:
            store.clear(limit.item, limit.key(who))


def refusal(limit: Limit, who: dict[str, str]) -> RateLimited:
    """In the words of draft-ietf-httpapi-ratelimit-headers-11."""
    free_at, _ = store.get_window_stats(limit.item, limit.key(who))
    wait = min(max(1, ceil(free_at - timezone.now().timestamp())), limit.seconds)
    policy = f'"{limit.policy}";q={limit.item.amount};w={limit.seconds}'
    return RateLimited(wait, {"RateLimit-Policy": policy, "RateLimit": f'"{limit.policy}";r=0;t={wait}'})


def caller(request: HttpRequest) -> str:
    """Whom an address is given to: of IPv6 the whole /64, for everybody has so many. All without one count as one."""
    address = ip_address(client_ip(request) or "0.0.0.0")  # noqa: S104
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else str(address)
