"""The refusals of a caller who has authenticated with a provider, or sends a code."""

from sessions_api.http.errors import ApiError


class AccountDisabled(ApiError):
    status, error_code = 403, "account_disabled"
    detail = "This account is disabled."


class InvalidCode(ApiError):
    """One answer for an unknown, used or expired code and for a wrong verifier."""

    status, error_code = 400, "invalid_code"
    detail = "The code is invalid, expired or already used. This attempt has used it up."
