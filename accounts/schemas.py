"""The shapes that speak of a person."""

import re
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from accounts.social.providers import registry as providers
from sessions_api.http.errors import ValidationFailed
from sessions_api.schemas import Answer, Body, SessionInfo, Text

from .fields import MAX_LENGTH, canonical_email

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _email(text: str) -> str:
    try:
        return canonical_email(text)
    except ValidationError as refused:
        raise PydanticCustomError("invalid_email", "Enter a plain e-mail address.") from refused


def _one_line(text: str) -> str:
    """A name stands in mails and lists, so it has no line breaks and no other control characters."""
    if CONTROL.search(text):
        raise PydanticCustomError("control_character", "Line breaks and control characters are not acceptable.")
    return text.strip()


Email = Annotated[
    str,
    AfterValidator(_email),
    Field(
        max_length=2 * MAX_LENGTH,
        description="A plain address with a public domain, at most 254 characters in its one spelling: lower case "
        "after NFKC, the part before the @ in ASCII and without quotes, the domain as A-label (UTS 46).",
        json_schema_extra={"format": "email", "examples": ["alice@example.org"]},
    ),
]
EXAMPLE = {"format": "password", "examples": ["correct horse battery"]}
Password = Annotated[Text, Field(max_length=settings.PASSWORD_MAX_LENGTH, json_schema_extra=EXAMPLE)]
NewPassword = Annotated[
    Text,
    Field(
        description="Exactly as typed: nothing is trimmed, and any character counts as one.",
        json_schema_extra=EXAMPLE
        | {"minLength": settings.PASSWORD_MIN_LENGTH, "maxLength": settings.PASSWORD_MAX_LENGTH},
    ),
]
DisplayName = Annotated[
    Text,
    AfterValidator(_one_line),
    Field(
        max_length=255,
        description="One line of any characters but control characters; white space around it goes.",
        json_schema_extra={"pattern": r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"},
    ),
]


class Register(Body):
    """Where `REGISTRATION` is `verified`, the address alone: all else is asked for when it has proven itself."""

    model_config = ConfigDict(json_schema_extra={"required": ["email", "password"]})

    email: Email
    password: NewPassword = ""
    display_name: DisplayName = ""

    def require_what_is_taken(self) -> None:
        """Raises ValidationFailed unless there is just what is taken under today's `REGISTRATION`."""
        if settings.REGISTRATION == "verified":
            if more := self.model_fields_set - {"email"}:
                raise ValidationFailed.of(["body", min(more)], "extra_forbidden", "Only the address is taken here.")
        elif "password" not in self.model_fields_set:
            raise ValidationFailed.of(["body", "password"], "missing", "Field required")


class Login(Body):
    email: Email
    password: Password


class Reauthenticate(Body):
    """Either the password; or, for people without one, the code of a sign-in by another provider."""

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


class PasswordChange(Body):
    """People without a password leave the current one out."""

    current_password: Password = ""
    new_password: NewPassword


class UserUpdate(Body):
    display_name: DisplayName


class UserResponse(Answer):
    id: UUID
    email: str
    email_verified: bool
    display_name: str
    has_password: bool = Field(description="False for somebody who only ever came by another provider.")
    created_at: datetime


class UserSessionResponse(SessionInfo):
    user: UserResponse


class PasswordRules(Schema):
    min_length: int
    max_length: int


class Provider(Schema):
    provider: str
    name: str
    start_url: str


class Config(Schema):
    """What a login page needs to know before anybody types."""

    registration: str = Field(description="`open`, `verified` or `closed`.")
    password: PasswordRules
    handover: str = Field(description="How a provider's sign-in reaches the front end: `query` or `code`.")
    providers: list[Provider] = Field(description="The providers that are configured here.")

    @classmethod
    def current(cls) -> Self:
        return cls(
            registration=settings.REGISTRATION,
            password=PasswordRules(min_length=settings.PASSWORD_MIN_LENGTH, max_length=settings.PASSWORD_MAX_LENGTH),
            handover=settings.OAUTH_HANDOVER,
            providers=[
                Provider(provider=name, name=providers.title(name), start_url=providers.start_url(name))
                for name in providers.configured()
            ],
        )
