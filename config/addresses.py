"""How `settings.py` reads addresses: in the one form in which browsers send them (RFC 6454, 6.2; URL Standard, 3.5).

Host names are in lower case, international ones as A-labels (UTS 46), IPv6 addresses in their short form. Default ports
are left out. Each function raises ImproperlyConfigured, which names the setting and does not repeat its value.
"""

import re
from email.utils import quote, unquote
from ipaddress import IPv6Address
from urllib.parse import urlsplit

import idna
from django.core.exceptions import ImproperlyConfigured

from config.env import env, must

DEFAULT_PORTS = {"http": 80, "https": 443}
HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.(?!-)[a-z0-9_-]{1,63})*\.?")
HEADER_NAME = re.compile("[a-z0-9-]+")
# `Name <local@domain>`, or without the name.
MAILBOX = re.compile(r"(?:([^<>]*)<)?([^\s<>@,;:\"()]+)@([^\s<>@]+)(?(1)>)")


def base_url(name: str, default: str, *, empty: str = "") -> str:
    """An absolute http(s) URL without a slash at the end, so that paths can be appended.

    An empty value stands for `empty`. Where that and the default are empty, the result may be empty.
    """
    given: str = env.str(name, default=default)
    if not given and (empty or not default):
        return empty
    with must(name, "be an absolute URL, such as https://example.org"):
        url = canonical_url(given)
        if not url.startswith(("http://", "https://")):
            raise ValueError
    return url


def root_url(name: str, default: str) -> str:
    """A `base_url` without a path."""
    url = base_url(name, default)
    if url != origin(url):
        raise ImproperlyConfigured(f"{name} must have no path, because the service answers at the root of its host.")
    return url


def origins(name: str, default: list[str]) -> list[str]:
    """Web origins. Apps have some with schemes of their own, such as `capacitor://localhost`."""
    with must(name, "list origins, such as https://app.example.org"):
        urls = [canonical_url(text) for text in env.list(name, default=default)]
        if any(url != origin(url) for url in urls):
            raise ValueError
    return urls


def hosts(name: str, default: list[str]) -> list[str]:
    """Host names in the form of Django's ALLOWED_HOSTS: `.example.org` also stands for all names below it."""
    with must(name, "list host names, such as auth.example.org"):
        return [allowed_host(text) for text in env.list(name, default=default)]


def header_names(name: str) -> list[str]:
    names = [text.lower() for text in env.list(name, default=[])]
    if not all(map(HEADER_NAME.fullmatch, names)):
        raise ImproperlyConfigured(f"{name} must list names of headers, such as X-Trace-ID.")
    return names


def sender(name: str, default: str) -> str:
    """One mailbox with or without a name, as in a From header. The name may contain commas, and needs no quotes."""
    given = env.str(name, default=default)
    written = MAILBOX.fullmatch(given) if given.isprintable() else None
    shown, local, domain = written.groups() if written else (None, "", "")
    with must(name, "be one address, such as Acme <accounts@example.org>"):
        _ = canonical_host(domain)
    address, shown = f"{local}@{domain}", unquote((shown or "").strip())
    return f'"{quote(shown)}" <{address}>' if shown else address


def host_name(name: str) -> str:
    """The name of a host, or empty."""
    given = env.str(name, default="")
    with must(name, "be the name of a host, such as auth.example.org"):
        return canonical_host(given) if given else ""


def origin(url: str) -> str:
    """Scheme, host and port of this URL, as browsers send them in `Origin`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def with_host(url: str, name: str) -> str:
    """The origin of this URL, but with another host: scheme and port stay."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{name}{f':{parts.port}' if parts.port else ''}"


def host(url: str) -> str:
    """With the brackets of an IPv6 address."""
    return allowed_host(urlsplit(url).netloc)


def shown_host(url: str) -> str:
    """The host as its owner writes it: an international name in its own alphabet."""
    name = urlsplit(url).hostname or ""
    return idna.decode(name) if "xn--" in name else name


def canonical_url(text: str) -> str:
    """Without a slash at the end. Raises ValueError for a URL with user, query or fragment, and for any other text."""
    parts = urlsplit(text)
    if "@" in parts.netloc or parts.query or parts.fragment or re.search(r"[\s\\]", text):
        raise ValueError
    port = "" if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    return f"{parts.scheme}://{canonical_host(parts.hostname or '')}{port}{parts.path.rstrip('/')}"


def allowed_host(text: str) -> str:
    """Django compares hosts without their ports. Raises ValueError."""
    if text == "*":
        return text
    is_bare_ipv6 = text.count(":") > 1 and "[" not in text
    parts = urlsplit(f"//[{text}]" if is_bare_ipv6 else f"//{text.removeprefix('.')}")
    if parts.netloc != parts.geturl().removeprefix("//") or "@" in parts.netloc or parts.port == 0:
        raise ValueError
    return "." * text.startswith(".") + canonical_host(parts.hostname or "")


def canonical_host(name: str) -> str:
    """Raises ValueError."""
    if ":" in name:
        return f"[{IPv6Address(name)}]"
    international = not name.isascii() or "xn--" in name.lower()
    name = idna.encode(name, uts46=True).decode() if international else name.lower()
    if not HOST_NAME.fullmatch(name):
        raise ValueError
    return name
