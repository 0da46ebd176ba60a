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


class AccountDisabled(ApiError):
    """For a caller who has authenticated with a provider: there is nothing to hide."""

    status, error_code = 403, "account_disabled"
    detail = "This account is disabled."


class InvalidCode(ApiError):
    """One answer for an unknown, used or expired code and for a wrong verifier."""

    status, error_code = 400, "invalid_code"
    detail = "The code is invalid, expired or already used. This attempt has used it up."


class InvalidLink(ApiError):
    """One answer for a token that is unknown, used, expired, replaced, revoked or another user's."""

    status, error_code = 400, "invalid_link"
    detail = "This link is invalid, expired or used. Request a new mail."


class RegistrationClosed(ApiError):
    status, error_code = 403, "registration_closed"
    detail = "Registration is closed."


class EmailTaken(ApiError):
    status, error_code = 409, "email_taken"
    detail = "A user with this email address already exists."
