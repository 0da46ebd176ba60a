"""The shapes that speak of a session, and what every request body has in common."""

import re
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from .models import Session

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Body(BaseModel):
    """A request body: what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """What is answered, made of an object that has these attributes. Ninja's own base asks for each in Python."""

    model_config = ConfigDict(from_attributes=True)

    def model_dump(self, **options: Any) -> Any:
        """Itself where nothing is to be left out: Ninja asks for a dict, but the renderer can do without that copy."""
        leaves_out = any(options.get(f"exclude_{which}") for which in ("unset", "defaults", "none"))
        return super().model_dump(**options) if leaves_out else self


def storable(text: str) -> str:
    """The text as it came; refused with NUL or half a surrogate pair in it, which no database column can hold."""
    if UNSTORABLE.search(text):
        raise PydanticCustomError("unstorable_character", "NUL and lone surrogates are not acceptable.")
    return text


# Lone surrogates are left out of the pattern: UTF-8 has none, and few tools can read such a range.
Text = Annotated[str, AfterValidator(storable), Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})]

ExpiresAt = Annotated[datetime, Field(description="The earlier of the absolute and the idle end.")]
ExpiresIn = Annotated[int, Field(description="Whole seconds until `expires_at`.", ge=0)]


class SessionResponse(Answer):
    """A session was just opened. Keep the token: it is never shown again."""

    token: str = Field(description="Send it as `Authorization: Bearer <token>`.")
    id: str = Field(deprecated=True, description="The same as `token`, under its former name.")
    expires_at: ExpiresAt
    expires_in: ExpiresIn

    @classmethod
    def of(cls, session: Session, token: str) -> Self:
        return cls(token=token, id=token, expires_at=session.ends_at, expires_in=session.expires_in)


class SessionInfo(Answer):
    """A session as its person sees it, without its secret."""

    handle: UUID = Field(description="The public name of the session. It opens nothing.")
    method: str = Field(description="How the session was opened.")
    created_at: datetime
    last_seen_at: datetime = Field(description="Exact to a few minutes.")
    authenticated_at: datetime
    expires_at: ExpiresAt
    expires_in: ExpiresIn
    ip_address: str | None
    user_agent: str
    device: str = Field(description="What the user agent seems to be, for people: “Firefox on Linux”, or empty.")
    current: bool = Field(description="Whether this is the session that asks.")

    @classmethod
    def of(cls, session: Session, *, current: bool, **more: Any) -> Self:
        return cls(
            handle=session.pk,
            method=session.method,
            created_at=session.created_at,
            last_seen_at=session.last_seen_at,
            authenticated_at=session.authenticated_at,
            expires_at=session.ends_at,
            expires_in=session.expires_in,
            ip_address=session.ip_address,
            user_agent=session.user_agent,
            device=session.device,
            current=current,
            **more,
        )
