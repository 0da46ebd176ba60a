"""The pool in which passwords are hashed: a flood of logins cannot take all threads, all memory or the whole CPU.

A request takes its place before anything is counted, so a request without a place costs its caller nothing.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import wraps
from threading import BoundedSemaphore, Lock, local
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.conf import settings
from ninja.utils import contribute_operation_callback

from sessions_api.http.client import ClientInfo, ClientRequest
from sessions_api.http.errors import ServerBusy
from sessions_api.http.openapi import also_raises

# Callers that may wait beside those whose hash is being computed. Each holds a thread of the server, so they are few.
# HASHES_AT_ONCE is by default at most the number of these threads minus four: three for those that wait, and one that
# stays free for requests without a password.
WAITING = 3
SHARE = WAITING - 1  # of these, the most that one network holds: another network finds one free
WAIT_SECONDS = 2.0  # then the caller is told to try again, after as many seconds: the Retry-After of ServerBusy

T = TypeVar("T")
Request = TypeVar("Request", bound=ClientRequest)
Arguments = ParamSpec("Arguments")
Response = TypeVar("Response")
View = Callable[Concatenate[Request, Arguments], Response]


class HashPool:
    """Computes at most `at_once` hashes at the same time, in threads of its own that leave one core to other work.

    Their number alone is not enough. Each hash runs several lanes (`ARGON2_PARALLELISM`), and a thread with a
    millisecond of work would wait behind all of them. A lower priority of the threads made rare waits longer.
    """

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.turns = BoundedSemaphore(at_once)
        self.threads = ThreadPoolExecutor(at_once, "hashing", initializer=self._begin_thread)
        self.this_thread = local()
        self.places: Counter[str] = Counter()  # by network
        self.lock = Lock()

    @contextmanager
    def place(self, network: str) -> Iterator[None]:
        """One of the places for those who hash or wait, for all hashes of the block. A block inside it needs none.

        Raises ServerBusy at once while WAITING callers wait already, or SHARE callers of this network.
        """
        if hasattr(self.this_thread, "place"):
            yield
            return
        self._enter(network)
        try:
            self.this_thread.place = network
            yield
        finally:
            del self.this_thread.place
            self._leave(network)

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
        """The result of `work`, computed in the pool. Raises what `work` raises, or ServerBusy as `turn` does."""
        if hasattr(self.this_thread, "hashing"):  # a hasher that calls itself
            return work()
        with self.turn(""):
            return self._submit(work).result()

    def _enter(self, network: str) -> None:
        with self.lock:
            taken = self.places.total()
            if taken >= self.at_once + WAITING or self.places[network] >= self.at_once + SHARE:
                raise ServerBusy
            self.places[network] += 1

    def _leave(self, network: str) -> None:
        with self.lock:
            self.places[network] -= 1
            if not self.places[network]:
                del self.places[network]

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        """Raises RuntimeError where the system starts no thread. The queue keeps its entry, so this one drops the work:
        a password must not stay in memory, nor be hashed for a caller that has its answer."""
        future: Future[T] = Future()
        pending = [work]

        def compute() -> None:
            if pending:
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


def always(*_: object, **__: object) -> bool:
    return True


def hashes_password(
    when: Callable[..., bool] = always, *, now: bool = False
) -> Callable[[View[Request, Arguments, Response]], View[Request, Arguments, Response]]:
    """Decorates an endpoint, outside its limits: a request without a place gets ServerBusy, and no limit counts it.

    `when` receives the endpoint's arguments, and returns whether this request hashes a password. With `now`, the
    request waits for its turn before it is counted; that is for endpoints whose first costly work is the hash.
    """

    def decorate(view: View[Request, Arguments, Response]) -> View[Request, Arguments, Response]:
        @wraps(view)
        def placed(request: Request, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
            if not when(request, *args, **kwargs):
                return view(request, *args, **kwargs)
            with (hash_pool.turn if now else hash_pool.place)(network_of(request.client)):
                return view(request, *args, **kwargs)

        contribute_operation_callback(placed, lambda operation: also_raises(operation, ServerBusy))
        return cast(View[Request, Arguments, Response], placed)

    return decorate


def network_of(client: ClientInfo) -> str:
    """The name under which the places of this client count. Clients without an address count together."""
    return client.network or "unknown"
