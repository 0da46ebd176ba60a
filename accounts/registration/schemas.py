"""The request bodies of a registration."""

from typing import Self

from django.conf import settings
from pydantic import ConfigDict, model_validator

from accounts.schemas import DisplayName, Email, MailToken, NewPassword
from sessions_api.http.errors import ValidationFailed
from sessions_api.http.schemas import RequestSchema


class Register(RequestSchema):
    """Where `REGISTRATION` is `verified`, the address alone: all else is asked for when it has proven itself."""

    model_config = ConfigDict(json_schema_extra={"required": ["email", "password"]})

    email: Email
    password: NewPassword = ""
    display_name: DisplayName = ""

    @model_validator(mode="after")
    def has_what_registration_takes(self) -> Self:
        """Raises ValidationFailed unless the fields are those that `REGISTRATION` asks for."""
        if settings.REGISTRATION == "verified":
            if more := self.model_fields_set - {"email"}:
                raise ValidationFailed.single(["body", min(more)], "extra_forbidden", "Only the address is taken here.")
        elif "password" not in self.model_fields_set:
            raise ValidationFailed.single(["body", "password"], "missing", "Field required")
        return self


class Registration(RequestSchema):
    token: MailToken
    password: NewPassword
    display_name: DisplayName = ""
