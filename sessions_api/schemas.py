"""The response that describes a session."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from sessions_api.http.schemas import ResponseSchema, Time

from .admin_sessions.models import AdminSession
from .models import Session

ExpiresAt = Annotated[Time, Field(description="The earlier of the absolute and the idle expiry.")]
ExpiresIn = Annotated[int, Field(description="Whole seconds until `expires_at`.", ge=0)]


class SessionInfo(ResponseSchema):
    """A session as its user sees it, without its token."""

    handle: UUID = Field(description="The id of the session. It is no secret and authenticates no request.")
    method: str = Field(
        description="How the user logged in: `password`, `admin` (a browser at the admin), or the name of a provider."
    )
    created_at: Time
    last_seen_at: Time = Field(description="Up to `SESSION_TOUCH_SECONDS` before the last request.")
    authenticated_at: Time
    expires_at: ExpiresAt
    expires_in: ExpiresIn
    ip_address: str | None
    user_agent: str
    device: str = Field(description="What the user agent seems to be: “Firefox on Linux”, or empty.")
    current: bool = Field(description="Whether this session sent the request.")

    @classmethod
    def from_session(cls, session: Session | AdminSession, *, current: bool, **more: Any) -> Self:
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
