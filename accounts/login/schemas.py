"""The request bodies of a login, and the response to all that open or renew a session."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from accounts.schemas import Email, Password
from sessions_api.http.schemas import RequestSchema, Text
from sessions_api.models import Session
from sessions_api.schemas import SessionResponse

from . import devices

Verifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{43,128}$", description="RFC 7636.")]


STRING: JsonDict = {"type": "string"}
NULL: JsonDict = {"type": "null"}


class Login(RequestSchema):
    email: Email
    password: Password
    device_token: Annotated[
        Text,
        Field(max_length=200, description="Of an earlier login from this device. One that is not valid is ignored."),
    ] = ""


class Reauthenticate(RequestSchema):
    """Either the password or, for users without a password, the code of a sign-in with a provider."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["password"], "properties": {"password": STRING, "code": NULL, "code_verifier": NULL}},
                {
                    "required": ["code", "code_verifier"],
                    "properties": {"password": NULL, "code": STRING, "code_verifier": STRING},
                },
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


class Exchange(RequestSchema):
    code: Annotated[Text, Field(max_length=200)]
    code_verifier: Verifier


def session_response(session: Session, token: str, *, device_token: str = "") -> SessionResponse:
    """The response with a new or renewed session. A valid device token keeps its mark."""
    return SessionResponse.from_session(session, token, device_token=devices.renew(session.user, device_token))
