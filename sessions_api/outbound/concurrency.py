"""How many threads may do costly work at once, such as a hash or a call to another service."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, local


class ConcurrencyLimit:
    """A few places for costly work. Work that hangs then holds these threads and no others.

    The excess is refused at once with `refusal`, because a caller that waits holds a thread too. The pattern is from
    Nygard, “Release It!”.
    """

    def __init__(self, places: int, *, refusal: type[Exception]) -> None:
        self.places, self.refusal = places, refusal
        self.taken: Counter[str] = Counter()
        self.lock, self.this_thread = Lock(), local()

    @contextmanager
    def place(self, group: str, *, share: int) -> Iterator[None]:
        """Holds a place, of which this group may take `share` at once. Raises `refusal`.

        A block inside a block of the same thread needs no place of its own.
        """
        if hasattr(self.this_thread, "place"):
            yield
            return
        with self.lock:
            if self.taken.total() >= self.places or self.taken[group] >= share:
                raise self.refusal
            self.taken[group] += 1
        try:
            self.this_thread.place = group
            yield
        finally:
            del self.this_thread.place
            with self.lock:
                self.taken -= Counter([group])  # which drops a group without places
