"""A hash_pool around hashing: a flood of logins takes neither all threads nor all memory, nor the others' time."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore, local
from typing import TypeVar

from django.conf import settings

from sessions_api.http.errors import ServerBusy

WAITING = 2  # for a turn, besides those whose turn it is: fewer than the server's threads, so that some stay free
PATIENCE = 2.0  # seconds of waiting for a turn

T = TypeVar("T")


class HashPool:
    """Runs at most `at_once` at the same time, in threads of their own that leave one core to all others.

    Their mere number is not enough: each hash keeps several lanes running (`ARGON2_PARALLELISM`), and a thread that
    has but a millisecond of work waits its turn behind them. Nor is niceness: it made rare waits longer.
    """

    def __init__(self, at_once: int) -> None:
        self.places = BoundedSemaphore(at_once + WAITING)
        self.threads = ThreadPoolExecutor(at_once, "hashing", initializer=self._begin_thread)
        self.here = local()

    def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises ServerBusy, at once where others are waiting already."""
        if hasattr(self.here, "hashing"):  # a hasher that calls itself
            return work()
        if not self.places.acquire(blocking=False):
            raise ServerBusy
        try:
            return self._wait_for(work)
        finally:
            self.places.release()

    def _wait_for(self, work: Callable[[], T]) -> T:
        turn = self.threads.submit(work)
        try:
            return turn.result(PATIENCE)
        except TimeoutError:
            if turn.cancel():
                raise ServerBusy from None
            return turn.result()

    def _begin_thread(self) -> None:
        self.here.hashing = True
        if hasattr(os, "sched_setaffinity"):  # of this thread alone; argon2's lanes inherit it
            first, *others = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(0, others or [first])


hash_pool = HashPool(max(1, settings.HASHES_AT_ONCE))  # below that, a check says so
