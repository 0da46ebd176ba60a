"""The id of a request, which joins its answer and its lines in the logs of several services."""

import re
import secrets
from contextvars import ContextVar
from typing import Any

ACCEPTED = re.compile("[A-Za-z0-9._-]{8,64}")  # from a caller: a UUID or a trace id, and no other text

request_id = ContextVar("request_id", default="")  # of the request that this thread answers


def id_for(environ: dict[str, Any]) -> str:
    """The id that the caller sent, which proves nothing, or a new one."""
    sent: str = environ.get("HTTP_X_REQUEST_ID", "")
    return sent if ACCEPTED.fullmatch(sent) else secrets.token_hex(16)
