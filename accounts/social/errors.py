"""The refusals of a sign-in by another provider. Most reach a browser as `/oauth/error?error=<error_code>`."""

from sessions_api.http.errors import ApiError


class ProviderNotFound(ApiError):
    status, error_code = 404, "provider_not_found"
    detail = "This provider does not exist or is not configured."


class InvalidState(ApiError):
    status, error_code = 400, "invalid_state"
    detail = "This browser did not start the sign-in, or the sign-in took too long or was completed before."


class SignInRepeated(ApiError):
    """The browser still has the cookie of its start, so another callback of it is under way or has just ended."""

    status, error_code = 409, "sign_in_repeated"
    detail = "This browser has just completed the same sign-in."


class AccessDenied(ApiError):
    status, error_code = 403, "access_denied"
    detail = "The user did not agree at the provider."


class EmailUnverified(ApiError):
    status, error_code = 403, "email_unverified"
    detail = "The provider has not verified the email address."


class AccountExists(ApiError):
    status, error_code = 409, "account_exists"
    detail = "An account with this email address exists. Log in to it, then link the provider."


class AlreadyLinked(ApiError):
    status, error_code = 409, "already_linked"
    detail = "This identity has an account already, or this account has another identity of the provider."


class LastLoginMethod(ApiError):
    status, error_code = 409, "last_login_method"
    detail = "This is the last login method of the account. Set a password first."


class InvalidIdToken(ApiError):
    status, error_code = 400, "invalid_id_token"
    detail = "The ID token is invalid or was used before."


class ProviderError(ApiError):
    status, error_code = 502, "provider_error"
    detail = "The provider sent an unusable answer."


class ProviderUnavailable(ApiError):
    status, error_code = 503, "provider_unavailable"
    detail = "The provider did not answer in time."


class ProviderBusy(ProviderUnavailable):
    """No thread may wait for the provider now. Nothing was consumed, so the same request may succeed later."""

    detail = "Too many sign-ins wait for the provider. Try again later."
