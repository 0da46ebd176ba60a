"""How request bodies are read and responses written: JSON in UTF-8."""

import json
import math
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic_core import to_json

from .errors import InvalidRequest, UnsupportedMediaType


class StrictJSON(Parser):
    """Reads JSON that has one meaning only: no repeated keys (RFC 7493), no NaN or Infinity, no encoding but UTF-8.

    Only `application/json` is read, so that a page of another origin cannot send it without a preflight request
    (ASVS 5.0, 3.5.2).
    """

    def parse_body(self, request: HttpRequest) -> Any:
        """Raises UnsupportedMediaType or InvalidRequest, and RequestDataTooBig or UnreadablePostError of Django."""
        charset = (request.content_params or {}).get("charset", "utf-8")
        if request.content_type != "application/json" or charset.lower() not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType
        try:
            return json.loads(
                request.body.decode(), object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite
            )
        except (ValueError, RecursionError):
            raise InvalidRequest from None  # the cause would carry the body into logs


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(unique := dict(pairs)) < len(pairs):
        raise ValueError("repeated key")
    return unique


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError("not finite")
    return value


def json_response(body: bytes) -> HttpResponse:
    """The answer with JSON that is written already, as `PydanticJSON` would send it."""
    return HttpResponse(body, content_type="application/json; charset=utf-8")


class PydanticJSON(BaseRenderer):
    """Writes responses with pydantic's serializer, which is in Rust."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data, by_alias=False)  # field names, as in the dicts that Ninja makes
