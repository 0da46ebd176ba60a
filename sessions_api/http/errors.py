"""The errors of the API, which clients receive as `application/problem+json` (RFC 9457).

An error is a class with its code. Raise it anywhere below an endpoint or a view. Each app has its own codes.
"""

import json
from secrets import randbelow
from typing import Any, ClassVar

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"
MAX_ERRORS = 20  # more than any form has fields; without a limit, a response could be ten times its request
DATABASE_FAILURES = (OperationalError, InterfaceError, InternalError)  # InternalError: the server is read-only

# The database undid a transaction in favour of another one: at a serialization failure, a deadlock, or a lock that was
# not free within `lock_timeout`. (SQLSTATE: PostgreSQL's manual, appendix A)
CONFLICTS = {"40001", "40P01", "55P03"}


class ApiError(Exception):
    """`status` and `error_code` are part of the API; `detail` is English for developers and may change."""

    status: ClassVar[int]
    error_code: ClassVar[str]
    detail: ClassVar[str]
    headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        return {
            "type": f"urn:latchkey:error:{self.error_code}",
            "title": self.error_code.replace("_", " ").capitalize(),
            "status": self.status,
            "detail": self.detail,
            "error_code": self.error_code,
        }

    def response(self) -> HttpResponse:
        content = json.dumps(self.body())
        return HttpResponse(content, status=self.status, content_type=CONTENT_TYPE, headers=self.headers)


class InvalidRequest(ApiError):
    status, error_code = 400, "invalid_request"
    detail = "The request is malformed: invalid JSON or UTF-8, a repeated key, or an unknown Host."


class UnreadableCookie(ApiError):
    status, error_code = 400, "unreadable_cookie"
    detail = "A cookie of this site or its parent domain has characters outside ASCII. Delete the cookies of both."


class NotAuthenticated(ApiError):
    """Without credentials the challenge has no `error` attribute (RFC 6750, section 3.1)."""

    status, error_code = 401, "not_authenticated"
    detail = "Send a session token: Authorization: Bearer <token>."
    headers = {"WWW-Authenticate": "Bearer"}


class SessionExpired(ApiError):
    """The same for an unknown, an expired and a revoked token, and for one of a disabled user."""

    status, error_code = 401, "session_expired"
    detail = "The session token is invalid, expired or revoked."
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class PermissionDenied(ApiError):
    status, error_code = 403, "permission_denied"
    detail = "You do not have permission to do this."


class ReauthenticationRequired(ApiError):
    """The session is valid, but its login is too long ago for this request (as in RFC 9470)."""

    status, error_code = 403, "reauthentication_required"
    detail = "This request needs a recent login: authenticate again at /api/auth/reauthenticate."


class NotFound(ApiError):
    status, error_code = 404, "not_found"
    detail = "No resource was found at this address."


class MethodNotAllowed(ApiError):
    status, error_code = 405, "method_not_allowed"
    detail = "This address does not support the method; the Allow header lists the supported ones."


class PayloadTooLarge(ApiError):
    status, error_code = 413, "payload_too_large"
    detail = "A request body may have at most 64 KiB."


class UnsupportedMediaType(ApiError):
    status, error_code = 415, "unsupported_media_type"
    detail = "Send JSON in UTF-8 with Content-Type: application/json."


class ValidationFailed(ApiError):
    """`errors` has one `{"loc", "msg", "code", "params"}` for each invalid field, and never the input."""

    status, error_code = 422, "validation_error"
    detail = "Some fields are invalid; see errors."

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__()
        self.errors = errors

    @classmethod
    def single(cls, loc: list[str], code: str, msg: str) -> "ValidationFailed":
        return cls([{"loc": loc, "msg": msg, "code": code, "params": {}}])

    def body(self) -> dict[str, Any]:
        return super().body() | {"errors": self.errors}


class RateLimited(ApiError):
    """`retry_after` is in seconds. `fields` are the headers RateLimit and RateLimit-Policy, where a limit has them."""

    status, error_code = 429, "rate_limited"
    detail = "Too many attempts. Wait for the seconds in Retry-After."

    def __init__(self, retry_after: int = 1, fields: dict[str, str] | None = None) -> None:
        super().__init__()
        self.headers = {"Retry-After": str(retry_after)} | (fields or {})


class ServerError(ApiError):
    status, error_code = 500, "server_error"
    detail = "An unexpected error occurred on the server and was logged."


class ServiceUnavailable(ApiError):
    status, error_code = 503, "service_unavailable"
    detail = "The service is temporarily unavailable. Tokens stay valid; try again."
    headers = {"Retry-After": "2"}  # seconds: longer than the pause in which no request tries the database


SHORTEST_RETRY = 2  # seconds: as long as an attempt waits for its turn
RETRIES_SPREAD = 8  # seconds, in which two cores hash a hundred passwords


class ServerBusy(ApiError):
    """More passwords to hash than the machine can, or more transactions on the same rows than the database."""

    status, error_code = 503, "server_busy"
    detail = "Too many users need the server right now. The request was not processed; try again."

    def __init__(self) -> None:
        """`Retry-After` differs from client to client. Otherwise those that were refused together return together."""
        super().__init__()
        self.headers = {"Retry-After": str(SHORTEST_RETRY + randbelow(RETRIES_SPREAD))}
