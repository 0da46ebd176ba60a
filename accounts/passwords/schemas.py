"""The request bodies about passwords, and the response to a reset."""

from accounts.login.schemas import DeviceToken
from accounts.schemas import NewPassword, Password, TokenOfMail
from sessions_api.http.schemas import RequestSchema, ResponseSchema


class PasswordChange(RequestSchema):
    """A user without a password leaves `current_password` out."""

    current_password: Password = ""
    new_password: NewPassword


class PasswordReset(RequestSchema):
    token: TokenOfMail
    new_password: NewPassword
    device_token: DeviceToken = ""


class RenewedDevice(ResponseSchema):
    """For a device that sent a device token. A reset revokes all of them."""

    device_token: str
