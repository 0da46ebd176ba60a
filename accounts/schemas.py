"""The shapes that describe a user, and the request fields that several folders share."""

from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from sessions_api.http.schemas import RequestSchema, ResponseSchema, Text, Time
from sessions_api.schemas import SessionInfo

from .fields import CONTROLS, MAX_LENGTH, NAME_LENGTH, canonical_email, require_one_line


def _email(text: str) -> str:
    try:
        return canonical_email(text)
    except ValidationError as refused:
        raise PydanticCustomError("invalid_email", refused.messages[0]) from refused


def _one_line(text: str) -> str:
    """The text without surrounding white space."""
    try:
        require_one_line(text)
    except ValidationError as refused:
        raise PydanticCustomError("control_character", refused.messages[0]) from refused
    return text.strip()


Email = Annotated[
    str,
    AfterValidator(_email),
    Field(
        max_length=2 * MAX_LENGTH,  # as typed; `canonical_email` checks the length of the canonical form
        description="A plain address with a public domain. Its canonical form has at most 254 characters: "
        "lower case after NFKC, the part before the @ in ASCII without quotes, the domain as A-label (UTS 46).",
        json_schema_extra={"format": "email", "examples": ["alice@example.org"]},
    ),
]
EXAMPLE = {"format": "password", "examples": ["correct horse battery"]}
Password = Annotated[Text, Field(max_length=settings.PASSWORD_MAX_LENGTH, json_schema_extra=EXAMPLE)]


def _acceptable_length(password: str) -> str:
    """The password. The other rules follow in the story, since they depend on the user."""
    shortest, longest = settings.PASSWORD_MIN_LENGTH, settings.PASSWORD_MAX_LENGTH
    if len(password) < shortest:
        raise PydanticCustomError(
            "password_too_short", "Use at least {min_length} characters.", {"min_length": shortest}
        )
    if len(password) > longest:
        raise PydanticCustomError("password_too_long", "Use at most {max_length} characters.", {"max_length": longest})
    return password


NewPassword = Annotated[
    Text,
    AfterValidator(_acceptable_length),
    Field(
        description="Exactly as typed: nothing is trimmed, and each character counts as one.",
        json_schema_extra=EXAMPLE
        | {"minLength": settings.PASSWORD_MIN_LENGTH, "maxLength": settings.PASSWORD_MAX_LENGTH},
    ),
]
DisplayName = Annotated[
    Text,
    AfterValidator(_one_line),
    Field(
        max_length=NAME_LENGTH,
        description="One line without control characters. Surrounding white space is removed.",
        json_schema_extra={"pattern": f"^[^{CONTROLS}]*$"},
    ),
]


class UserUpdate(RequestSchema):
    display_name: DisplayName


class UserResponse(ResponseSchema):
    id: UUID
    email: str
    email_verified: bool
    display_name: str
    has_password: bool = Field(description="False for a user who logs in through a provider only.")
    created_at: Time


class UserSessionResponse(SessionInfo):
    user: UserResponse


TokenOfMail = Annotated[  # a token has 96 characters
    Text, Field(max_length=200, description="The part after `#` in the link of a mail.")
]


class EmailAddress(RequestSchema):
    email: Email


class MailToken(RequestSchema):
    token: TokenOfMail
