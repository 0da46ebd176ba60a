"""The refusal that speaks of a link from a mail."""

from sessions_api.http.errors import ApiError


class InvalidLink(ApiError):
    """One answer for a link that is unknown, used, expired, replaced, made void, or somebody else's."""

    status, error_code = 400, "invalid_link"
    detail = "This link is not good, or no longer. Ask for a new mail."
