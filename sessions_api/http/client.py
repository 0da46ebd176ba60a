"""The client of a request, as far as the network tells. The only reader of X-Forwarded-For."""

import logging
import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from ua_parser import parse_os, parse_user_agent

USER_AGENT_LENGTH = 512
DEVICE_LENGTH = 100
FAMILIES = {
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mac OS X": "macOS",
}
# What could be the name of a program, and is no address, no number to call and no sentence: some names are taken
# from the header as they are, and stand in mails.
NAME = re.compile(r"(?=.{1,40}$)(?!(.*[0-9]){4})[A-Za-z0-9]+([ -][A-Za-z0-9]+){0,3}")


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClientInfo:
    """The client of a request, as far as the network tells: `AccessLogMiddleware` makes it once, as `request.client`.

    `address` is an IP address in its one spelling, or None where it is unknown. `user_agent` is the User-Agent header
    without unprintable characters, cut to its column.
    """

    address: str | None = None
    user_agent: str = ""

    @classmethod
    def from_request(cls, request: HttpRequest) -> "ClientInfo":
        """The address is the one that the outermost of our own proxies saw.

        `TRUSTED_PROXY_COUNT` hops of X-Forwarded-For from the right are ours; a client can write anything further left.
        """
        meta = request.META
        hop = meta.get("REMOTE_ADDR") or ""
        if forwarded := meta.get("HTTP_X_FORWARDED_FOR"):
            hops = [*forwarded.split(","), hop]
            hop = hops[-1 - min(settings.TRUSTED_PROXY_COUNT, len(hops) - 1)]
            if not settings.TRUSTED_PROXY_COUNT:
                warn_of_proxy()
        return cls(canonical_address(hop), printable(meta.get("HTTP_USER_AGENT", "")))

    @cached_property
    def network(self) -> str:
        """The /24 of the address, or the /64 of an IPv6 address, which one connection is given; empty if unknown."""
        if self.address is None:
            return ""
        return str(ip_network(f"{self.address}/{64 if ':' in self.address else 24}", strict=False))

    @property
    def device(self) -> str:
        """“Firefox on Linux”, as far as the user agent tells; else empty."""
        return device(self.user_agent)


def client_of(request: HttpRequest) -> ClientInfo:
    """For what Django itself calls, also with requests that have passed no middleware, such as those of tests."""
    return getattr(request, "client", None) or ClientInfo.from_request(request)


if TYPE_CHECKING:

    class ClientRequest(HttpRequest):
        """A request that has passed `AccessLogMiddleware`."""

        client: ClientInfo

else:
    ClientRequest = HttpRequest


@lru_cache(maxsize=1000)
def canonical_address(hop: str) -> str | None:
    """The one spelling of an IP address, with IPv4-mapped forms folded and without a zone; None for any other text."""
    try:
        address = ip_address(hop.strip().partition("%")[0])
    except ValueError:
        return None
    return str(address.ipv4_mapped or address) if isinstance(address, IPv6Address) else str(address)


@cache
def warn_of_proxy() -> None:
    """Once in each process: behind a proxy that is not counted, all clients seem to have its address."""
    logger.warning("X-Forwarded-For is sent and not believed: TRUSTED_PROXY_COUNT is 0")


def printable(text: str) -> str:
    return (text if text.isprintable() else "".join(filter(str.isprintable, text)))[:USER_AGENT_LENGTH]


@lru_cache(maxsize=1000)
def device(user_agent: str) -> str:
    """What users would call it: “Firefox on Linux”; only what is known of it, and empty where nothing is.

    For users to recognise their own sessions. Anybody can send any user agent, so nothing is decided by it.
    """
    known = [part.family for part in (parse_user_agent(user_agent), parse_os(user_agent)) if part]
    return " on ".join(filter(NAME.fullmatch, (FAMILIES.get(family, family) for family in known)))
