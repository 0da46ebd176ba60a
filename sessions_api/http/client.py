"""The client of a request, as far as the network tells. No other module reads X-Forwarded-For."""

import logging
import re
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ua_parser import Parser
from ua_parser.loaders import load_lazy_builtins

USER_AGENT_LENGTH = 512  # characters; a longer header tells a user nothing more
PARSED_LENGTH = 256  # browsers send less; the parser's time grows with the text: at most 3 ms for this, 4 ms for 512
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
# Each expression is compiled at its first use. Half of them are for models of phones, which nothing here asks for.
parser = Parser.from_matchers(load_lazy_builtins())

# `[2001:db8::7]`, `[2001:db8::7]:49152` or `203.0.113.7:49152`, as some load balancers write the client.
WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}")
HOP_LENGTH = 100  # characters that tell unidentified clients apart; identifiers of RFC 7239 are shorter

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClientInfo:
    """The client of a request. `AccessLogMiddleware` sets it once as `request.client`; commands use `ClientInfo()`.

    `address` is an IP address in canonical form, or None if unknown. `user_agent` is the User-Agent header without
    unprintable characters, cut to its column. `unidentified` tells clients without an address apart, for limits only.
    """

    address: str | None = None
    user_agent: str = ""
    unidentified: str = ""

    @classmethod
    def from_environ(cls, environ: dict[str, Any]) -> "ClientInfo":
        """The client of the request with these variables of WSGI, which Django calls `request.META`.

        The address is the one that the outermost of our own proxies saw.

        The last `TRUSTED_PROXY_COUNT` hops of X-Forwarded-For are from our proxies. A client can write all others. If
        that caller is in `TRUSTED_PEERS`, it names its own client in two headers.
        """
        client = cls.named(client_hop(environ), environ.get("HTTP_USER_AGENT", ""), seen_by=environ)
        # The admin is for browsers. A front end that an attacker controls must not choose the address of its log-in.
        if settings.TRUSTED_PEERS and is_trusted_peer(client.address) and not environ["PATH_INFO"].startswith("/admin"):
            user_agent = environ.get("HTTP_LATCHKEY_CLIENT_USER_AGENT", client.user_agent)
            hop = environ.get("HTTP_LATCHKEY_CLIENT_IP", client.address or "")
            return cls.named(hop, user_agent, seen_by=environ)
        return client

    @classmethod
    def named(cls, hop: str, user_agent: str, *, seen_by: dict[str, Any]) -> "ClientInfo":
        """The client with this address, as a proxy or a trusted peer wrote it.

        An address that cannot be read is not recorded: a guess would mislead the user. Limits count it by the text
        and by the address of the socket, so that such clients do not all count as one.
        """
        address = canonical_address(hop)
        if address is None and hop:
            warn_of_unreadable_address()
        unidentified = "" if address else f"{seen_by.get('REMOTE_ADDR')} {hop.strip()[:HOP_LENGTH]}"
        return cls(address, printable(user_agent), unidentified)

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


class ClientRequest(HttpRequest):
    """The type of a request that has passed `AccessLogMiddleware`."""

    client: ClientInfo


def client_hop(meta: dict[str, Any]) -> str:
    """The caller as our outermost proxy wrote it, or the address of the socket. Empty if the proxy's text is empty.

    The server sends a header with characters outside ASCII as an empty one. So an empty header still is a proxy's: the
    client is unknown, and is not the proxy.
    """
    peer, forwarded = meta.get("REMOTE_ADDR") or "", meta.get("HTTP_X_FORWARDED_FOR")
    if forwarded is None:
        return str(peer)
    if not settings.TRUSTED_PROXY_COUNT:
        warn_of_proxy()
        return str(peer)
    hops = [*forwarded.split(","), peer]
    return str(hops[-1 - min(settings.TRUSTED_PROXY_COUNT, len(hops) - 1)])


def is_trusted_peer(address: str | None) -> bool:
    return address is not None and any(ip_address(address) in network for network in settings.TRUSTED_PEERS)


@lru_cache(maxsize=REMEMBERED)
def canonical_address(hop: str) -> str | None:
    """The canonical form of an IP address (RFC 5952), or None for any other text.

    A port and the brackets of IPv6 are cut off (RFC 7239, 6), as is a zone. An IPv4-mapped IPv6 address becomes the
    IPv4 address.
    """
    written = WITH_PORT.fullmatch(hop.strip().strip('"'))
    try:
        address = ip_address((written[1] or written[2] if written else hop.strip()).partition("%")[0])
    except ValueError:
        return None
    return str(address.ipv4_mapped or address) if isinstance(address, IPv6Address) else str(address)


@cache
def warn_of_proxy() -> None:
    """Once in each process: behind a proxy that is not counted, all clients seem to have its address."""
    logger.warning("X-Forwarded-For is sent and not believed: TRUSTED_PROXY_COUNT is 0")


@cache
def warn_of_unreadable_address() -> None:
    """Once in each process. The line does not repeat the text, which a client may have written."""
    logger.warning("An address of a client is not an IP address: see TRUSTED_PROXY_COUNT")


def printable(text: str) -> str:
    """The printable characters of the text, at most `USER_AGENT_LENGTH` of them."""
    return (text if text.isprintable() else "".join(filter(str.isprintable, text)))[:USER_AGENT_LENGTH]


@lru_cache(maxsize=REMEMBERED)
def device(user_agent: str) -> str:
    """The names of browser and system, “Firefox on Linux”, or the one that is known, or empty.

    It helps users to recognise their sessions. No decision depends on it, since a client can send any user agent.
    """
    read = user_agent[:PARSED_LENGTH]
    browser, system = (part.family if part else "" for part in (parser.parse_user_agent(read), parser.parse_os(read)))
    if browser == "Apple Mail" and not system:  # the parser's guess for any WebKit, such as a PlayStation's
        browser = ""
    names = dict.fromkeys(FAMILIES.get(family, family) for family in (browser, system))  # of old Androids, both are one
    return " on ".join(filter(NAME.fullmatch, names))
