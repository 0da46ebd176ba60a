"""The response to each exception that can leave an endpoint or a view."""

import json
import logging
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.urls import resolve
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from . import errors
from .errors import CONFLICTS, CONTENT_TYPE, DATABASE_FAILURES, ApiError

logger = logging.getLogger(__name__)

GENERIC: dict[int, type[ApiError]] = {
    error.status: error
    for error in (
        errors.InvalidRequest,
        errors.NotAuthenticated,
        errors.PermissionDenied,
        errors.NotFound,
        errors.MethodNotAllowed,
        errors.PayloadTooLarge,
        errors.UnsupportedMediaType,
        errors.RateLimited,
        errors.ServerError,
        errors.ServiceUnavailable,
    )
}
KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
NAME_LENGTH = 64  # the longest unknown field that a response repeats by name: longer than any name of a field
MESSAGES = {"extra_forbidden": "This field is unknown.", "model_type": "A JSON object is expected."}
SAFE_PARAMS = {"min_length", "max_length", "ge", "gt", "le", "lt", "expected"}  # parts of our schemas, not of the input


def as_problem(response: HttpResponse) -> HttpResponse:
    """The problem with the status of an error response that Ninja or Django made; keeps `KEPT_HEADERS`."""
    other = errors.ServerError if response.status_code >= 500 else errors.InvalidRequest
    error = GENERIC.get(response.status_code, other)
    body = error().body() | {"status": response.status_code}
    problem = HttpResponse(json.dumps(body), status=response.status_code, content_type=CONTENT_TYPE)
    for name in KEPT_HEADERS:
        if name in response:
            problem[name] = response[name]
    return problem


def refusal_outside_ninja(exception: Exception) -> ApiError | None:
    """The error for an exception of a plain view or an admin page; None if Django answers the exception itself."""
    if isinstance(exception, ApiError):
        return exception
    if isinstance(exception, DATABASE_FAILURES):
        return refusal_by_database(exception)
    return None


def add_handlers(api: NinjaAPI, *, repeat_conflicts: bool = False) -> None:
    """Register the response to each exception that can leave an endpoint of this API.

    With `repeat_conflicts`, a request that met one of CONFLICTS is handled a second time, as its client would send it
    again after a 503. It is for synchronous endpoints that change nothing outside the database.
    """

    def answer(error: type[Exception], handler: Any) -> None:
        api.add_exception_handler(error, lambda request, exc: handler(exc))

    answer(ApiError, lambda exc: exc.response())
    answer(ValidationError, _invalid)
    answer(HttpError, _from_ninja)
    answer(Http404, lambda exc: errors.NotFound().response())
    answer(PermissionDenied, lambda exc: errors.PermissionDenied().response())
    answer(RequestDataTooBig, lambda exc: errors.PayloadTooLarge().response())
    answer(SuspiciousOperation, lambda exc: errors.InvalidRequest().response())
    answer(UnreadablePostError, lambda exc: errors.InvalidRequest().response())
    for failure in DATABASE_FAILURES:
        api.add_exception_handler(failure, partial(_database_failed, repeat_conflicts=repeat_conflicts))
    answer(Exception, _unexpected)


def _invalid(exc: ValidationError) -> HttpResponse:
    return errors.ValidationFailed([_explain(error) for error in exc.errors[: errors.MAX_ERRORS]]).response()


def _from_ninja(exc: HttpError) -> HttpResponse:
    """Ninja wraps each exception of its body parser into a 400; the error that our parser raised is the cause."""
    if isinstance(exc.__cause__, ApiError):
        return exc.__cause__.response()
    return as_problem(HttpResponse(status=exc.status_code))


def _database_failed(request: HttpRequest, exc: Exception, *, repeat_conflicts: bool) -> HttpResponse:
    if repeat_conflicts and _is_conflict(exc) and not hasattr(request, "is_repeated"):
        request.is_repeated = True  # type: ignore[attr-defined]
        view, arguments, named = resolve(request.path_info)
        answer: HttpResponse = view(request, *arguments, **named)
        return answer
    return refusal_by_database(exc).response()


def refusal_by_database(exc: Exception) -> ApiError:
    """Logs the first line only: PostgreSQL may quote values of the statement in the others."""
    conflict = _is_conflict(exc)
    what = "The database undid a request for another one" if conflict else "The database cannot be used"
    logger.error("%s: %s: %s", what, type(exc).__name__, str(exc).partition("\n")[0])
    return errors.ServerBusy() if conflict else errors.ServiceUnavailable()


def _is_conflict(exc: Exception) -> bool:
    return getattr(exc.__cause__, "sqlstate", None) in CONFLICTS


def _unexpected(exc: Exception) -> HttpResponse:
    logger.error("Unexpected %s", type(exc).__name__, exc_info=exc)
    return errors.ServerError().response()


def _explain(error: dict[str, Any]) -> dict[str, Any]:
    """One of pydantic's errors in the form of the API, without any input.

    The name of the parameter that holds the body exists in Python only, so it is left out. An unknown field is named
    only if its name looks like one, since it may be any text.
    """
    source, *path = error["loc"]
    if source == "body":
        path = path[1:]
    if error["type"] == "extra_forbidden" and not (str(path[-1]).isidentifier() and len(str(path[-1])) <= NAME_LENGTH):
        path = path[:-1]
    context = error.get("ctx", {})
    return {
        "loc": [source, *map(str, path)],
        "msg": "This value is not acceptable." if "error" in context else MESSAGES.get(error["type"], error["msg"]),
        "code": error["type"],
        "params": {name: value for name, value in context.items() if name in SAFE_PARAMS},
    }
