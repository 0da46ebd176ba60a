"""The request bodies of a registration."""

from typing import Any

from django.conf import settings
from pydantic import ConfigDict, Field, ValidatorFunctionWrapHandler, field_validator
from pydantic_core import PydanticCustomError

from accounts.schemas import DisplayName, Email, NewPassword, TokenOfMail
from sessions_api.http.schemas import RequestSchema, ResponseSchema


def describe_fields(schema: dict[str, Any]) -> None:
    """Leave the fields that this service takes: a generated client sends what the description requires."""
    if settings.REGISTRATION == "verified":
        schema |= {"properties": {"email": schema["properties"]["email"]}, "required": ["email"]}
    else:
        schema["required"] = ["email", "password"]


class Register(RequestSchema):
    """Where `REGISTRATION` is `verified`, only the address; password and name follow with the token of the mail."""

    model_config = ConfigDict(json_schema_extra=describe_fields)

    email: Email
    password: NewPassword = Field(None, validate_default=True)
    display_name: DisplayName = ""

    @field_validator("password", "display_name", mode="wrap")
    @classmethod
    def belongs_to_this_registration(cls, value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        """None stands for a password that was left out. Raises PydanticCustomError."""
        verified = settings.REGISTRATION == "verified"
        if value is None:
            if verified:
                return ""
            raise PydanticCustomError("missing", "Field required")
        if verified:
            raise PydanticCustomError("extra_forbidden", "Send only the address.")
        return validate(value)


class RegistrationPending(ResponseSchema):
    """The answer for each address: a mail tells the user how to go on."""

    next: str = Field(json_schema_extra={"x-extensible-enum": ["mail"]})


class ConfirmRegistration(RequestSchema):
    token: TokenOfMail
    password: NewPassword
    display_name: DisplayName = ""
