from datetime import datetime

from pydantic import BaseModel, EmailStr, computed_field

from app.user.schemas import UserResponse


class SessionResponse(BaseModel):
    id: str
    expires_at: datetime

    @computed_field
    def expires_in(self) -> int:
        return int((self.expires_at - datetime.now()).total_seconds())


class UserSessionResponse(SessionResponse):
    user: "UserResponse"


class OAuthCallback(BaseModel):
    """OAuth callback query parameters from provider."""

    code: str
    state: str | None = None
    redirect_url: str | None = None
    error: str | None = None
    error_description: str | None = None


class OAuthUser(BaseModel):
    """User info extracted from OAuth provider."""

    token: str
    email: EmailStr
    display_name: str
