"""GitHub, which speaks OAuth 2.0 without OpenID Connect. It verifies addresses and runs no mailboxes."""

from typing import Any

from django.http import HttpResponse
from social_core.backends.github import GithubOAuth2

from .base import Provider


class GitHub(Provider, GithubOAuth2[HttpResponse]):
    name = "github"
    DEFAULT_SCOPE = ["user:email"]

    def user_data(self, access_token: str, *args: Any, **options: Any) -> dict[str, Any]:
        """The profile, and whether GitHub verified this very address."""
        data = super().user_data(access_token, *args, **options) or {}
        known = [entry for entry in data.get("emails", ()) if entry.get("email") == data.get("email")]
        return data | {"email_verified": any(entry.get("verified") is True for entry in known)}
