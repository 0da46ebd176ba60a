"""The refusals that speak of a user."""

from sessions_api.http.errors import ApiError


class AuthenticationFailed(ApiError):
    """One answer for an unknown address, a wrong password, no password and a disabled user (ASVS 5.0, 6.3.8)."""

    status, error_code = 401, "authentication_failed"
    detail = "The address and the password do not go together."
    headers = {"WWW-Authenticate": "Bearer"}


class InvalidPassword(ApiError):
    """For users who are already in, so there is nothing to hide."""

    status, error_code = 403, "invalid_password"
    detail = "This is not the password of the account."


class RegistrationClosed(ApiError):
    status, error_code = 403, "registration_closed"
    detail = "Nobody can register here at the moment."


class EmailTaken(ApiError):
    status, error_code = 409, "email_taken"
    detail = "Somebody is registered with this address."
