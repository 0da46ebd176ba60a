from app.core.exceptions import HTTPExceptionMixin


class AuthenticationError(HTTPExceptionMixin):
    status_code = 401
    detail = "Authentication failed"
    error_code = "authentication_failed"


class InvalidPasswordError(AuthenticationError):
    detail = "Invalid password"
    error_code = "invalid_password"


class SessionExpiredError(AuthenticationError):
    detail = "Session expired"
    error_code = "session_expired"
