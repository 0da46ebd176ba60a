"""The refusals of a sign-in by another provider. Most reach a browser as `/oauth/error?error=<error_code>`."""

from sessions_api.http.errors import ApiError


class ProviderNotFound(ApiError):
    status, error_code = 404, "provider_not_found"
    detail = "There is no such provider, or it is not configured here."


class InvalidState(ApiError):
    status, error_code = 400, "invalid_state"
    detail = "This sign-in was not begun in this browser, took too long, or has been finished before."


class AccessDenied(ApiError):
    status, error_code = 403, "access_denied"
    detail = "The provider says that the user did not agree."


class EmailUnverified(ApiError):
    status, error_code = 403, "email_unverified"
    detail = "The provider does not vouch for the address."


class AccountExists(ApiError):
    status, error_code = 409, "account_exists"
    detail = "Somebody has this address here. Log in as before, then link the provider."


class AlreadyLinked(ApiError):
    status, error_code = 409, "already_linked"
    detail = "This identity is linked to an account already, or this account to another identity of the provider."


class LastLoginMethod(ApiError):
    status, error_code = 409, "last_login_method"
    detail = "Without this connection nobody could log in to the account. Set a password first."


class InvalidIdToken(ApiError):
    status, error_code = 400, "invalid_id_token"
    detail = "This ID token is not valid here, or has been used before."


class ProviderError(ApiError):
    status, error_code = 502, "provider_error"
    detail = "The provider answered with something that cannot be used."


class ProviderUnavailable(ApiError):
    status, error_code = 503, "provider_unavailable"
    detail = "The provider cannot be reached, or not in time."
