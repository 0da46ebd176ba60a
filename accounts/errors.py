"""The refusals about a user."""

from sessions_api.http.errors import ApiError


class AuthenticationFailed(ApiError):
    """One answer for an unknown address, a wrong password, no password and a disabled user (ASVS 5.0, 6.3.8)."""

    status, error_code = 401, "authentication_failed"
    detail = "Invalid email or password."
    headers = {"WWW-Authenticate": "Bearer"}


class InvalidPassword(ApiError):
    """For users who are logged in: the caller knows that the account exists."""

    status, error_code = 403, "invalid_password"
    detail = "Invalid password."


class RegistrationClosed(ApiError):
    status, error_code = 403, "registration_closed"
    detail = "Registration is closed."


class EmailTaken(ApiError):
    status, error_code = 409, "email_taken"
    detail = "A user with this email address already exists."
