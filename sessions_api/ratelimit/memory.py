"""The store of limits in the memory of one process. `redis.py` has the store for several processes."""

from collections import OrderedDict
from threading import Lock
from typing import NamedTuple, Protocol

from django.utils import timezone

MAX_KEYS = 100_000  # some 40 MiB: a flood of addresses cannot fill the memory


class Window(NamedTuple):
    """`amount` attempts in `seconds`. Has the interface of an item of the package `limits`, whose store is optional."""

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
    """The part of the interface of a strategy of `limits` that this package uses, and `give_back`."""

    def hit(self, item: Window, *identifiers: str) -> bool: ...
    def get_window_stats(self, item: Window, *identifiers: str) -> WindowStats: ...
    def give_back(self, item: Window, *identifiers: str) -> None: ...
    def clear(self, item: Window, *identifiers: str) -> None: ...


class InProcess:
    """A moving window as in `limits`, for threads of one process.

    The memory store of `limits` lets too many attempts pass when threads race for a new key, and keeps every key. This
    one forgets the key that was asked for longest ago.
    """

    def __init__(self) -> None:
        self.hits: OrderedDict[str, list[float]] = OrderedDict()
        self.lock = Lock()

    def hit(self, item: Window, *identifiers: str) -> bool:
        """Whether the limit allows this attempt. Counts it if so."""
        with self.lock:
            now = timezone.now().timestamp()
            key = item.key_for(*identifiers)
            counted = self._counted(item, key, now)
            if passes := len(counted) < item.amount:
                counted.append(now)
            self.hits[key] = counted
            self.hits.move_to_end(key)
            if len(self.hits) > MAX_KEYS:
                self.hits.popitem(last=False)
            return passes

    def get_window_stats(self, item: Window, *identifiers: str) -> WindowStats:
        """When the oldest counted attempt leaves the window, and how many attempts are left now."""
        now = timezone.now().timestamp()
        counted = self._counted(item, item.key_for(*identifiers), now)
        return WindowStats((counted or [now])[0] + item.seconds, max(0, item.amount - len(counted)))

    def _counted(self, item: Window, key: str, now: float) -> list[float]:
        return [then for then in self.hits.get(key, ()) if now - item.seconds < then <= now]

    def give_back(self, item: Window, *identifiers: str) -> None:
        """Forget the newest attempt of this key."""
        with self.lock:
            if counted := self.hits.get(item.key_for(*identifiers)):
                counted.pop()

    def clear(self, item: Window, *identifiers: str) -> None:
        """Forget all attempts of this key."""
        with self.lock:
            self.hits.pop(item.key_for(*identifiers), None)

    def reset(self) -> None:
        """Forget all attempts. For tests."""
        with self.lock:
            self.hits.clear()
