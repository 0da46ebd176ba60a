"""Every exception that can leave an endpoint or a view, and the answer it becomes."""

import json
import logging
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import HttpError
from ninja.errors import ValidationError as NinjaValidationError

from sessions_api.http.errors import (
    CONTENT_TYPE,
    DATABASE_FAILURES,
    MOST_ERRORS,
    ApiError,
    InvalidRequest,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    RateLimited,
    ServerError,
    ServiceUnavailable,
    UnsupportedMediaType,
    ValidationFailed,
)

logger = logging.getLogger(__name__)


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
