"""Where attempts are counted: in this process. `shared_rate_limits.py` has the store of several processes."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple, Protocol

from django.utils import timezone

MOST_KEYS = 100_000  # some 40 MiB


class Window(NamedTuple):
    """So many in so many seconds: an item as `limits` has them, which only a shared store needs."""

    amount: int
    seconds: int
    name: str

    def get_expiry(self) -> int:
        return self.seconds

    def key_for(self, *identifiers: str) -> str:
        return "/".join([self.name, *identifiers, str(self.amount), str(self.seconds), "second"])


class WindowStats(NamedTuple):
    reset_time: float  # seconds since 1970
    remaining: int


class Store(Protocol):
    """What is asked of one of `limits`' own."""

    def hit(self, item: Window, *identifiers: str) -> bool: ...
    def get_window_stats(self, item: Window, *identifiers: str) -> WindowStats: ...
    def clear(self, item: Window, *identifiers: str) -> None: ...


class InProcess:
    """A moving window like that of `limits`, whose own memory lets too many pass when threads race for a new key,
    and keeps every key for ever. This one forgets the key that was asked about longest ago."""

    def __init__(self) -> None:
        self.hits: OrderedDict[str, list[float]] = OrderedDict()
        self.lock = Lock()

    def hit(self, item: Window, *identifiers: str) -> bool:
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

    def get_window_stats(self, item: Window, *identifiers: str) -> WindowStats:
        now = timezone.now().timestamp()
        counted = self._counted(item, item.key_for(*identifiers), now)
        return WindowStats((counted or [now])[0] + item.seconds, max(0, item.amount - len(counted)))

    def _counted(self, item: Window, key: str, now: float) -> list[float]:
        return [then for then in self.hits.get(key, ()) if now - item.seconds < then <= now]

    def clear(self, item: Window, *identifiers: str) -> None:
        with self.lock:
            self.hits.pop(item.key_for(*identifiers), None)

    def reset(self) -> None:
        with self.lock:
            self.hits.clear()
