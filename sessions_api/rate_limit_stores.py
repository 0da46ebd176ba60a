"""Where attempts are counted: in this process. `shared_rate_limits.py` has the store of several processes."""

from collections import OrderedDict
from threading import Lock
from typing import Protocol

from django.utils import timezone
from limits import RateLimitItem, WindowStats

MOST_KEYS = 100_000  # some 40 MiB


class Store(Protocol):
    """What is asked of one of `limits`' own."""

    def hit(self, item: RateLimitItem, *identifiers: str) -> bool: ...
    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats: ...
    def clear(self, item: RateLimitItem, *identifiers: str) -> None: ...


class InProcess:
    """A moving window like that of `limits`, whose own memory lets too many pass when threads race for a new key,
    and keeps every key for ever. This one forgets the key that was asked about longest ago."""

    def __init__(self) -> None:
        self.hits: OrderedDict[str, list[float]] = OrderedDict()
        self.lock = Lock()

    def hit(self, item: RateLimitItem, *identifiers: str) -> bool:
        with self.lock:
            now = timezone.now().timestamp()
            key = item.key_for(*identifiers)
            counted = self._counted(item, key, now)
            if passes := len(counted) < item.amount:
                counted.append(now)
            self.hits[key] = counted
            self.hits.move_to_end(key)
            if len(self.hits) > MOST_KEYS:
                self.hits.popitem(last=False)
            return passes

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        now = timezone.now().timestamp()
        counted = self._counted(item, item.key_for(*identifiers), now)
        return WindowStats((counted or [now])[0] + item.get_expiry(), max(0, item.amount - len(counted)))

    def _counted(self, item: RateLimitItem, key: str, now: float) -> list[float]:
        return [then for then in self.hits.get(key, ()) if now - item.get_expiry() < then <= now]

    def clear(self, item: RateLimitItem, *identifiers: str) -> None:
        with self.lock:
            self.hits.pop(item.key_for(*identifiers), None)

    def reset(self) -> None:
        with self.lock:
            self.hits.clear()
