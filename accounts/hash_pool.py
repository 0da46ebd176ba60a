"""The pool in which passwords are hashed: a flood of logins cannot take all threads, all memory or the whole CPU.

A request takes its place before anything is counted, so a request without a place costs its caller nothing.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import wraps
from threading import BoundedSemaphore, Thread, local
from typing import Any, TypeVar, cast

from django.conf import settings

from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import ServerBusy
from sessions_api.http.openapi import View
from sessions_api.outbound.concurrency import ConcurrencyLimit

# Callers that may wait beside those whose hash is being computed. Each holds a thread of the server, so they are few.
# HASHES_AT_ONCE is by default at most the number of these threads minus four: three for those that wait, and one that
# stays free for requests without a password.
WAITING = 3
SHARE = WAITING - 1  # of these, the most that one network holds: another network finds one free
WAIT_SECONDS = 2.0  # then the caller is told to try again, after at least as many seconds: Retry-After of ServerBusy

T = TypeVar("T")


class HashPool:
    """Computes at most `at_once` hashes at a time, each in a thread of its own that leaves one core to other work.

    Their number alone is not enough. Each hash runs several lanes (`ARGON2_PARALLELISM`), and a thread with a
    millisecond of work would wait behind all of them. A lower priority of the threads made rare waits longer.
    """

    def __init__(self, at_once: int) -> None:
        self.turns = BoundedSemaphore(at_once)
        self.places = ConcurrencyLimit(at_once + WAITING, refusal=ServerBusy)
        self.share = at_once + SHARE
        self.this_thread = local()

    def place(self, network: str) -> AbstractContextManager[None]:
        """One of the places for those who hash or wait, for all hashes of the block. A block inside it needs none.

        Raises ServerBusy at once while WAITING callers wait already, or SHARE callers of this network.
        """
        return self.places.place(network, share=self.share)

    @contextmanager
    def turn(self, network: str) -> Iterator[None]:
        """A place, and the right to hash now. Raises ServerBusy, also after WAIT_SECONDS.

        A caller that counts an attempt takes its turn first: then the hash neither waits nor is refused.
        """
        if hasattr(self.this_thread, "turn"):
            yield
            return
        with self.place(network):
            if not self.turns.acquire(timeout=WAIT_SECONDS):
                raise ServerBusy
            try:
                self.this_thread.turn = True
                yield
            finally:
                del self.this_thread.turn
                self.turns.release()

    def run(self, work: Callable[[], T]) -> T:
        """The result of `work`. Raises what `work` raises, ServerBusy as `turn` does, or RuntimeError without a thread.

        To start a thread costs 0.2 ms (measured). An executor that gets no thread would keep the work, and with
        it a password.
        """
        if hasattr(self.this_thread, "hashing"):  # a hasher that calls itself
            return work()
        with self.turn(""):
            result: Future[T] = Future()
            Thread(target=self._compute, args=(result, work), name="hashing").start()
            return result.result()

    def _compute(self, result: "Future[T]", work: Callable[[], T]) -> None:
        self.this_thread.hashing = True
        try:
            leave_one_core()
            result.set_result(work())
        except BaseException as failure:  # the caller raises it
            result.set_exception(failure)


def leave_one_core() -> None:
    """Keeps this thread, and the lanes that argon2 starts from it, off the first core."""
    if hasattr(os, "sched_setaffinity"):
        first, *others = sorted(os.sched_getaffinity(0))
        with suppress(OSError):  # then the hash only disturbs others more
            os.sched_setaffinity(0, others or [first])


hash_pool = HashPool(max(1, settings.HASHES_AT_ONCE))  # a system check reports a smaller number


def hashes_password(
    when: Callable[..., bool] = lambda request, **arguments: True, *, now: bool = False
) -> Callable[[View], View]:
    """Decorates an endpoint, outside its limits: a request without a place gets ServerBusy, and no limit counts it.

    `when` receives the endpoint's arguments, and returns whether this request hashes a password. With `now`, the
    request waits for its turn before it is counted; that is for endpoints whose first costly work is the hash.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def placed(request: Any, **arguments: Any) -> Any:
            if not when(request, **arguments):
                return view(request, **arguments)
            with (hash_pool.turn if now else hash_pool.place)(network_of(request.client)):
                return view(request, **arguments)

        return cast(View, placed)

    return decorate


def network_of(client: ClientInfo) -> str:
    """The name under which the places of this client count. Clients without an address count together."""
    return client.network or "unknown"
