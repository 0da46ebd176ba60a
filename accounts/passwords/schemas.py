"""The request bodies about passwords."""

from accounts.schemas import MailToken, NewPassword, Password
from sessions_api.http.schemas import RequestSchema


class PasswordChange(RequestSchema):
    """A user without a password leaves `current_password` out."""

    current_password: Password = ""
    new_password: NewPassword


class PasswordReset(RequestSchema):
    token: MailToken
    new_password: NewPassword
