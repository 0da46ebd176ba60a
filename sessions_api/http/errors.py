"""What a client is told when something goes wrong: `application/problem+json` (RFC 9457), and nothing else.

An error is a class with its code; raise it anywhere below an endpoint. Each app keeps its own codes.
"""

import json
import logging
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, InternalError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.errors import ValidationError as NinjaValidationError

CONTENT_TYPE = "application/problem+json"
MOST_ERRORS = 20  # no form has so many fields; without a limit, an answer could be ten times its request
DATABASE_FAILURES = (OperationalError, InterfaceError, InternalError)  # the last: a server that is read-only

logger = logging.getLogger(__name__)


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
    """One answer for a token that is unknown, expired or revoked, or whose person is disabled."""

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
    def of(cls, loc: list[str], code: str, msg: str) -> "ValidationFailed":
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
    detail = "Too many people are logging in right now. Nothing was done; try again."
    headers = {"Retry-After": "2"}


GENERIC: dict[int, type[ApiError]] = {
    error.status: error
    for error in (
        InvalidRequest,
        NotAuthenticated,
        PermissionDenied,
        NotFound,
        MethodNotAllowed,
        PayloadTooLarge,
        UnsupportedMediaType,
        RateLimited,
        ServerError,
        ServiceUnavailable,
    )
}


def as_problem(response: HttpResponse) -> HttpResponse:
    """The same refusal in our form, for one that was made elsewhere (Ninja's 405, Django's 404); headers stay."""
    error = GENERIC.get(response.status_code, ServerError if response.status_code >= 500 else InvalidRequest)
    body = error().body() | {"status": response.status_code}
    problem = HttpResponse(json.dumps(body), status=response.status_code, content_type=CONTENT_TYPE)
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in response:
            problem[name] = response[name]
    return problem


def refusal_outside_ninja(exception: Exception) -> ApiError | None:
    """What a plain view, or a page of the admin, refuses by raising this; None where it is Django's to answer."""
    if isinstance(exception, ApiError):
        return exception
    if isinstance(exception, DATABASE_FAILURES):
        _log_database_failure(exception)
        return ServiceUnavailable()
    return None


def add_handlers(api: NinjaAPI) -> None:
    """Every exception that can leave an endpoint, and what becomes of it."""

    def answer(error: type[Exception], handler: Any) -> None:
        api.add_exception_handler(error, lambda request, exc: handler(exc))

    answer(ApiError, lambda exc: exc.response())
    answer(
        NinjaValidationError, lambda exc: ValidationFailed([_explain(e) for e in exc.errors[:MOST_ERRORS]]).response()
    )
    answer(HttpError, _from_ninja)
    answer(Http404, lambda exc: NotFound().response())
    answer(DjangoPermissionDenied, lambda exc: PermissionDenied().response())
    answer(RequestDataTooBig, lambda exc: PayloadTooLarge().response())
    answer(SuspiciousOperation, lambda exc: InvalidRequest().response())
    answer(UnreadablePostError, lambda exc: InvalidRequest().response())
    for failure in DATABASE_FAILURES:
        answer(failure, _database_failed)
    answer(Exception, _unexpected)


def _from_ninja(exc: HttpError) -> HttpResponse:
    """Ninja wraps whatever its body parser raises into a 400; what our parser had to say is the cause."""
    if isinstance(exc.__cause__, ApiError):
        return exc.__cause__.response()
    return as_problem(HttpResponse(status=exc.status_code))


def _database_failed(exc: Exception) -> HttpResponse:
    _log_database_failure(exc)
    return ServiceUnavailable().response()


def _log_database_failure(exc: Exception) -> None:
    logger.error("The database cannot be used: %s: %s", type(exc).__name__, str(exc).partition("\n")[0])


def _unexpected(exc: Exception) -> HttpResponse:
    logger.error("Unexpected %s", type(exc).__name__, exc_info=exc)
    return ServerError().response()


MESSAGES = {
    "extra_forbidden": "This field is not known here.",
    "model_type": "A JSON object is expected.",
}
SAFE_PARAMS = {"min_length", "max_length", "ge", "gt", "le", "lt", "expected"}


def _explain(error: dict[str, Any]) -> dict[str, Any]:
    """One of pydantic's errors in the contract's form, without anything that was sent.

    The parameter that holds the body is called something in Python and nothing in JSON, so its name goes.
    A field that we do not know is named only if it looks like a name: anything can be in there.
    """
    source, *path = error["loc"]
    if source == "body":
        path = path[1:]
    if error["type"] == "extra_forbidden" and not (str(path[-1]).isidentifier() and len(str(path[-1])) <= 64):
        path = path[:-1]
    context = error.get("ctx", {})
    return {
        "loc": [source, *path],
        "msg": "This value is not acceptable." if "error" in context else MESSAGES.get(error["type"], error["msg"]),
        "code": error["type"],
        "params": {name: value for name, value in context.items() if name in SAFE_PARAMS},
    }
