"""A limit to waiting, for calls that know none themselves."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` returns or raises; TimeoutError when it takes longer.

    Sockets only limit the wait for the next byte, and one byte every few seconds goes on for ever. The call is
    not stopped, only left alone: give it a limit of its own as well, so that it ends some day.
    """
    answer: Future[T] = Future()
    Thread(target=_answer, args=(answer, call), daemon=True).start()
    try:
        return answer.result(seconds)
    finally:
        del answer  # a failure knows this frame: it would hold itself, and an open socket, until they are collected


def _answer(answer: "Future[T]", call: Callable[[], T]) -> None:
    try:
        answer.set_result(call())
    except BaseException as failure:
        answer.set_exception(failure)
    finally:
        del answer
