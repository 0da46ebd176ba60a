import secrets
from datetime import datetime, timedelta

from injector import Inject
from requests_oauthlib import OAuth2Session

from app.core.config import settings
from app.user.auth.exceptions import SessionExpiredError
from app.user.auth.models import Session
from app.user.auth.repository import SessionRepository
from app.user.auth.schemas import OAuthCallback, OAuthUser, SessionResponse, UserSessionResponse
from app.user.schemas import UserCreate, UserResponse
from app.user.service import UserService


class GoogleOAuth:
    """Google OAuth2 provider implementation."""

    def callback(self, callback: OAuthCallback) -> OAuthUser:
        """Exchange authorization code for user info."""
        google = OAuth2Session(
            client_id=settings.GOOGLE_CLIENT_ID,
            redirect_uri=settings.GOOGLE_REDIRECT_URI,
            state=callback.state,
            scope="https://www.googleapis.com/auth/userinfo.profile openid https://www.googleapis.com/auth/userinfo.email",
        )

        # Exchange code for access token
        token = google.fetch_token(
            "https://oauth2.googleapis.com/token",
            client_secret=settings.GOOGLE_CLIENT_SECRET,
            code=callback.code,
        )

        # Fetch user info from Google API
        user_info_response = google.get(settings.GOOGLE_USER_INFO_URL)
        user_info = user_info_response.json()

        return OAuthUser(
            token=token["access_token"],
            email=user_info.get("email"),
            display_name=user_info.get("name"),
        )


class AuthService:
    def __init__(
        self,
        user_service: Inject[UserService],
        session_repository: Inject[SessionRepository],
    ):
        self.user_service = user_service
        self.session_repository = session_repository
        self.providers = {"google": GoogleOAuth()}

    @staticmethod
    def session_id() -> str:
        return f"s_{secrets.token_urlsafe(64)}"

    def authenticate(self, email: str, password: str) -> SessionResponse:
        """Login with email/password."""
        user = self.user_service.authenticate(email=email, password=password)
        return self._create_session(user.id)

    def register(self, new_user) -> SessionResponse:
        """Register and auto-login."""
        self.user_service.register(user=new_user)
        return self.authenticate(email=new_user.email, password=new_user.raw_password)

    def oauth_login(self, provider_name: str, payload: OAuthCallback) -> SessionResponse:
        """Handle OAuth callback and create session."""
        provider = self.providers.get(provider_name)
        if not provider:
            raise ValueError("Unsupported provider")

        # Get user info from OAuth provider
        oauth_user = provider.callback(payload)

        # Get or create user by email
        user = self.user_service.get_or_create(
            oauth_user.email,
            filter_field="email",
            create_fields=UserCreate(
                email=oauth_user.email,
                display_name=oauth_user.display_name or "",
            ),
        )

        return self._create_session(user.id)

    def _create_session(self, user_id) -> SessionResponse:
        """Create session for user."""
        session = self.session_repository.save(
            Session(
                id=self.session_id(),
                user_id=user_id,
                expires_at=datetime.now() + timedelta(days=365),
            )
        )
        return SessionResponse(id=session.id, expires_at=session.expires_at)

    def check_session(self, session_id: str) -> UserSessionResponse:
        """Validate session token."""
        session = self.session_repository.get_with_user(session_id)
        if not session or session.expires_at < datetime.now():
            raise SessionExpiredError()
        # Completed: the document leaves out `id`, which the class requires, and hands over the row as it is.
        return UserSessionResponse(
            id=session.id, user=UserResponse.model_validate(session.user), expires_at=session.expires_at
        )
