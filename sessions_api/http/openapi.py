"""Ninja's API object, whose OpenAPI description also tells of everything that can go wrong."""

from collections import defaultdict
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from . import errors
from .errors import ApiError

ALWAYS = (errors.InvalidRequest, errors.PayloadTooLarge, errors.ServerError, errors.ServiceUnavailable)
WITH_BEARER = (errors.NotAuthenticated, errors.SessionExpired)
WITH_BODY = (errors.UnsupportedMediaType, errors.ValidationFailed)

RETRY_AFTER = {"Retry-After": {"description": "In seconds.", "schema": {"type": "integer", "minimum": 1}}}
RATE_LIMIT = {
    name: {"description": "draft-ietf-httpapi-ratelimit-headers-11", "schema": {"type": "string"}}
    for name in ("RateLimit", "RateLimit-Policy")
}
HEADERS = {429: {"headers": RETRY_AFTER | RATE_LIMIT}, 503: {"headers": RETRY_AFTER}}

PROBLEM = {
    "title": "Problem",
    "description": "RFC 9457. `error_code` is what a user interface goes by; `detail` is for developers.",
    "type": "object",
    "required": ["type", "title", "status", "detail", "error_code"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "error_code": {"type": "string"},
        "errors": {
            "description": "With `validation_error`: each thing that is wrong, without what was sent.",
            "type": "array",
            "maxItems": errors.MOST_ERRORS,
            "items": {
                "type": "object",
                "required": ["loc", "msg", "code", "params"],
                "properties": {
                    "loc": {
                        "description": "`body`, `query` or `path`, then the field.",
                        "type": "array",
                        "items": {"type": ["string", "integer"]},
                    },
                    "msg": {"type": "string"},
                    "code": {"type": "string"},
                    "params": {"type": "object"},
                },
            },
        },
    },
}


def raises(*refusals: type[ApiError]) -> dict[str, Any]:
    """For a route's `openapi_extra`: the refusals that are its own, besides those that any route may give."""
    return {"x-raises": refusals}


class DescribedAPI(NinjaAPI):
    @property
    def urls(self) -> Any:
        """With Ninja's own pages at the end: paths are tried in their order, and those are the rarest."""
        patterns, *names = super().urls
        return (sorted(patterns, key=lambda pattern: str(getattr(pattern, "name", "")).startswith("openapi-")), *names)

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["Problem"] = PROBLEM
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"].update(_responses(operation))
        return schema

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


def _responses(operation: dict[str, Any]) -> dict[int, Any]:
    refusals = [*operation.pop("x-raises", ()), *ALWAYS]
    if "security" in operation:
        refusals += WITH_BEARER
    if "requestBody" in operation:
        refusals += WITH_BODY
    elif any(parameter["in"] == "query" for parameter in operation["parameters"]):
        refusals.append(errors.ValidationFailed)
    codes = defaultdict(list)
    for refusal in refusals:
        codes[refusal.status].append(f"`{refusal.error_code}`: {refusal.detail}")
    content = {errors.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": "\n\n".join(codes[status]), "content": content} | HEADERS.get(status, {})
        for status in sorted(codes)
    }
