"""A limit on the time of calls that have none themselves."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises. Raises TimeoutError when it takes longer than `seconds`.

    A socket's timeout limits only the wait for the next byte, so a server that sends one byte every few seconds never
    reaches it. The call runs in a thread of its own and is not stopped: give it a limit too, so that its thread ends.
    """
    answer: Future[T] = Future()
    Thread(target=_answer, args=(answer, call), daemon=True).start()
    try:
        return answer.result(seconds)
    finally:
        del answer  # its exception refers to this frame; the circle would keep an open socket until garbage collection


def _answer(answer: "Future[T]", call: Callable[[], T]) -> None:
    try:
        answer.set_result(call())
    except BaseException as failure:
        answer.set_exception(failure)
    finally:
        del answer
