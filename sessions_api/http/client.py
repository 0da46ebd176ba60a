"""The client of a request, as far as the network tells. No other module reads X-Forwarded-For."""

import logging
import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from ua_parser import parse_os, parse_user_agent

USER_AGENT_LENGTH = 512  # characters; a longer header tells a user nothing more
DEVICE_LENGTH = 100  # two names of at most 40 characters, and “ on ”
REMEMBERED = 1000  # addresses and user agents that are parsed once; clients may send any, so the number has a limit
IPV4_NETWORK, IPV6_NETWORK = 24, 64  # bits: the smallest that is routed globally; one link (RFC 4291, 2.5.4)
FAMILIES = {
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mac OS X": "macOS",
}
# Some names come from the header as they are, and mails contain them. So a name has at most 40 characters, 4 words of
# ASCII letters and digits, and 3 digits: it cannot be an address, a telephone number or a sentence.
NAME = re.compile(r"(?=.{1,40}$)(?!(.*[0-9]){4})[A-Za-z0-9]+([ -][A-Za-z0-9]+){0,3}")


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClientInfo:
    """The client of a request. `AccessLogMiddleware` sets it once as `request.client`; commands use `ClientInfo()`.

    `address` is an IP address in canonical form, or None if unknown. `user_agent` is the User-Agent header without
    unprintable characters, cut to its column.
    """

    address: str | None = None
    user_agent: str = ""

    @classmethod
    def from_request(cls, request: HttpRequest) -> "ClientInfo":
        """The address is the one that the outermost of our own proxies saw.

        The last `TRUSTED_PROXY_COUNT` hops of X-Forwarded-For are from our proxies. A client can write all others.
        """
        meta, trusted = request.META, settings.TRUSTED_PROXY_COUNT
        hop, forwarded = meta.get("REMOTE_ADDR") or "", meta.get("HTTP_X_FORWARDED_FOR", "")
        if trusted:
            hops = [*forwarded.split(","), hop]
            hop = hops[-1 - min(trusted, len(hops) - 1)]
        elif forwarded:
            warn_of_proxy()
        return cls(canonical_address(hop), printable(meta.get("HTTP_USER_AGENT", "")))

    @cached_property
    def network(self) -> str:
        """The /24 of an IPv4 address or the /64 of an IPv6 address, such as `192.0.2.0/24`; empty if unknown."""
        if self.address is None:
            return ""
        bits = IPV6_NETWORK if ":" in self.address else IPV4_NETWORK
        return str(ip_network(f"{self.address}/{bits}", strict=False))

    @property
    def device(self) -> str:
        """“Firefox on Linux”, as far as the user agent tells, or empty."""
        return device(self.user_agent)


def client_of(request: HttpRequest) -> ClientInfo:
    """For functions that Django calls: requests of tests and of other code may not have passed our middleware."""
    return getattr(request, "client", None) or ClientInfo.from_request(request)


if TYPE_CHECKING:

    class ClientRequest(HttpRequest):
        """A request that has passed `AccessLogMiddleware`."""

        client: ClientInfo

else:
    ClientRequest = HttpRequest


@lru_cache(maxsize=REMEMBERED)
def canonical_address(hop: str) -> str | None:
    """The canonical form of an IP address (RFC 5952), or None for any other text.

    An IPv4-mapped IPv6 address becomes the IPv4 address, and a zone is cut off.
    """
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
    """The printable characters of the text, at most `USER_AGENT_LENGTH` of them."""
    return (text if text.isprintable() else "".join(filter(str.isprintable, text)))[:USER_AGENT_LENGTH]


@lru_cache(maxsize=REMEMBERED)
def device(user_agent: str) -> str:
    """The names of browser and system, “Firefox on Linux”, or the one that is known, or empty.

    It helps users to recognise their sessions. No decision depends on it, since a client can send any user agent.
    """
    known = [part.family for part in (parse_user_agent(user_agent), parse_os(user_agent)) if part]
    return " on ".join(filter(NAME.fullmatch, (FAMILIES.get(family, family) for family in known)))
