"""How often what may be done: every promise on one screen, and the one question `check`.

Each limit holds in every span of its length, not only in spans that begin on the hour, and exactly: of any number
that come at once, no more than the limit pass. Attempts that are refused do not count.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Any, NamedTuple, TypeVar, cast

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from sessions_api.http.client import ClientInfo, ClientRequest
from sessions_api.http.errors import RateLimited

from .memory import Store, Window

View = TypeVar("View", bound=Callable[..., Any])

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
        return Window(max(1, round(self.amount * settings.RATE_LIMIT_FACTOR)), self.seconds, self.policy)

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


def limited(limits: Iterable[Limit], **who: Callable[..., str]) -> Callable[[View], View]:
    """For an endpoint: count each call, and raise RateLimited at the first limit that is reached.

    `account` and `recipient` find the canonical address to count by, from what the endpoint itself receives.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def counted(request: ClientRequest, **values: Any) -> Any:
            check(limits, request.client, **{name: find(request, **values) for name, find in who.items()})
            return view(request, **values)

        return cast(View, counted)

    return decorate


def check(limits: Iterable[Limit], client: ClientInfo, **who: str) -> None:
    """Count this attempt. Raises RateLimited at the first limit that is reached; those after it do not count it.

    `account` and `recipient` are canonical addresses, whether or not anybody has them.
    """
    if not settings.RATE_LIMIT_FACTOR:
        return
    who[ADDRESS] = network_of(client)
    for limit in limits:
        if not store.hit(limit.item, limit.key(who)):
            raise refusal(limit, who)


def within(limits: Iterable[Limit], **who: str) -> bool:
    """Count this, and say whether it is within the limits: for what is left out beyond them, and refuses nobody."""
    return not settings.RATE_LIMIT_FACTOR or all(store.hit(limit.item, limit.key(who)) for limit in limits)


def reset(limits: Iterable[Limit], client: ClientInfo, *, account: str) -> None:
    """Forget the attempts on this account, by whoever has just proven that it is theirs: here, and as a whole."""
    who = {ADDRESS: network_of(client), ACCOUNT: account}
    for limit in limits:
        if ACCOUNT in limit.by:
            store.clear(limit.item, limit.key(who))


def refusal(limit: Limit, who: dict[str, str]) -> RateLimited:
    """In the words of draft-ietf-httpapi-ratelimit-headers-11."""
    free_at, _ = store.get_window_stats(limit.item, limit.key(who))
    wait = min(max(1, ceil(free_at - timezone.now().timestamp())), limit.seconds)
    policy = f'"{limit.policy}";q={limit.item.amount};w={limit.seconds}'
    return RateLimited(wait, {"RateLimit-Policy": policy, "RateLimit": f'"{limit.policy}";r=0;t={wait}'})


def network_of(client: ClientInfo) -> str:
    """What an address is counted as: of IPv6 the whole /64, for each connection has so many. Unknown ones are one."""
    address = ip_address(client.address or "0.0.0.0")  # noqa: S104
    return str(IPv6Address(int(address) >> 64 << 64)) if isinstance(address, IPv6Address) else str(address)
