"""How long a neighbour that failed is left alone."""

import logging
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from time import monotonic

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BackOff:
    """Pauses that double with each failure in a row, from `first` up to `longest`."""

    first: timedelta
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        """The pause after this number of failures, of at least one."""
        doublings = min(max(failures, 1) - 1, 32)  # a larger number would overflow, and changes nothing
        return min(self.first * 2**doublings, self.longest)


class CircuitBreaker:
    """Leaves a neighbour alone after it failed: one caller in each pause asks it again, all others go on without it.

    So a request waits once for a neighbour that is down, however many requests there are, and a neighbour that comes
    back is found after one pause. `pause` is in seconds. `failed` and `works` are the lines of the log at each change.
    """

    def __init__(self, *, pause: float, failed: str, works: str, level: int = logging.ERROR) -> None:
        self.pause, self.failed, self.works, self.level = pause, failed, works, level
        self.lock, self.open, self.ask_again_at = Lock(), False, 0.0

    def allows(self) -> bool:
        """Whether this caller may ask the neighbour now."""
        if not self.open:
            return True
        with self.lock:
            if monotonic() < self.ask_again_at:
                return False
            self.ask_again_at = monotonic() + self.pause
            return True

    def record_failure(self, failure: BaseException) -> None:
        with self.lock:
            if not self.open:
                logger.log(self.level, "%s: %s", self.failed, type(failure).__name__)
            self.open, self.ask_again_at = True, monotonic() + self.pause

    def record_success(self) -> None:
        if self.open:
            with self.lock:
                self.open = False
            logger.warning(self.works)

    def reset(self) -> None:
        self.open = False
