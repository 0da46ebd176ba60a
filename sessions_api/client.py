"""Who is calling, as far as the network tells. The only reader of X-Forwarded-For."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

USER_AGENT_LENGTH = 512


def client_ip(request: HttpRequest) -> str | None:
    """The address that the outermost of our own proxies saw, IPv4-mapped forms folded; None where there is none.

    `TRUSTED_PROXY_COUNT` hops from the right are ours; what stands further left is only what a client claims.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    hops = [*forwarded.split(","), request.META.get("REMOTE_ADDR") or ""]
    ours = min(settings.TRUSTED_PROXY_COUNT, len(hops) - 1)
    try:
        address = ip_address(hops[-1 - ours].strip().partition("%")[0])
    except ValueError:
        return None
    return str(address.ipv4_mapped or address) if isinstance(address, IPv6Address) else str(address)


def user_agent(request: HttpRequest) -> str:
    """The User-Agent header without unprintable characters, cut to its column; empty where there is none."""
    text = request.META.get("HTTP_USER_AGENT", "")
    return "".join(filter(str.isprintable, text))[:USER_AGENT_LENGTH]
