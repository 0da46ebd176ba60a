"""The request bodies of a login."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from accounts.schemas import Email, Password
from sessions_api.http.schemas import RequestSchema, Text

Verifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{43,128}$", description="RFC 7636.")]


class Login(RequestSchema):
    email: Email
    password: Password


class Reauthenticate(RequestSchema):
    """Either the password or, for users without a password, the code of a sign-in with a provider."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["password"], "maxProperties": 1},
                {"required": ["code", "code_verifier"], "maxProperties": 2},
            ]
        }
    )

    password: Password = ""
    code: Annotated[Text, Field(max_length=200)] = ""
    code_verifier: Annotated[Text, Field(max_length=128)] = ""

    @model_validator(mode="after")
    def one_or_the_other(self) -> Self:
        if self.model_fields_set not in ({"password"}, {"code", "code_verifier"}):
            raise PydanticCustomError("either_or", "Send either a password, or a code and its verifier.")
        return self


class Exchange(RequestSchema):
    code: Annotated[Text, Field(max_length=200)]
    code_verifier: Verifier
