"""HTTP requests to other services, with limits on time and size.

Only features that an operator has configured import this module, since it loads an HTTP client.
"""

import time
from typing import Any

import requests

from .timeouts import within

MAX_BYTES = 1024 * 1024  # sets of keys and lists of breaches take some KiB; no answer may fill the memory
BYTE_SECONDS = 5  # for the next byte, unless the caller says otherwise: ends the thread of a call that was given up
CHUNK = 8192  # bytes to read at a time, so that both limits are looked at often


def fetch(
    url: str, *, seconds: float, method: str = "GET", timeout: float | None = None, **options: Any
) -> requests.Response:
    """The whole answer of another service, whatever its status. Redirects are not followed (ASVS 5.0, 15.3.2).

    `seconds` is for the whole answer, `timeout` for connecting and for each next byte. `options` are those of requests.
    Raises TimeoutError or requests.ReadTimeout for an answer that takes longer or exceeds `MAX_BYTES`,
    requests.RequestException or urllib3.exceptions.HTTPError for any other failure, and ValueError for an invalid URL.
    """
    ends, options = time.monotonic() + seconds, options | {"stream": True, "allow_redirects": False}

    def read() -> requests.Response:
        with requests.request(method, url, timeout=timeout or BYTE_SECONDS, **options) as response:
            body = b""
            while chunk := response.raw.read1(CHUNK, decode_content=True):  # iter_content would wait for a full chunk
                body += chunk
                if len(body) > MAX_BYTES or time.monotonic() > ends:
                    raise requests.ReadTimeout
            response._content = body  # where requests itself keeps a body that it has read
        return response

    return within(max(seconds, 0), read)
