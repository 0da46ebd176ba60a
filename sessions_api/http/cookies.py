"""Cookies that the server hides."""

import logging

from django.http import HttpRequest

logger = logging.getLogger(__name__)


def are_hidden(request: HttpRequest) -> bool:
    """Whether the browser sent cookies of which none can be read; logs that. For a request that misses a cookie.

    Granian hands over a header with a byte above 127 as an empty one. One cookie of other software on the same domain
    so hides all cookies of the browser. `deploy/nginx.conf` leaves such cookies out.
    """
    hidden = request.META.get("HTTP_COOKIE") == ""
    if hidden:
        logger.warning("No cookie of a browser can be read, because one has characters outside ASCII")
    return hidden
