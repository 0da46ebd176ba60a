"""The pool in which passwords are hashed: a flood of logins cannot take all threads, all memory or the whole CPU."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from threading import BoundedSemaphore, local
from typing import TypeVar

from django.conf import settings

from sessions_api.http.errors import ServerBusy

# Callers that may wait beside those whose hash is being computed. Each holds a thread of the server, so they are few.
# HASHES_AT_ONCE is by default at most the number of these threads minus three: two for those that wait, and one that
# stays free for requests without a password.
WAITING = 2
WAIT_SECONDS = 2.0  # then the caller is told to try again, after as many seconds: the Retry-After of ServerBusy

T = TypeVar("T")


class HashPool:
    """Computes at most `at_once` hashes at the same time, in threads of its own that leave one core to other work.

    Their number alone is not enough. Each hash runs several lanes (`ARGON2_PARALLELISM`), and a thread with a
    millisecond of work would wait behind all of them. A lower priority of the threads made rare waits longer.
    """

    def __init__(self, at_once: int) -> None:
        self.slots = BoundedSemaphore(at_once + WAITING)
        self.threads = ThreadPoolExecutor(at_once, "hashing", initializer=self._begin_thread)
        self.this_thread = local()

    def run(self, work: Callable[[], T]) -> T:
        """The result of `work`, computed in the pool. Raises what `work` raises.

        Raises ServerBusy at once while WAITING callers wait already, or after WAIT_SECONDS without a free thread.
        """
        if hasattr(self.this_thread, "hashing"):  # a hasher that calls itself
            return work()
        if not self.slots.acquire(blocking=False):
            raise ServerBusy
        try:
            return self._wait_for(work)
        finally:
            self.slots.release()

    def _wait_for(self, work: Callable[[], T]) -> T:
        future = self._submit(work)
        try:
            return future.result(WAIT_SECONDS)
        except TimeoutError:
            if future.cancel():  # it had not begun
                raise ServerBusy from None
            return future.result()

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        """Raises RuntimeError where the system starts no thread. The queue keeps its entry, so this one drops the work:
        a password must not stay in memory, nor be hashed for a caller that has its answer."""
        future: Future[T] = Future()
        pending = [work]

        def compute() -> None:
            if pending and future.set_running_or_notify_cancel():
                settle(future, pending.pop())

        try:
            self.threads.submit(compute)
        except RuntimeError:
            pending.clear()
            raise
        return future

    def _begin_thread(self) -> None:
        self.this_thread.hashing = True
        if hasattr(os, "sched_setaffinity"):  # of this thread alone; argon2's lanes inherit it
            first, *others = sorted(os.sched_getaffinity(0))
            with suppress(OSError):  # a failure here would break the executor for good
                os.sched_setaffinity(0, others or [first])


def settle(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as failure:  # the caller raises it
        future.set_exception(failure)


hash_pool = HashPool(max(1, settings.HASHES_AT_ONCE))  # a system check reports a smaller number
