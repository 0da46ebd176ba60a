"""A limit to waiting, for calls that know none themselves."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any, TypeVar

import requests

MAX_BYTES = 1024 * 1024

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


def fetch(
    url: str, *, seconds: float, method: str = "GET", timeout: float | None = None, **options: Any
) -> requests.Response:
    """A neighbour's whole answer, whatever its status; redirects are not followed (ASVS 5.0, 15.3.2).

    Raises TimeoutError or ReadTimeout where it takes longer, or is longer than `MAX_BYTES`, and otherwise what
    requests and urllib3 raise, or ValueError for an address that is none. `timeout` is for the next byte.
    """
    ends, options = time.monotonic() + seconds, options | {"stream": True, "allow_redirects": False}

    def read() -> requests.Response:
        with requests.request(method, url, timeout=timeout or 5, **options) as response:
            body = b""
            while chunk := response.raw.read1(8192, decode_content=True):  # iter_content waits until it has as many
                body += chunk
                if len(body) > MAX_BYTES or time.monotonic() > ends:
                    raise requests.ReadTimeout
            response._content = body  # as requests itself keeps what it has read
        return response

    return within(max(seconds, 0), read)
