"""The store of limits for several processes: the Redis or Valkey that `CACHE_URL` names.

While that server is down, each process counts by itself.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar, cast

from django.conf import settings
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from sessions_api.outbound.circuit_breaker import CircuitBreaker

from .memory import InProcess, Store, Window, WindowStats

PAUSE = timedelta(seconds=1)  # so that at most one request a second waits, and counts are shared again a second later
PATIENCE = 0.4  # seconds to connect and for each answer: an outage delays a request by less than half a second

T = TypeVar("T")


class MovingWindow(MovingWindowRateLimiter):
    def give_back(self, item: Window, *identifiers: str) -> None:
        """Forget the newest attempt of this key, the first in the list that the package keeps."""
        storage: Any = self.storage
        storage.get_connection().lpop(storage.prefixed_key(item.key_for(*identifiers)))


class SharedStore:
    """Asks `shared`; asks `fallback` while `shared` cannot be used. Raises what `fallback` raises."""

    def __init__(self, shared: Store, fallback: Store) -> None:
        self.shared, self.fallback = shared, fallback
        self.breaker = CircuitBreaker(
            pause=PAUSE,
            failed="Limits are counted in each process by itself",
            works="Limits are counted together again",
        )

    def hit(self, *limit: Any) -> bool:
        return self._ask(lambda store: store.hit(*limit))

    def get_window_stats(self, *limit: Any) -> WindowStats:
        return self._ask(lambda store: store.get_window_stats(*limit))

    def give_back(self, *limit: Any) -> None:
        self._ask(lambda store: store.give_back(*limit))

    def clear(self, *limit: Any) -> None:
        self._ask(lambda store: store.clear(*limit))

    def _ask(self, question: Callable[[Store], T]) -> T:
        if not self.breaker.allows():
            return question(self.fallback)
        try:
            answer = question(self.shared)
        except (RedisError, OSError) as failure:
            self.breaker.record_failure(failure)
            return question(self.fallback)
        self.breaker.record_success()
        return answer


def of_cache() -> SharedStore:
    """A store in the first server of the cache; `RATE_LIMIT_STORE` names this function. Connects with the first use."""
    cache = settings.CACHES["default"]
    first, *_ = cache["LOCATION"] if isinstance(cache["LOCATION"], list) else [cache["LOCATION"]]
    waits = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE, "retry": Retry(NoBackoff(), 0)}
    storage = RedisStorage(first, key_prefix="latchkey:limits", **cache["OPTIONS"] | waits)
    return SharedStore(cast(Store, MovingWindow(storage)), InProcess())
