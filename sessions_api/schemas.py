"""The shapes that speak of a session, and what every request body has in common."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from sessions_api.http.schemas import ResponseSchema

from .models import Session

ExpiresAt = Annotated[datetime, Field(description="The earlier of the absolute and the idle end.")]
ExpiresIn = Annotated[int, Field(description="Whole seconds until `expires_at`.", ge=0)]


class SessionResponse(ResponseSchema):
    """A session was just opened. Keep the token: it is never shown again."""

    token: str = Field(description="Send it as `Authorization: Bearer <token>`.")
    id: str = Field(deprecated=True, description="The same as `token`, under its former name.")
    expires_at: ExpiresAt
    expires_in: ExpiresIn

    @classmethod
    def from_session(cls, session: Session, token: str) -> Self:
        return cls(token=token, id=token, expires_at=session.ends_at, expires_in=session.expires_in)


class SessionInfo(ResponseSchema):
    """A session as its user sees it, without its secret."""

    handle: UUID = Field(description="The public name of the session. It opens nothing.")
    method: str = Field(description="How the session was opened.")
    created_at: datetime
    last_seen_at: datetime = Field(description="Exact to a few minutes.")
    authenticated_at: datetime
    expires_at: ExpiresAt
    expires_in: ExpiresIn
    ip_address: str | None
    user_agent: str
    device: str = Field(description="What the user agent seems to be, for users: “Firefox on Linux”, or empty.")
    current: bool = Field(description="Whether this is the session that asks.")

    @classmethod
    def from_session(cls, session: Session, *, current: bool, **more: Any) -> Self:
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
