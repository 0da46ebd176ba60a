"""The request bodies of a registration."""

from typing import Self

from django.conf import settings
from pydantic import ConfigDict, model_validator

from accounts.schemas import DisplayName, Email, MailToken, NewPassword
from sessions_api.http.errors import ValidationFailed
from sessions_api.http.schemas import RequestSchema


class Register(RequestSchema):
    """Where `REGISTRATION` is `verified`, only the address; password and name follow with the token of the mail."""

    model_config = ConfigDict(json_schema_extra={"required": ["email", "password"]})

    email: Email
    password: NewPassword = ""
    display_name: DisplayName = ""

    @model_validator(mode="after")
    def has_the_fields_of_this_registration(self) -> Self:
        """Raises ValidationFailed unless these are the fields of the `REGISTRATION` that is set."""
        if settings.REGISTRATION == "verified":
            if more := self.model_fields_set - {"email"}:
                raise ValidationFailed.single(["body", min(more)], "extra_forbidden", "Send only the address.")
        elif "password" not in self.model_fields_set:
            raise ValidationFailed.single(["body", "password"], "missing", "Field required")
        return self


class ConfirmRegistration(RequestSchema):
    token: MailToken
    password: NewPassword
    display_name: DisplayName = ""
