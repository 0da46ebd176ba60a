"""How long a dependency that failed is left alone."""

import logging
from datetime import UTC, datetime, timedelta
from threading import Lock

from django.utils import timezone

logger = logging.getLogger(__name__)


class CircuitBreaker:
    """Spares callers the wait for a dependency that is down: in each `pause` one caller tries it again.

    All other callers go on without it. A call that fails opens the breaker, a call that succeeds closes it. The log
    gets the line `failed` with the exception's class at `level` when the breaker opens, and the line `works` as a
    warning when it closes; repeated failures add no line. One breaker serves all threads of a process. The pattern is
    from Nygard, “Release It!”.
    """

    def __init__(self, *, pause: timedelta, failed: str, works: str, level: int = logging.ERROR) -> None:
        self.pause, self.failed, self.works, self.level = pause, failed, works, level
        self.lock, self.open, self.tried_at = Lock(), False, datetime.min.replace(tzinfo=UTC)

    def allows(self) -> bool:
        """Whether this caller may try the dependency now. It reports the outcome, or leaves the breaker as it is."""
        if not self.open:
            return True
        with self.lock:
            now = timezone.now()
            # A clock that was set back must not prolong the pause, so a try in the future does not count.
            if timedelta(0) <= now - self.tried_at < self.pause:
                return False
            self.tried_at = now
            return True

    def record_failure(self, failure: BaseException) -> None:
        """Open the breaker, or keep it open; the pause begins anew."""
        with self.lock:
            newly_open, self.open, self.tried_at = not self.open, True, timezone.now()
        if newly_open:
            logger.log(self.level, "%s: %s", self.failed, type(failure).__name__)

    def record_success(self) -> None:
        """Close the breaker."""
        if not self.open:
            return
        with self.lock:
            newly_closed, self.open = self.open, False
        if newly_closed:
            logger.warning(self.works)
