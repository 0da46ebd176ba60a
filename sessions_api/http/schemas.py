"""What every request and every answer of the API has in common."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class RequestSchema(BaseModel):
    """A request body: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid")


class ResponseSchema(BaseModel):
    """What is answered, made of an object that has these attributes. Ninja's own base asks for each in Python."""

    model_config = ConfigDict(from_attributes=True)

    def model_dump(self, **options: Any) -> Any:
        """Itself where nothing is to be left out: Ninja asks for a dict, but the renderer can do without that copy."""
        leaves_out = any(options.get(f"exclude_{which}") for which in ("unset", "defaults", "none"))
        return super().model_dump(**options) if leaves_out else self


def storable(text: str) -> str:
    """The text as it came; refused with NUL or half a surrogate pair in it, which no database column can hold."""
    if UNSTORABLE.search(text):
        raise PydanticCustomError("unstorable_character", "NUL and lone surrogates are not acceptable.")
    return text


# Lone surrogates are left out of the pattern: UTF-8 has none, and few tools can read such a range.
Text = Annotated[str, AfterValidator(storable), Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})]
