"""The refusals of a login that a provider, or a code, has vouched for."""

from sessions_api.http.errors import ApiError


class AccountDisabled(ApiError):
    status, error_code = 403, "account_disabled"
    detail = "This account is disabled."


class InvalidCode(ApiError):
    """One answer for an unknown, spent or expired code and for a wrong verifier."""

    status, error_code = 400, "invalid_code"
    detail = "This code is not good, or no longer. It was spent by this attempt."
