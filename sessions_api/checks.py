"""System checks of the settings about sessions and requests. Those with `deploy` run with `check --deploy` only."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

MAX_DAYS = 36500  # a century: times of the database and of Python reach much further
MAX_FACTOR = 1000  # a larger factor would limit nothing, and 0 says that plainly


@register
def lifetimes(**options: Any) -> list[CheckMessage]:
    longest, idle, touch = timedelta(days=MAX_DAYS), settings.SESSION_IDLE, settings.SESSION_TOUCH
    wrong = {
        "E001": (
            f"SESSION_LIFETIME_DAYS is not from 1 to {MAX_DAYS}.",
            not timedelta(0) < settings.SESSION_LIFETIME <= longest,
        ),
        "E002": (f"SESSION_IDLE_DAYS is not from 0 to {MAX_DAYS}.", not timedelta(0) <= idle <= longest),
        "E003": ("SESSION_TOUCH_SECONDS is below 0.", touch < timedelta(0)),
        "E004": ("SESSION_TOUCH_SECONDS is not shorter than SESSION_IDLE_DAYS.", timedelta(0) < idle <= touch),
        "E005": ("SESSION_MAX_PER_USER is not above 0.", settings.SESSION_MAX_PER_USER < 1),
        "E006": (
            f"EVENTS_KEEP_DAYS is not from 1 to {MAX_DAYS}.",
            not timedelta(0) < settings.EVENTS_KEEP <= longest,
        ),
        "E007": ("TRUSTED_PROXY_COUNT is below 0.", settings.TRUSTED_PROXY_COUNT < 0),
        "E008": (
            f"RATE_LIMIT_FACTOR is not from 0 to {MAX_FACTOR}.",
            not 0 <= settings.RATE_LIMIT_FACTOR <= MAX_FACTOR,
        ),
        "E015": (
            "TRUSTED_PEERS contains every address.",
            any(not peers.prefixlen for peers in settings.TRUSTED_PEERS),
        ),
    }
    return [Error(message, id=f"sessions_api.{number}") for number, (message, found) in wrong.items() if found]


@register(deploy=True)
def public_url_is_https(**options: Any) -> list[CheckMessage]:
    if settings.HTTPS:
        return []
    hint = "Clients would send every bearer token unencrypted."
    return [Warning("PUBLIC_URL is not https.", hint=hint, id="sessions_api.W001")]


@register(deploy=True)
def idle_sessions_expire(**options: Any) -> list[CheckMessage]:
    if settings.SESSION_IDLE:
        return []
    hint = "Set SESSION_IDLE_DAYS. Without it, a token left on an old device stays valid for SESSION_LIFETIME_DAYS."
    return [Warning("Unused sessions do not expire early.", hint=hint, id="sessions_api.W002")]


@register(deploy=True)
def attempts_are_limited(**options: Any) -> list[CheckMessage]:
    if settings.RATE_LIMIT_FACTOR:
        return []
    hint = "RATE_LIMIT_FACTOR is 0. A client can guess passwords, and have mails sent to strangers, without limit."
    return [Warning("No attempts are limited.", hint=hint, id="sessions_api.W004")]


@register(deploy=True)
def sqlite_is_for_one_process(**options: Any) -> list[CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return []
    hint = "SQLite is for one process. Set DATABASE_URL to a PostgreSQL for more than one."
    return [Warning("The database is SQLite.", hint=hint, id="sessions_api.W003")]


@register(deploy=True)
def processes_count_together(**options: Any) -> list[CheckMessage]:
    if settings.PROCESSES == 1 or settings.CACHES["default"]["BACKEND"].endswith("RedisCache"):
        return []
    hint = "Set CACHE_URL to a Redis or Valkey. Without it, each process allows the full number of attempts."
    return [Warning("Several processes count attempts, each by itself.", hint=hint, id="sessions_api.W005")]


@register(deploy=True)
def proxies_are_counted(**options: Any) -> list[CheckMessage]:
    if settings.TRUSTED_PROXY_COUNT or not settings.HTTPS:
        return []
    hint = (
        "This server speaks no https, so a proxy in front of it does. Set TRUSTED_PROXY_COUNT to the number of your "
        "proxies. Without it, all users share the proxy's address and its limits, and no HSTS header is sent."
    )
    return [Warning("PUBLIC_URL is https, and no proxy is trusted.", hint=hint, id="sessions_api.W006")]
