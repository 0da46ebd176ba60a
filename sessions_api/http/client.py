"""Who is calling, as far as the network tells. The only reader of X-Forwarded-For."""

import logging
import re
from functools import cache, lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

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


def client_ip(request: HttpRequest) -> str | None:
    """The address that the outermost of our own proxies saw, IPv4-mapped forms folded; None where there is none.

    `TRUSTED_PROXY_COUNT` hops from the right are ours; what stands further left is only what a client claims.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if forwarded and not settings.TRUSTED_PROXY_COUNT:
        warn_of_proxy()
    hops = [*forwarded.split(","), request.META.get("REMOTE_ADDR") or ""]
    ours = min(settings.TRUSTED_PROXY_COUNT, len(hops) - 1)
    try:
        address = ip_address(hops[-1 - ours].strip().partition("%")[0])
    except ValueError:
        return None
    return str(address.ipv4_mapped or address) if isinstance(address, IPv6Address) else str(address)


@cache
def warn_of_proxy() -> None:
    """Once in each process: behind a proxy that is not counted, everybody seems to come from its address."""
    logger.warning("X-Forwarded-For is sent and not believed: TRUSTED_PROXY_COUNT is 0")


def network(request: HttpRequest) -> str:
    """Where the address is at home: its /24, or /64 for IPv6, which is what a connection is given; or nothing."""
    if (address := client_ip(request)) is None:
        return ""
    return str(ip_network(f"{address}/{64 if ':' in address else 24}", strict=False))


def user_agent(request: HttpRequest) -> str:
    """The User-Agent header without unprintable characters, cut to its column; empty where there is none."""
    text = request.META.get("HTTP_USER_AGENT", "")
    return "".join(filter(str.isprintable, text))[:USER_AGENT_LENGTH]


@lru_cache(maxsize=1000)
def device(user_agent: str) -> str:
    """What people would call it: “Firefox on Linux”; only what is known of it, and empty where nothing is.

    For people to recognise their own sessions. Anybody can send any user agent, so nothing is decided by it.
    """
    known = [part.family for part in (parse_user_agent(user_agent), parse_os(user_agent)) if part]
    return " on ".join(filter(NAME.fullmatch, (FAMILIES.get(family, family) for family in known)))
