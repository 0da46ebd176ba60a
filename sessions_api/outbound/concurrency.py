"""How many threads may wait for other services at once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class NoPlaceError(Exception):
    """All places are taken, or all that this service may take."""


class ConcurrencyLimit:
    """A few places for calls to other services. Services that hang then hold these threads and no others.

    The excess is refused at once, because a caller that waits holds a thread too. The pattern is from Nygard,
    “Release It!”.
    """

    def __init__(self, places: int) -> None:
        self.places, self.lock = places, Lock()
        self.taken: Counter[str] = Counter()

    @contextmanager
    def place(self, service: str, *, share: int) -> Iterator[None]:
        """Holds a place, of which this service may take `share` at once. Raises NoPlaceError."""
        with self.lock:
            if self.taken.total() >= self.places or self.taken[service] >= share:
                raise NoPlaceError
            self.taken[service] += 1
        try:
            yield
        finally:
            with self.lock:
                self.taken[service] -= 1
