"""How answers are written."""

from typing import Any

from django.http import HttpRequest
from ninja.renderers import BaseRenderer
from pydantic_core import to_json


class JSON(BaseRenderer):
    """By pydantic's own serializer, in Rust: times as ISO 8601 ending in `Z`, at a tenth of what `json` takes."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data, by_alias=False)  # as in the dicts that Ninja makes
