"""Asking others over HTTP, whatever they do. Only those that are configured: nobody else loads the client for it."""

import time
from typing import Any

import requests

from .timeouts import within

MAX_BYTES = 1024 * 1024


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
