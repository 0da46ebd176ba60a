"""The providers: small subclasses of social-auth's, stricter where it matters."""

import hashlib
import time
from typing import Any

import jwt
import requests
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare
from social_core.backends.base import BaseAuth
from social_core.backends.github import GithubOAuth2
from social_core.backends.google_openidconnect import GoogleOpenIdConnect
from social_core.backends.open_id_connect import OpenIdConnectAssociation
from social_core.exceptions import AuthProviderError, AuthResponseError

from sessions_api.deadline import within

TOTAL_SECONDS = 10.0
MAX_BYTES = 1024 * 1024


class Bounded(BaseAuth[HttpResponse]):
    """A provider is a neighbour that may hang, trickle, flood or point elsewhere: none of it gets further.

    All talk of one sign-in together has `TOTAL_SECONDS`. Redirects are not followed (ASVS 5.0, 15.3.2).
    """

    ends: float | None = None

    def request(self, url: str, *, stage: Any = "user_info", **options: Any) -> requests.Response:
        self.ends = self.ends or time.monotonic() + TOTAL_SECONDS
        left = self.ends - time.monotonic()
        options.setdefault("method", "GET")
        try:
            response = within(max(left, 0), lambda: _fetch(url, self.ends or 0, **options))
        except (TimeoutError, requests.Timeout) as failure:
            raise AuthProviderError(self, code="timeout", stage=stage) from failure
        except requests.RequestException as failure:
            raise AuthProviderError(self, code="connection_failed", stage=stage) from failure
        if response.status_code >= 500:
            raise AuthProviderError(self, code="http_error", stage=stage)
        if response.status_code != 200:
            raise AuthResponseError(self, code="malformed_response", stage=stage)
        return response


def _fetch(url: str, ends: float, **options: Any) -> requests.Response:
    timeout = options.pop("timeout", None) or 5
    with requests.request(url=url, timeout=timeout, stream=True, allow_redirects=False, **options) as response:
        body = b""
        for chunk in response.iter_content(8192):
            body += chunk
            if len(body) > MAX_BYTES or time.monotonic() > ends:
                raise requests.ReadTimeout
        response._content = body  # as requests itself keeps what it has read
    return response


class Google(Bounded, GoogleOpenIdConnect[HttpResponse]):
    """Google as an OpenID Provider: discovery, PKCE, nonce, and nothing but the validated ID token believed."""

    name = "google"
    AUTHORIZATION_URL = ACCESS_TOKEN_URL = REVOKE_TOKEN_URL = ""  # from discovery; the stock ones are of 2012
    DEFAULT_USE_PKCE = True
    LEGACY_ID_KEYS = ()  # type: ignore[assignment]  # an identity is its `sub`, never an address
    native_audience: str | None = None

    def oidc_config(self) -> dict[str, Any]:
        """The discovery document, of the issuer that was asked for (OpenID Connect Discovery, 4.3)."""
        config = super().oidc_config()
        if config.get("issuer") != self.oidc_endpoint():
            raise AuthResponseError(self, claim="issuer", code="invalid_claim", stage="begin")
        return config

    def id_token_issuer(self) -> list[str]:  # type: ignore[override]
        """Google signs under either spelling."""
        issuer = self.oidc_endpoint()
        return [issuer, issuer.removeprefix("https://")]

    def get_key_and_secret(self) -> tuple[str, str]:
        key, secret = super().get_key_and_secret()
        return self.native_audience or key, secret

    def validate_authorized_party(self, claims: dict[str, Any], client_id: str) -> None:
        """A phone's app is the authorized party of a token whose audience is this service."""
        if self.native_audience is None or claims.get("azp") not in self.native_clients():
            super().validate_authorized_party(claims, client_id)

    def native_clients(self) -> list[str]:
        return [self.setting("KEY"), *self.setting("NATIVE_CLIENT_IDS", [])]

    # The nonce lives in the handshake, which is bound to the browser and spent as a whole.

    def get_and_store_nonce(self, url: str, state: str | None) -> str:
        return self.strategy.random_string(64)

    def get_nonce(self, nonce: str) -> OpenIdConnectAssociation:
        transaction = self._oauth2_transaction or {}
        association = OpenIdConnectAssociation(nonce, assoc_type=transaction.get("state", ""))
        association.id = 0  # type: ignore[attr-defined]
        return association

    def remove_nonce(self, nonce_id: int) -> None:
        pass

    # What is believed, and what is kept.

    def user_data(self, access_token: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The claims of the ID token: one call less than asking for them, and these are signed."""
        return dict(self.id_token or {})

    def get_user_id(self, details: Any, response: Any) -> str:
        return str((self.id_token or {})["sub"])

    def is_authority_for(self, email: str) -> bool:
        """Whether Google runs the mailbox: its own domain, or that of a Workspace, which has an `hd` claim.

        For any other address it once saw a mail arrive there, and who reads it today is not known.
        """
        return email.endswith("@gmail.com") or bool((self.id_token or {}).get("hd"))

    def verify_native(self, id_token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that an app brought. Raises social-auth's errors.

        Libraries differ in what they put into the token: the nonce as it is (iOS, One Tap), or its SHA-256 in
        hexadecimal (Android, as its documentation advises).
        """
        self.VALIDATE_AT_HASH = False  # there is no access token beside it
        self.native_audience = self._claimed_audience(id_token)
        claims = self.decode_and_validate_id_token(id_token, None)
        self.validate_required_id_token_claims(claims)
        self.validate_temporal_claims(claims)
        hashed = hashlib.sha256(nonce.encode()).hexdigest()
        if not any(constant_time_compare(str(claims.get("nonce", "")), known) for known in (nonce, hashed)):
            raise AuthResponseError(self, claim="nonce", code="nonce_mismatch", stage="token_validation")
        self.id_token = claims
        return dict(claims)

    def _claimed_audience(self, id_token: str) -> str:
        """Which of our clients the token says it is for; that it is so is verified with the signature."""
        try:
            audience = jwt.decode(id_token, options={"verify_signature": False}).get("aud")
        except jwt.PyJWTError as failure:
            raise AuthResponseError(self, code="invalid_claim", stage="token_validation") from failure
        if not isinstance(audience, str) or audience not in self.native_clients():
            raise AuthResponseError(self, claim="aud", code="invalid_claim", stage="token_validation")
        return audience


class GitHub(Bounded, GithubOAuth2[HttpResponse]):
    """GitHub, as an example of a second provider. It vouches for verified addresses, and runs no mailboxes."""

    name = "github"
    title = "GitHub"
    DEFAULT_SCOPE = ["user:email"]
    EXTRA_DATA = []

    def user_data(self, access_token: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
        data = super().user_data(access_token, *args, **kwargs) or {}
        known = [entry for entry in data.get("emails", ()) if entry.get("email") == data.get("email")]
        return data | {"email_verified": any(entry.get("verified") is True for entry in known)}

    def is_authority_for(self, email: str) -> bool:
        return False
