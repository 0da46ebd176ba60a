"""What a client is told when something goes wrong: `application/problem+json` (RFC 9457), and nothing else.

An error is a class with its code; raise it anywhere below an endpoint. Each app keeps its own codes.
"""

import json
from typing import Any, ClassVar

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"
MOST_ERRORS = 20  # no form has so many fields; without a limit, an answer could be ten times its request
DATABASE_FAILURES = (OperationalError, InterfaceError, InternalError)  # the last: a server that is read-only


class ApiError(Exception):
    """`status` and `error_code` are the promise; `detail` is English for developers and may change."""

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
    detail = "The request is malformed: not valid JSON in UTF-8, a repeated key, or a Host that is not ours."


class NotAuthenticated(ApiError):
    """No credentials, so no `error` attribute either (RFC 6750, section 3.1)."""

    status, error_code = 401, "not_authenticated"
    detail = "Send a session token: Authorization: Bearer <token>."
    headers = {"WWW-Authenticate": "Bearer"}


class SessionExpired(ApiError):
    """One answer for a token that is unknown, expired or revoked, or whose user is disabled."""

    status, error_code = 401, "session_expired"
    detail = "This token opens no session, or no longer."
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class PermissionDenied(ApiError):
    status, error_code = 403, "permission_denied"
    detail = "This is not yours to do."


class ReauthenticationRequired(ApiError):
    """Not enough assurance, though the session is good (RFC 9470)."""

    status, error_code = 403, "reauthentication_required"
    detail = "This needs a recent login: authenticate again at /api/auth/reauthenticate."


class NotFound(ApiError):
    status, error_code = 404, "not_found"
    detail = "There is nothing here."


class MethodNotAllowed(ApiError):
    status, error_code = 405, "method_not_allowed"
    detail = "This path does not know that method; the Allow header lists what it knows."


class PayloadTooLarge(ApiError):
    status, error_code = 413, "payload_too_large"
    detail = "A request body has at most 64 KiB."


class UnsupportedMediaType(ApiError):
    status, error_code = 415, "unsupported_media_type"
    detail = "Send JSON in UTF-8, with Content-Type: application/json."


class ValidationFailed(ApiError):
    """`errors` holds one `{"loc", "msg", "code", "params"}` for each thing that is wrong, and never the input."""

    status, error_code = 422, "validation_error"
    detail = "Some of what was sent is not acceptable; see errors."

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__()
        self.errors = errors

    @classmethod
    def single(cls, loc: list[str], code: str, msg: str) -> "ValidationFailed":
        return cls([{"loc": loc, "msg": msg, "code": code, "params": {}}])

    def body(self) -> dict[str, Any]:
        return super().body() | {"errors": self.errors}


class RateLimited(ApiError):
    """Comes with `Retry-After`, and with what was promised in the words of the IETF's draft."""

    status, error_code = 429, "rate_limited"
    detail = "Too many attempts. Wait for Retry-After seconds."

    def __init__(self, retry_after: int = 1, fields: dict[str, str] | None = None) -> None:
        super().__init__()
        self.headers = {"Retry-After": str(retry_after)} | (fields or {})


class ServerError(ApiError):
    status, error_code = 500, "server_error"
    detail = "Something went wrong on our side. It has been logged."


class ServiceUnavailable(ApiError):
    status, error_code = 503, "service_unavailable"
    detail = "The service cannot answer right now. Nothing is lost; try again."
    headers = {"Retry-After": "2"}


class ServerBusy(ApiError):
    """More passwords to hash than this machine can; nothing was done (see `accounts/passwords/hash_pool.py`)."""

    status, error_code = 503, "server_busy"
    detail = "Too many users are logging in right now. Nothing was done; try again."
    headers = {"Retry-After": "2"}
