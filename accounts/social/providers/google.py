"""Google, as an OpenID Provider that also runs mailboxes."""

from typing import Any

from django.http import HttpResponse
from social_core.backends.google_openidconnect import GoogleOpenIdConnect

from .oidc import OIDCProvider

GMAIL = ("@gmail.com", "@googlemail.com")


class Google(OIDCProvider, GoogleOpenIdConnect[HttpResponse]):
    name = "google"
    AUTHORIZATION_URL = ACCESS_TOKEN_URL = REVOKE_TOKEN_URL = ""  # from discovery; social-auth's are of 2012
    LEGACY_ID_KEYS = ()  # type: ignore[assignment]  # a user is known by `sub`, and social-auth would ask for the address

    def id_token_issuer(self) -> Any:
        """Google signs with and without the scheme: developers.google.com/identity/openid-connect/openid-connect."""
        issuer = self.oidc_endpoint()
        return [issuer, issuer.removeprefix("https://")]

    def controls_mailbox(self, email: str) -> bool:
        """Google's own domain, or that of a Workspace, which has an `hd` claim: Google's guide says that only these
        prove the owner (developers.google.com/identity/gsi/web/guides/verify-google-id-token)."""
        return email.endswith(GMAIL) or bool((self.id_token or {}).get("hd"))

    def spellings(self, email: str) -> list[str]:
        """Google delivers mail to both domains into one mailbox."""
        if not email.endswith(GMAIL):
            return [email]
        return sorted((email.partition("@")[0] + domain for domain in GMAIL), key=lambda same: same != email)
