"""The error for a token from a mail."""

from sessions_api.http.errors import ApiError


class InvalidLink(ApiError):
    """One answer for a token that is unknown, used, expired, replaced, revoked or another user's."""

    status, error_code = 400, "invalid_link"
    detail = "This link is invalid, expired or used. Request a new mail."
