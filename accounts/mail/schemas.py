"""The shapes of what mails are asked for by, and of what their links bring."""

from typing import Annotated

from pydantic import Field

from accounts.schemas import DisplayName, Email, NewPassword
from sessions_api.schemas import Body, Text

LinkToken = Annotated[Text, Field(max_length=200, description="What stands behind `#` in the link of a mail.")]


class Address(Body):
    email: Email


class Token(Body):
    token: LinkToken


class PasswordReset(Body):
    token: LinkToken
    new_password: NewPassword


class Registration(Body):
    token: LinkToken
    password: NewPassword
    display_name: DisplayName = ""
