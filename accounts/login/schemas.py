"""The request bodies of a login, and the response to all that open or renew a session."""

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from accounts.schemas import Email, Password
from sessions_api.http.schemas import RequestSchema, ResponseSchema, Text
from sessions_api.models import Session
from sessions_api.schemas import ExpiresAt, ExpiresIn

from . import devices

Verifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{43,128}$", description="RFC 7636.")]
DeviceToken = Annotated[
    Text, Field(max_length=200, description="Of an earlier login from this device. One that is not valid is ignored.")
]


class Login(RequestSchema):
    email: Email
    password: Password
    device_token: DeviceToken = ""


class Reauthenticate(RequestSchema):
    """Either the password or, for users without a password, the code of a sign-in and its verifier."""

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


class ExchangeChallenge(RequestSchema):
    code_challenge: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$", description="S256, RFC 7636.")]


class ExchangeCode(ResponseSchema):
    code: str = Field(description="For `POST /api/auth/exchange`, once, within a minute.")


class SessionResponse(ResponseSchema):
    """A new or renewed session. Keep the token: it is not shown again."""

    token: str = Field(description="Send it as `Authorization: Bearer <token>`.")
    id: str = Field(deprecated=True, description="The same as `token`; kept for older clients.")
    expires_at: ExpiresAt
    expires_in: ExpiresIn
    device_token: str = Field(
        description="Keep it beyond the logout, and send it with the next login from this device: then wrong passwords "
        "of others do not delay the user here. It authenticates no request, and is good for a year."
    )

    @classmethod
    def from_session(cls, session: Session, token: str, *, device_token: str = "") -> Self:
        """A valid device token keeps its mark."""
        return cls(
            token=token,
            id=token,
            expires_at=session.ends_at,
            expires_in=session.expires_in,
            device_token=devices.renew(session.user, device_token),
        )
