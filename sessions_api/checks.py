"""What `manage.py check` says of settings about sessions and requests; `deploy` ones with `--deploy` only."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

CENTURY = timedelta(days=36500)


@register
def lifetimes(**options: Any) -> list[CheckMessage]:
    idle, touch = settings.SESSION_IDLE, settings.SESSION_TOUCH
    wrong = {
        "E001": (
            "SESSION_LIFETIME_DAYS is not from 1 to 36500.",
            not timedelta(0) < settings.SESSION_LIFETIME <= CENTURY,
        ),
        "E002": ("SESSION_IDLE_DAYS is not from 0 to 36500.", not timedelta(0) <= idle <= CENTURY),
        "E003": ("SESSION_TOUCH_SECONDS is below 0.", touch < timedelta(0)),
        "E004": ("SESSION_TOUCH_SECONDS is not shorter than SESSION_IDLE_DAYS.", timedelta(0) < idle <= touch),
        "E005": ("SESSION_MAX_PER_USER is not above 0.", settings.SESSION_MAX_PER_USER < 1),
        "E006": ("EVENTS_KEEP_DAYS is not from 1 to 36500.", not timedelta(0) < settings.EVENTS_KEEP <= CENTURY),
        "E007": ("TRUSTED_PROXY_COUNT is below 0.", settings.TRUSTED_PROXY_COUNT < 0),
        "E008": ("RATE_LIMIT_FACTOR is not from 0 to 1000.", not 0 <= settings.RATE_LIMIT_FACTOR <= 1000),
    }
    return [Error(message, id=f"sessions_api.{number}") for number, (message, found) in wrong.items() if found]


@register(deploy=True)
def public_address_is_https(**options: Any) -> list[CheckMessage]:
    if settings.HTTPS:
        return []
    hint = "Every bearer token would travel in clear."
    return [Warning("PUBLIC_URL is not https.", hint=hint, id="sessions_api.W001")]


@register(deploy=True)
def unused_sessions_end(**options: Any) -> list[CheckMessage]:
    if settings.SESSION_IDLE:
        return []
    hint = "Set SESSION_IDLE_DAYS, so that a token forgotten on some device does not live for a year."
    return [Warning("Sessions that nobody uses do not end.", hint=hint, id="sessions_api.W002")]


@register(deploy=True)
def attempts_are_limited(**options: Any) -> list[CheckMessage]:
    if settings.RATE_LIMIT_FACTOR:
        return []
    hint = "RATE_LIMIT_FACTOR is 0. Whoever wants to may guess passwords, and send mails to strangers."
    return [Warning("Nothing limits how often anything is tried.", hint=hint, id="sessions_api.W004")]


@register(deploy=True)
def sqlite_is_for_one_process(**options: Any) -> list[CheckMessage]:
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return []
    hint = "Set DATABASE_URL to a PostgreSQL as soon as there is more than one process."
    return [Warning("The database is SQLite.", hint=hint, id="sessions_api.W003")]


@register(deploy=True)
def processes_count_together(**options: Any) -> list[CheckMessage]:
    if settings.PROCESSES == 1 or settings.CACHES["default"]["BACKEND"].endswith("RedisCache"):
        return []
    hint = "Set CACHE_URL to a Redis or Valkey: in processes that count alone, whoever guesses has as many tries more."
    return [Warning("Several processes count attempts, each by itself.", hint=hint, id="sessions_api.W005")]


@register(deploy=True)
def proxies_are_counted(**options: Any) -> list[CheckMessage]:
    if settings.TRUSTED_PROXY_COUNT or not settings.HTTPS:
        return []
    hint = (
        "This server speaks no https, so something in front of it does. Set TRUSTED_PROXY_COUNT to how many proxies "
        "of yours there are: without it all users share one address and its limits, and there is no HSTS."
    )
    return [Warning("PUBLIC_URL is https, and no proxy is trusted.", hint=hint, id="sessions_api.W006")]
