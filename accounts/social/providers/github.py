"""GitHub, which speaks OAuth 2.0 without OpenID Connect. It verifies addresses and runs no mailboxes."""

import logging
from typing import Any
from urllib.parse import urljoin

from django.http import HttpResponse
from social_core.backends.github import GithubOAuth2
from social_core.exceptions import AuthResponseError

from .base import Provider

logger = logging.getLogger(__name__)


class GitHub(Provider, GithubOAuth2[HttpResponse]):
    name = "github"
    DEFAULT_SCOPE = ["user:email"]

    def user_data(self, access_token: str, *args: Any, **options: Any) -> dict[str, Any]:
        """The profile with the primary address, and whether GitHub verified it. Raises what `request` raises.

        Social-auth's own method takes a refusal for a user without addresses.
        """
        profile = self.told("user", access_token, dict)
        try:
            emails = self.told("user/emails", access_token, list)
        except AuthResponseError:
            logger.warning("GitHub shows no addresses. A GitHub App needs the permission 'Email addresses: Read-only'")
            raise
        primary = [entry for entry in emails if isinstance(entry, dict) and entry.get("primary") is True]
        email = primary[0] if primary else {}
        return profile | {"email": email.get("email"), "email_verified": email.get("verified")}

    def told(self, path: str, access_token: str, kind: type) -> Any:
        answer = self.get_json(urljoin(self.api_url(), path), headers={"Authorization": f"token {access_token}"})
        if not isinstance(answer, kind):
            raise AuthResponseError(self, code="malformed_response", stage="user_info")
        return answer
