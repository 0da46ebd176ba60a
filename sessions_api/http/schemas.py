"""The bases of all request bodies and responses of the API."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class RequestSchema(BaseModel):
    """A request body, which may have no unknown fields."""

    model_config = ConfigDict(extra="forbid")


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
