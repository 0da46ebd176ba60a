"""Ninja's API object, with an OpenAPI description that includes every error."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

from . import errors
from .errors import ApiError

View = TypeVar("View", bound=Callable[..., Any])

ALWAYS = (
    errors.InvalidRequest,
    errors.PayloadTooLarge,
    errors.ServerError,
    errors.ServerBusy,
    errors.ServiceUnavailable,
)
WITH_BEARER = (errors.NotAuthenticated, errors.SessionExpired)
WITH_BODY = (errors.UnsupportedMediaType, errors.ValidationFailed)
RAISES = "x-raises"  # in an operation's `openapi_extra`, until the responses are made of it

RETRY_AFTER = {"Retry-After": {"description": "In seconds.", "schema": {"type": "integer", "minimum": 1}}}
RATE_LIMIT = {
    name: {"description": "draft-ietf-httpapi-ratelimit-headers-11", "schema": {"type": "string"}}
    for name in ("RateLimit", "RateLimit-Policy")
}
HEADERS = {429: {"headers": RETRY_AFTER | RATE_LIMIT}, 503: {"headers": RETRY_AFTER}}

PROBLEM: dict[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457. `error_code` is for user interfaces; `detail` is for developers.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "error_code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "error_code": {"type": "string"},
        "errors": {
            "description": "With `validation_error`: each invalid field, without its value.",
            "type": "array",
            "maxItems": errors.MAX_ERRORS,
            "items": {"$ref": "#/components/schemas/ProblemError"},
        },
    },
}
PROBLEM_ERROR = {
    "title": "ProblemError",
    "type": "object",
    "required": ["loc", "msg", "code", "params"],
    "properties": {
        "loc": {
            "description": "`body`, `query` or `path`, then the field.",
            "type": "array",
            "items": {"type": "string"},
        },
        "msg": {"type": "string"},
        "code": {"type": "string"},
        "params": {"type": "object"},
    },
}
SESSION_TOKEN = {"type": "http", "scheme": "bearer", "description": "The `token` of a login. It is opaque."}


def raises(*refusals: type[ApiError]) -> Callable[[View], View]:
    """Decorates an endpoint: its description lists these errors, besides those that every endpoint may raise."""

    def describe(operation: Operation) -> None:
        extra = operation.openapi_extra or {}
        operation.openapi_extra = extra | {RAISES: (*extra.get(RAISES, ()), *refusals)}

    def decorate(view: View) -> View:
        contribute_operation_callback(view, describe)
        return view

    return decorate


def rendered_once(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A view whose first answer serves all requests of this process. The answer must not depend on the request.

    Any caller may ask for Ninja's pages, and the description of the API costs as much as eighty small answers.
    """
    answers: list[HttpResponse] = []

    @require_safe
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        if not answers:
            answers.append(view(request))
        return HttpResponse(answers[0].content, content_type=answers[0]["Content-Type"])

    return answer


class DescribedAPI(NinjaAPI):
    """`/openapi.json` describes each error of a route: its own, and those that follow from its auth and parameters.

    Each route with GET also answers HEAD (RFC 9110, 9.1), which the description leaves out.
    """

    @property
    def urls(self) -> Any:
        """Ninja's pages come last: Django tries paths in this order, and clients ask for these pages least often."""
        patterns, *names = super().urls
        for router in self._get_bound_routers():
            for path in router.path_operations.values():
                for operation in path.operations:
                    _add_head(operation)
        return (sorted(patterns, key=lambda pattern: str(getattr(pattern, "name", "")).startswith("openapi-")), *names)

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["securitySchemes"] = {"SessionToken": SESSION_TOKEN}  # Ninja has one for each class
        _drop_unused(schema)
        for path in schema["paths"].values():
            path.pop("head", None)  # it shares its description with GET, so the next lines would fill that in twice
            for operation in path.values():
                operation["responses"].update(_responses(operation))
                operation["security"] = [{"SessionToken": []}] if "security" in operation else []
                for parameter in operation["parameters"]:
                    parameter["schema"].pop("default", None)  # the value inside this service; clients would send it
        schema["components"]["schemas"] |= {"Problem": _problem(schema["paths"]), "ProblemError": PROBLEM_ERROR}
        return schema

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The name of the view in camel case: generated clients name their functions by it."""
        first, *words = operation.view_func.__name__.split("_")
        return first + "".join(map(str.capitalize, words))


def _drop_unused(schema: dict[str, Any]) -> None:
    """Delete the components to which nothing refers. Ninja adds one for each model of a query."""
    everything = json.dumps(schema, default=str)
    for name in list(schema["components"]["schemas"]):
        if f'"#/components/schemas/{name}"' not in everything:
            del schema["components"]["schemas"][name]


def _problem(paths: dict[str, Any]) -> dict[str, Any]:
    """The shape of all errors, with the codes that these paths name."""
    answers = [answer for path in paths.values() for one in path.values() for answer in one["responses"].values()]
    codes = sorted({code for answer in answers for code in answer.get("x-error-codes", ())})
    return PROBLEM | {
        "properties": PROBLEM["properties"] | {"error_code": {"type": "string", "x-extensible-enum": codes}}
    }


def _add_head(operation: Operation) -> None:
    """A redirect is left out: it starts or ends a sign-in, and a scanner of links must not use one up."""
    if operation.methods == ["GET"] and 302 not in operation.response_models:
        operation.methods = ["GET", "HEAD"]


def _refusals(operation: dict[str, Any]) -> Iterable[type[ApiError]]:
    yield from operation.pop(RAISES, ())
    yield from ALWAYS
    if "security" in operation:
        yield from WITH_BEARER
    if "requestBody" in operation:
        yield from WITH_BODY
    elif any(parameter["in"] == "query" for parameter in operation["parameters"]):
        yield errors.ValidationFailed


def _responses(operation: dict[str, Any]) -> dict[int, Any]:
    refusals: dict[int, dict[str, str]] = defaultdict(dict)
    for refusal in _refusals(operation):
        refusals[refusal.status][refusal.error_code] = refusal.detail
    content = {errors.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {
            "description": "\n\n".join(f"`{code}`: {detail}" for code, detail in refusals[status].items()),
            "content": content,
            "x-error-codes": list(refusals[status]),
        }
        | HEADERS.get(status, {})
        for status in sorted(refusals)
    }
