"""The shapes that speak of a user."""

import re
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from sessions_api.http.schemas import RequestSchema, ResponseSchema, Text
from sessions_api.schemas import SessionInfo

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


class UserUpdate(RequestSchema):
    display_name: DisplayName


class UserResponse(ResponseSchema):
    id: UUID
    email: str
    email_verified: bool
    display_name: str
    has_password: bool = Field(description="False for somebody who only ever came by another provider.")
    created_at: datetime


class UserSessionResponse(SessionInfo):
    user: UserResponse


MailToken = Annotated[Text, Field(max_length=200, description="What stands behind `#` in the link of a mail.")]


class Address(RequestSchema):
    email: Email


class Token(RequestSchema):
    token: MailToken
