"""Every limit on one screen, and the functions that count attempts.

The window moves: a limit of five in a minute holds for any sixty seconds. It is exact: of any number of attempts at
once no more than the limit pass.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar, cast

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string
from ninja.utils import contribute_operation_callback

from sessions_api.http.client import ClientInfo, ClientRequest
from sessions_api.http.errors import RateLimited
from sessions_api.http.openapi import also_raises

from .memory import Store, Window

Request = TypeVar("Request", bound=ClientRequest)
Arguments = ParamSpec("Arguments")
Response = TypeVar("Response")
View = Callable[Concatenate[Request, Arguments], Response]

MINUTE, HOUR = 60, 3600
# An attempt counts for its address, its account or its recipient, for a pair of them, or for all clients together.
ADDRESS, ACCOUNT, RECIPIENT = "address", "account", "recipient"
IPV6_HOST_BITS = 64  # that the client of one IPv6 link chooses itself (RFC 4291, 2.5.4)


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

# The defaults fit an office of a hundred users behind one address.

# Any client can have a mail sent to any address; a thousand an hour keep the sender off the lists of spam senders. A
# password reset does not count, since only addresses with an account get one.
MAILS_TO_STRANGERS = Limit("mails-to-strangers", 1000, HOUR, ())
MAILS_ASKED_FOR = Limit("mails-asked-for", 100, HOUR, (ADDRESS,))  # one for each user of the office

LOGIN = (Limit("login", 60, MINUTE, (ADDRESS,)),)  # the office logs in within two minutes
PASSWORD = (
    Limit("password", 5, MINUTE, (ACCOUNT, ADDRESS)),  # a user mistypes less often; each attempt costs a hash
    Limit("password", 20, 10 * MINUTE, (ACCOUNT,)),  # guesses from many networks, exactly; the lockout counts later
)
SIGN_IN = (Limit("sign-in", 60, MINUTE, (ADDRESS,)),)  # a sign-in has two steps: thirty users in a minute
CONSUME = (Limit("consume", 60, MINUTE, (ADDRESS,)),)  # as logins; these secrets are too long to guess anyway
NEW_PASSWORD = (Limit("new-password", 20, HOUR, (ACCOUNT,)),)  # each may be a request to the breach service
# Five mails of a kind an hour annoy the owner of a mailbox little, and a user who lost one can ask again.
REGISTER = (MAILS_ASKED_FOR, Limit("register", 5, HOUR, (RECIPIENT,)))
REGISTERED = (MAILS_TO_STRANGERS,)
VERIFY = (MAILS_ASKED_FOR, Limit("verify", 5, HOUR, (RECIPIENT,)), MAILS_TO_STRANGERS)
CHANGE = (
    Limit("change", 10, HOUR, (ACCOUNT,)),  # a user corrects a typing error; more would be a way to mail strangers
    Limit("change", 5, HOUR, (RECIPIENT,)),
    MAILS_TO_STRANGERS,
)
RESET = (MAILS_ASKED_FOR, Limit("reset", 5, HOUR, (RECIPIENT,)))
NOTICES = (Limit("notices", 5, HOUR, (RECIPIENT,)),)  # to unverified mailboxes, which may belong to strangers


def limited(
    limits: Iterable[Limit], **who: Callable[..., str]
) -> Callable[[View[Request, Arguments, Response]], View[Request, Arguments, Response]]:
    """Decorates an endpoint: each call counts as an attempt, before the endpoint runs. OpenAPI lists the 429.

    `account` and `recipient` are functions. Each receives the endpoint's arguments and returns the canonical e-mail
    address to count by. The endpoint also raises RateLimited, and what these functions raise.
    """

    def decorate(view: View[Request, Arguments, Response]) -> View[Request, Arguments, Response]:
        @wraps(view)
        def counted(request: Request, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
            check(limits, request.client, **{name: find(request, *args, **kwargs) for name, find in who.items()})
            return view(request, *args, **kwargs)

        contribute_operation_callback(counted, lambda operation: also_raises(operation, RateLimited))
        return cast(View[Request, Arguments, Response], counted)

    return decorate


def check(limits: Iterable[Limit], client: ClientInfo, **who: str) -> None:
    """Count an attempt for each of the limits in turn. Raises RateLimited at the first that is exhausted.

    The limits before that one have counted the attempt; that one and those after it have not. So an exhausted limit
    ends at the same time however often a client tries again. `account` and `recipient` are canonical e-mail addresses,
    with or without an account.
    """
    if not settings.RATE_LIMIT_FACTOR:
        return
    who[ADDRESS] = counted_address(client)
    for limit in limits:
        if not store.hit(limit.item, limit.key(who)):
            raise refusal(limit, who)


def within(limits: Iterable[Limit], **who: str) -> bool:
    """Count an attempt as `check` does, and return whether all limits allow it. For work that can be left out."""
    return not settings.RATE_LIMIT_FACTOR or all(store.hit(limit.item, limit.key(who)) for limit in limits)


def reset(limits: Iterable[Limit], client: ClientInfo, *, account: str) -> None:
    """Forget the attempts on this account from this client, and those from all clients together.

    For a user who has just proven to own the account.
    """
    who = {ADDRESS: counted_address(client), ACCOUNT: account}
    for limit in limits:
        if ACCOUNT in limit.by:
            store.clear(limit.item, limit.key(who))


def refusal(limit: Limit, who: dict[str, str]) -> RateLimited:
    """The error with the headers of draft-ietf-httpapi-ratelimit-headers-11; `Retry-After` is in seconds."""
    free_at, _ = store.get_window_stats(limit.item, limit.key(who))
    wait = min(max(1, ceil(free_at - timezone.now().timestamp())), limit.seconds)
    policy = f'"{limit.policy}";q={limit.item.amount};w={limit.seconds}'
    return RateLimited(wait, {"RateLimit-Policy": policy, "RateLimit": f'"{limit.policy}";r=0;t={wait}'})


def counted_address(client: ClientInfo) -> str:
    """The address that attempts count for: an IPv4 address, or the /64 of an IPv6 address.

    Clients without an address count together.
    """
    address = ip_address(client.address or "0.0.0.0")  # noqa: S104
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(IPv6Address(int(address) >> IPV6_HOST_BITS << IPV6_HOST_BITS))
