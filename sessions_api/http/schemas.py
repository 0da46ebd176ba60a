"""The bases of all request bodies and responses of the API."""

import re
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainSerializer,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class RequestSchema(BaseModel):
    """A request body, which may have no unknown fields. An optional field that is `null` counts as left out."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def leave_null_out(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        return {name: value for name, value in body.items() if value is not None or name not in optional_fields(cls)}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        schema = handler.resolve_ref_schema(handler(core_schema))
        for name, field in schema["properties"].items():
            field.pop("default", None)  # the value inside this service
            if name not in schema.get("required", ()):
                field["type"] = [field["type"], "null"]
        return schema


@cache
def optional_fields(schema: type[RequestSchema]) -> frozenset[str]:
    """Computed once for each class, not for each body."""
    return frozenset(name for name, field in schema.model_fields.items() if not field.is_required())


class ResponseSchema(BaseModel):
    """A response, made from an object with the same attributes.

    Ninja's own base class looks up each attribute in Python code.
    """

    model_config = ConfigDict(from_attributes=True)

    def model_dump(self, **options: Any) -> Any:
        """Itself, unless fields are to be left out. Ninja asks for a dict, but the renderer does not need that copy."""
        leaves_out = any(options.get(f"exclude_{which}") for which in ("unset", "defaults", "none"))
        return super().model_dump(**options) if leaves_out else self


def storable(text: str) -> str:
    """The unchanged text. Raises PydanticCustomError for NUL and lone surrogates, which no database column can hold."""
    if UNSTORABLE.search(text):
        raise PydanticCustomError("unstorable_character", "NUL and lone surrogates are not acceptable.")
    return text


# The published pattern leaves out lone surrogates: UTF-8 cannot contain any, and few tools can read such a range.
Text = Annotated[str, AfterValidator(storable), Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})]


TWO_DIGITS = [f"{number:02}" for number in range(60)]
THREE_DIGITS = [f"{number:03}" for number in range(1000)]


def in_utc(moment: datetime) -> str:
    """A time in UTC as `Time` writes it: `2026-11-24T21:03:10.526Z`.

    A session has five times, and a list has hundreds: `isoformat` takes twice the CPU.
    """
    return (
        f"{moment.year}-{TWO_DIGITS[moment.month]}-{TWO_DIGITS[moment.day]}T{TWO_DIGITS[moment.hour]}:"
        f"{TWO_DIGITS[moment.minute]}:{TWO_DIGITS[moment.second]}.{THREE_DIGITS[moment.microsecond // 1000]}Z"
    )


# ISO 8601 with exactly three decimals: some clients read no other number of them. Our times are in UTC.
Time = Annotated[
    datetime, PlainSerializer(in_utc, when_used="unless-none"), Field(json_schema_extra={"format": "date-time"})
]
