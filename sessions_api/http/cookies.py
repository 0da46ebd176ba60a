"""Cookies that the server hides."""

import logging

from django.http import HttpRequest

from sessions_api.http.errors import UnreadableCookie

logger = logging.getLogger(__name__)


def require_readable(request: HttpRequest) -> None:
    """Raises UnreadableCookie, and logs it, if the request has cookies and none of them can be read.

    Granian hands over a header with a byte above 127 as an empty one. One cookie of other software on the same domain
    so hides all cookies of the browser. `deploy/nginx.conf` leaves such cookies out.
    """
    if request.META.get("HTTP_COOKIE") == "":
        logger.warning("No cookie of a browser can be read, because one has characters outside ASCII")
        raise UnreadableCookie
