"""Where several processes count together: in the Redis or Valkey that `CACHE_URL` names.

Without its store the service goes on and counts in each process by itself. Whoever waited for it in vain speaks
for all who come in the next second, so a request waits once, however many limits it has to pass.
"""

import logging
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import Any, TypeVar, cast

from django.conf import settings
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from .memory import InProcess, Store, WindowStats

PAUSE = 1.0  # seconds in which nobody asks again
PATIENCE = 0.4  # seconds, to connect and for each answer: long enough for a busy store, and never half a second

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Shared:
    """One store for all processes, and another for while it cannot be used."""

    def __init__(self, shared: Store, fallback: Store) -> None:
        self.shared, self.fallback = shared, fallback
        self.lock, self.down, self.ask_again_at = Lock(), False, 0.0

    def hit(self, *limit: Any) -> bool:
        return self._ask(lambda store: store.hit(*limit))

    def get_window_stats(self, *limit: Any) -> WindowStats:
        return self._ask(lambda store: store.get_window_stats(*limit))

    def clear(self, *limit: Any) -> None:
        self._ask(lambda store: store.clear(*limit))

    def _ask(self, question: Callable[[Store], T]) -> T:
        if not self._may_be_asked():
            return question(self.fallback)
        try:
            answer = question(self.shared)
        except (RedisError, OSError) as failure:
            self._is_down(failure)
            return question(self.fallback)
        self._is_up()
        return answer

    def _may_be_asked(self) -> bool:
        """While it is down, one asks each second; the others do not wait for what comes of it."""
        if not self.down:
            return True
        with self.lock:
            if monotonic() < self.ask_again_at:
                return False
            self.ask_again_at = monotonic() + PAUSE
            return True

    def _is_down(self, failure: Exception) -> None:
        with self.lock:
            if not self.down:
                logger.error("Limits are counted in each process by itself: %s", type(failure).__name__)
            self.down, self.ask_again_at = True, monotonic() + PAUSE

    def _is_up(self) -> None:
        if self.down:
            with self.lock:
                self.down = False
            logger.warning("Limits are counted together again")


def of_cache() -> Shared:
    cache = settings.CACHES["default"]
    first, *_ = cache["LOCATION"] if isinstance(cache["LOCATION"], list) else [cache["LOCATION"]]
    waits = {"socket_connect_timeout": PATIENCE, "socket_timeout": PATIENCE, "retry": Retry(NoBackoff(), 0)}
    storage = RedisStorage(first, key_prefix="latchkey:limits", **cache["OPTIONS"] | waits)
    return Shared(cast(Store, MovingWindowRateLimiter(storage)), InProcess())
