"""System checks of the settings about sessions and requests. Those with `deploy` run with `check --deploy` only."""

import re
import zlib
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

MAX_DAYS = 36500  # a century: times of the database and of Python reach much further
MAX_FACTOR = 1000  # a larger factor would limit nothing, and 0 says that plainly

# Beyond these, `check --deploy` warns.
LARGE_FACTOR = 10  # ten times as many attempts still slow a guesser down
LONG_LIFETIME = timedelta(days=400)  # browsers keep a cookie for as long (RFC 6265bis)
LONG_IDLE = timedelta(days=90)
LONG_TOUCH = timedelta(days=1)
LONG_REAUTHENTICATION = timedelta(hours=1)
MANY_SESSIONS = 1000
SHORT_MEMORY = timedelta(days=30)
MANY_PROXIES = 4
WIDE_NETWORKS = {4: 16, 6: 48}  # bits: a network of this size or a smaller one may be one operator's
ENCRYPTING = {"require", "verify-ca", "verify-full"}  # values of libpq's sslmode
WORDS = re.compile("change|example|insecure|password|placeholder|secret|qwerty", re.IGNORECASE)
KEY_LENGTH = 50  # characters; Django's own check reports shorter keys
RANDOM_KEY_BYTES = 40  # compressed: 50 random digits take at least 42, and twice the alphabet takes 37

Rows = Mapping[str, tuple[bool, str, *tuple[str, ...]]]  # by its number: a condition, a message, and perhaps hints


def messages(kind: type[Error | Warning], app: str, rows: Rows) -> list[CheckMessage]:
    """A message of this kind for each row whose condition holds."""
    return [
        kind(message, hint=" ".join(hints), id=f"{app}.{number}")
        for number, (found, message, *hints) in rows.items()
        if found
    ]


@register
def impossible(**options: Any) -> list[CheckMessage]:
    """One error for each setting with which the service could not work."""
    none, longest = timedelta(0), timedelta(days=MAX_DAYS)
    lifetime, idle, touch = settings.SESSION_LIFETIME, settings.SESSION_IDLE, settings.SESSION_TOUCH
    every_address = any(not peers.prefixlen for peers in settings.TRUSTED_PEERS)
    wrong_factor = not 0 <= settings.RATE_LIMIT_FACTOR <= MAX_FACTOR
    wrong = {
        "E001": (not none < lifetime <= longest, f"SESSION_LIFETIME_DAYS is not from 1 to {MAX_DAYS}."),
        "E002": (not none <= idle <= longest, f"SESSION_IDLE_DAYS is not from 0 to {MAX_DAYS}."),
        "E003": (touch < none, "SESSION_TOUCH_SECONDS is below 0."),
        "E004": (none < idle <= touch, "SESSION_TOUCH_SECONDS is not shorter than SESSION_IDLE_DAYS."),
        "E005": (settings.SESSION_MAX_PER_USER < 1, "SESSION_MAX_PER_USER is not above 0."),
        "E006": (not none < settings.EVENTS_KEEP <= longest, f"EVENTS_KEEP_DAYS is not from 1 to {MAX_DAYS}."),
        "E007": (settings.TRUSTED_PROXY_COUNT < 0, "TRUSTED_PROXY_COUNT is below 0."),
        "E008": (wrong_factor, f"RATE_LIMIT_FACTOR is not from 0 to {MAX_FACTOR}."),
        "E009": (none >= settings.REAUTHENTICATION, "REAUTHENTICATION_SECONDS is not above 0."),
        "E015": (every_address, "TRUSTED_PEERS contains every address."),
    }
    return messages(Error, "sessions_api", wrong)


@register(deploy=True)
def deployment(**options: Any) -> list[CheckMessage]:
    """One warning for each setting that is unsafe for users, with the way out."""
    database, cache = settings.DATABASES["default"], settings.CACHES["default"]
    in_redis = cache["BACKEND"].endswith("RedisCache")
    unsafe = {
        "W001": (not settings.HTTPS, "PUBLIC_URL is not https.", "Clients would send every bearer token unencrypted."),
        "W002": (
            timedelta(0) == settings.SESSION_IDLE or settings.SESSION_IDLE > LONG_IDLE,
            "Unused sessions do not expire early.",
            "Set SESSION_IDLE_DAYS, to at most 90. Without it, a token left on an old device stays valid for "
            "SESSION_LIFETIME_DAYS.",
        ),
        "W003": (
            not database["ENGINE"].endswith("postgresql"),
            "The database is SQLite.",
            "SQLite is for one process. Set DATABASE_URL to a PostgreSQL for more than one.",
        ),
        "W004": (
            settings.RATE_LIMIT_FACTOR == 0 or settings.RATE_LIMIT_FACTOR > LARGE_FACTOR,
            "Attempts are hardly limited.",
            f"Set RATE_LIMIT_FACTOR above 0 and to at most {LARGE_FACTOR}. Otherwise a client can guess passwords, "
            "and have mails sent to strangers.",
        ),
        "W005": (
            settings.PROCESSES > 1 and not in_redis,
            "Several processes count attempts, each by itself.",
            "Set CACHE_URL to a Redis or Valkey. Without it, each process allows the full number of attempts.",
        ),
        "W006": (
            settings.HTTPS and not settings.TRUSTED_PROXY_COUNT,
            "PUBLIC_URL is https, and no proxy is trusted.",
            "This server speaks no https, so a proxy in front of it does. Set TRUSTED_PROXY_COUNT to the number of "
            "your proxies. Without it, all users share the proxy's address and its limits, and no HSTS header is sent.",
        ),
        "W007": (
            "*" in settings.ALLOWED_HOSTS,
            "Every Host header is accepted.",
            "List your host names in ALLOWED_HOSTS. A cache could keep an answer under the host of an attacker.",
        ),
        "W008": (
            any(origin.startswith("http://") for origin in settings.CORS_ALLOWED_ORIGINS),
            "Pages without https may call the API.",
            "List https origins only in CORS_ALLOWED_ORIGINS. An attacker in the network can change other pages.",
        ),
        "W009": (
            settings.TRUSTED_PROXY_COUNT > MANY_PROXIES,
            f"More than {MANY_PROXIES} proxies are trusted.",
            "Set TRUSTED_PROXY_COUNT to the number of your own proxies. A client writes all other hops.",
        ),
        "W010": (
            any(0 < peers.prefixlen < WIDE_NETWORKS[peers.version] for peers in settings.TRUSTED_PEERS),
            "TRUSTED_PEERS has a network that is wider than /16, or /48 for IPv6.",
            "List the addresses of your front ends' servers. Any caller in the network may choose its address.",
        ),
        "W011": (
            not is_encrypted(database),
            "The database is on another machine, and may be reached without TLS.",
            "Add ?sslmode=verify-full to DATABASE_URL. A reader of the network sees addresses and hashes.",
        ),
        "W012": (
            in_redis and not all(map(is_private, location_of(cache))),
            "The cache is on another machine, and is reached without TLS or without a password.",
            "Use rediss://:password@host in CACHE_URL. A writer to the cache can lift all limits.",
        ),
        "W013": (
            any(map(is_guessable, [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS])),
            "SECRET_KEY or one of SECRET_KEY_FALLBACKS is not random.",
            'Make one: python -c "import secrets; print(secrets.token_urlsafe(64))". An attacker can guess other keys.',
        ),
        "W014": (
            LONG_LIFETIME < settings.SESSION_LIFETIME <= timedelta(days=MAX_DAYS),
            "Sessions live for more than 400 days.",
            "Set SESSION_LIFETIME_DAYS to at most 400. A stolen token that is used stays valid for as long.",
        ),
        "W015": (
            settings.REAUTHENTICATION > LONG_REAUTHENTICATION,
            "A login counts as recent for more than an hour.",
            "Set REAUTHENTICATION_SECONDS to at most 3600. Until then, a stolen token can delete the account.",
        ),
        "W016": (
            settings.SESSION_MAX_PER_USER > MANY_SESSIONS,
            f"A user may have more than {MANY_SESSIONS} sessions.",
            f"Set SESSION_MAX_PER_USER to at most {MANY_SESSIONS}. A careless program can fill the database.",
        ),
        "W017": (
            timedelta(0) < settings.EVENTS_KEEP < SHORT_MEMORY,
            "Events are kept for less than 30 days.",
            "Set EVENTS_KEEP_DAYS to at least 30. Users and administrators learn of an attack later than that.",
        ),
        "W018": (
            settings.LOG_LEVEL not in {"INFO", "WARNING"},
            "The log says too much or too little.",
            "Set LOG_LEVEL to info or warning. At debug, libraries log what they send; at error, no warning is kept.",
        ),
        "W019": (
            LONG_TOUCH < settings.SESSION_TOUCH < settings.SESSION_IDLE,
            "The last use of a session is written less than once a day.",
            "Set SESSION_TOUCH_SECONDS to at most 86400. Users look at it to find a session that is not theirs.",
        ),
    }
    return messages(Warning, "sessions_api", unsafe)


def is_on_another_machine(host: str) -> bool:
    """As far as the name tells: one without a dot is a container on this machine, and a path is a socket."""
    try:
        return not ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return "." in host and not host.startswith(("/", "@"))


def is_encrypted(database: dict[str, Any]) -> bool:
    """Whether libpq refuses to speak to the database's hosts without TLS, or they are on this machine."""
    options = database.get("OPTIONS", {})
    hosts = f"{database.get('HOST', '')},{options.get('hostaddr', '')}".split(",")
    return options.get("sslmode") in ENCRYPTING or not any(map(is_on_another_machine, hosts))


def location_of(cache: dict[str, Any]) -> list[str]:
    location = cache.get("LOCATION", "")
    return location.split(",") if isinstance(location, str) else list(location)


def is_private(redis: str) -> bool:
    """Whether strangers in the network can neither read nor write this Redis, as far as its URL tells."""
    url = urlsplit(redis)
    return not is_on_another_machine(url.hostname or "") or (url.scheme == "rediss" and bool(url.password))


def is_guessable(key: str) -> bool:
    """Whether the key has an ordinary word, or repeats itself. Django's own check counts characters only."""
    is_regular = len(zlib.compress(key.encode(), 9)) < RANDOM_KEY_BYTES
    return len(key) >= KEY_LENGTH and (is_regular or bool(WORDS.search(key)))
