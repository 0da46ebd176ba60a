"""Every limit on one screen, and the functions that count attempts.

The window moves: a limit of five in a minute holds for any sixty seconds. It is exact: of any number of attempts at
once no more than the limit pass.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from sessions_api.http.client import ClientInfo, ClientRequest
from sessions_api.http.errors import RateLimited, ServerBusy
from sessions_api.http.openapi import View, raises

from .memory import Store, Window

MINUTE, HOUR = 60, 3600
# An attempt counts for one of these, for a pair of them, or for all clients together.
ADDRESS, NETWORK, ACCOUNT, SESSION, RECIPIENT = "address", "network", "account", "session", "recipient"
# Bits of the prefix that count as one: a client of one IPv6 link chooses the last 64 bits itself (RFC 4291, 2.5.4).
ADDRESS_BITS = {4: 32, 6: 64}
# The smallest prefixes that are routed globally. One site gets up to a /48 of IPv6 (RFC 6177, 2).
NETWORK_BITS = {4: 24, 6: 48}


class Limit(NamedTuple):
    """At most `amount` attempts in `seconds`, for each value of `by`."""

    name: str
    amount: int
    seconds: int
    by: tuple[str, ...]

    @property
    def policy(self) -> str:
        """The name in the headers and in the store: `password-by-account-and-address`."""
        return "-by-".join([self.name, *filter(None, ["-and-".join(self.by)])])

    @property
    def item(self) -> Window:
        """The limit after `RATE_LIMIT_FACTOR`, as stores take it."""
        return Window(max(1, round(self.amount * settings.RATE_LIMIT_FACTOR)), self.seconds, self.policy)

    def key(self, who: dict[str, str]) -> str:
        """A keyed digest of the values to count by: readers of the store can neither read nor guess them."""
        return salted_hmac("latchkey.rate_limits", "\0".join(who[by] for by in self.by), algorithm="sha256").hexdigest()


store: Store = import_string(settings.RATE_LIMIT_STORE)()

# The defaults fit an office of a hundred users behind one address. A limit that several callers share is never the only
# one: each address and each network has a share of it first, so that no caller uses it up for the others.

# Any client can have a mail sent to any address; a thousand an hour keep the sender off the lists of spam senders. The
# worker counts these when it sends, so no request is refused: the first limit lets mails go at once, and then the
# second one lets them go slowly, with 200 an hour. A password reset does not count, since only addresses with an
# account get one.
MAILS_TO_STRANGERS = (
    Limit("mails-to-strangers", 800, HOUR, ()),  # the fast part, four fifths
    Limit("slow-mails-to-strangers", 1, 18, ()),  # the last fifth, spread over the hour
)
MAILS_ASKED_FOR = (
    Limit("mails-asked-for", 100, HOUR, (ADDRESS,)),  # one for each user of the office
    Limit("mails-asked-for", 200, HOUR, (NETWORK,)),  # one address leaves half to its neighbours
)

LOGIN = (
    Limit("login", 60, MINUTE, (ADDRESS,)),  # the office logs in within two minutes
    Limit("login", 120, MINUTE, (NETWORK,)),  # so a /48 with 65,536 addresses is two callers; see MAILS_ASKED_FOR
)
PASSWORD = (
    Limit("password", 5, MINUTE, (ACCOUNT, ADDRESS)),  # a user mistypes less often; each attempt costs a hash
    Limit("password", 20, 10 * MINUTE, (ACCOUNT,)),  # guesses from many networks, exactly; the lockout counts later
)
SIGN_IN = (
    Limit("sign-in", 60, MINUTE, (ADDRESS,)),  # a sign-in has two steps: thirty users in a minute
    Limit("sign-in", 120, MINUTE, (NETWORK,)),  # as logins
)
CONSUME = (
    Limit("consume", 60, MINUTE, (ADDRESS,)),  # as logins; these secrets are too long to guess anyway
    Limit("consume", 120, MINUTE, (NETWORK,)),  # as logins
)
# Each may be a request to the breach service. A stolen session uses up its own attempts, not those of a fresh login.
NEW_PASSWORD = (Limit("new-password", 20, HOUR, (SESSION,)),)
# Five mails of a kind an hour annoy the owner of a mailbox little, and a user who lost one can ask again. The owner may
# be elsewhere than a caller who asks for mails in the owner's name, so one network gets three of the five.
REGISTER = (
    *MAILS_ASKED_FOR,
    Limit("register", 5, HOUR, (RECIPIENT, NETWORK)),  # these are attempts: a user may send five passwords
    Limit("register", 10, HOUR, (RECIPIENT,)),  # one network leaves half to the owner
)
VERIFY = (*MAILS_ASKED_FOR, Limit("verify", 5, HOUR, (RECIPIENT,)))  # only the user's own sessions ask for it
CHANGE = (
    *MAILS_ASKED_FOR,
    Limit("change", 10, HOUR, (ACCOUNT,)),  # a user corrects a typing error; more would be a way to mail strangers
    Limit("change", 3, HOUR, (RECIPIENT, NETWORK)),
    Limit("change", 5, HOUR, (RECIPIENT,)),
)
RESET = (
    *MAILS_ASKED_FOR,
    Limit("reset", 3, HOUR, (RECIPIENT, NETWORK)),
    Limit("reset", 5, HOUR, (RECIPIENT,)),
)
EXPORT = (Limit("export", 5, HOUR, (ACCOUNT,)),)  # a user needs one; each reads all rows of the account
NOTICES = (Limit("notices", 5, HOUR, (RECIPIENT,)),)  # to unverified mailboxes, which may belong to strangers


def limited(limits: Iterable[Limit], **who: Callable[..., str]) -> Callable[[View], View]:
    """Decorates an endpoint: each call counts as an attempt, as with `counted`. OpenAPI lists the 429.

    `account`, `recipient` and `session` are functions. Each receives the endpoint's arguments and returns the canonical
    email address, or the id of the session, to count by. The endpoint also raises RateLimited, and what these
    functions raise.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def limited_view(request: ClientRequest, **arguments: Any) -> Any:
            found = {name: find(request, **arguments) for name, find in who.items()}
            with counted(limits, request.client, **found):
                return view(request, **arguments)

        return raises(RateLimited)(cast(View, limited_view))

    return decorate


@contextmanager
def counted(limits: Iterable[Limit], client: ClientInfo, **who: str) -> Iterator[None]:
    """Count an attempt before the block, as `check` does. Give it back where the block raises ServerBusy.

    That attempt has tested no password: its hash got no room, no memory or no thread.
    """
    check(limits, client, **who)
    try:
        yield
    except ServerBusy:
        give_back(limits, client, **who)
        raise


def check(limits: Iterable[Limit], client: ClientInfo, **who: str) -> None:
    """Count an attempt for each of the limits in turn. Raises RateLimited at the first that is exhausted.

    The limits before that one have counted the attempt; that one and those after it have not. So an exhausted limit
    ends at the same time however often a client tries again. `account` and `recipient` are canonical email addresses,
    with or without a user. The lockout adds its scope to that of `account`. `session` is the id of a session.
    """
    if not settings.RATE_LIMIT_FACTOR:
        return
    who |= counted_as(client)
    for limit in limits:
        if not store.hit(limit.item, limit.key(who)):
            raise refusal(limit, who)


def give_back(limits: Iterable[Limit], client: ClientInfo, **who: str) -> None:
    """Forget the newest attempt of each of the limits, which `check` has counted."""
    if not settings.RATE_LIMIT_FACTOR:
        return
    who |= counted_as(client)
    for limit in limits:
        store.give_back(limit.item, limit.key(who))


def clear(limits: Iterable[Limit], client: ClientInfo, *, account: str) -> None:
    """Forget the attempts on this account from this client, and those from all clients together.

    For a user who has just proven to own the account.
    """
    who = {ACCOUNT: account, **counted_as(client)}
    for limit in limits:
        if ACCOUNT in limit.by:
            store.clear(limit.item, limit.key(who))


def refusal(limit: Limit, who: dict[str, str]) -> RateLimited:
    """The error with the headers of draft-ietf-httpapi-ratelimit-headers-11; `Retry-After` is in seconds."""
    free_at, _ = store.get_window_stats(limit.item, limit.key(who))
    wait = min(max(1, ceil(free_at - timezone.now().timestamp())), limit.seconds)
    policy = f'"{limit.policy}";q={limit.item.amount};w={limit.seconds}'
    return RateLimited(wait, {"RateLimit-Policy": policy, "RateLimit": f'"{limit.policy}";r=0;t={wait}'})


def may_send_notice(email: str) -> bool:
    """Count a notice to this unverified mailbox, and return whether it may be sent. Otherwise it is left out."""
    return not settings.RATE_LIMIT_FACTOR or all(
        store.hit(limit.item, limit.key({RECIPIENT: email})) for limit in NOTICES
    )


def may_mail_stranger() -> bool:
    """Count a mail to a stranger, and return whether it may be sent now. Otherwise it waits in the queue."""
    return not settings.RATE_LIMIT_FACTOR or any(store.hit(limit.item, limit.key({})) for limit in MAILS_TO_STRANGERS)


def mails_asked_for(client: ClientInfo) -> int:
    """How many mails the network of this client has asked for in the last hour, at least one: this one."""
    _, limit = MAILS_ASKED_FOR
    _, remaining = store.get_window_stats(limit.item, limit.key(counted_as(client)))
    return max(1, limit.item.amount - remaining)


def counted_as(client: ClientInfo) -> dict[str, str]:
    """The address that attempts count for, an IPv4 address or the /64 of an IPv6 address, and its network.

    The network is the /24 of an IPv4 address or the /48 of an IPv6 address. A client without an address counts by what
    its proxy wrote instead.
    """
    if client.address is None:
        return dict.fromkeys((ADDRESS, NETWORK), client.unidentified)
    address = ip_address(client.address)
    return {
        kind: str(ip_network((address, bits[address.version]), strict=False))
        for kind, bits in ((ADDRESS, ADDRESS_BITS), (NETWORK, NETWORK_BITS))
    }
