"""The providers: small subclasses of social-auth's, stricter where it matters."""

import hashlib
import json
import time
from typing import Any, Self
from urllib.parse import urlsplit

import jwt
import requests
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare
from social_core.backends.base import BaseAuth
from social_core.backends.github import GithubOAuth2
from social_core.backends.google_openidconnect import GoogleOpenIdConnect
from social_core.backends.open_id_connect import OpenIdConnectAssociation
from social_core.exceptions import AuthProviderError, AuthResponseError
from urllib3.exceptions import HTTPError

from accounts.social.flow_state import OAuthFlowState
from accounts.social.strategy import FlowStateStrategy
from sessions_api.http.client import ClientRequest
from sessions_api.outbound.http import fetch

TOTAL_SECONDS = 10.0
MAX_SUB = 255  # OpenID Connect Core, 2


class Bounded(BaseAuth[HttpResponse]):
    """A provider is a neighbour that may hang, trickle, flood or point elsewhere: none of it gets further.

    All talk of one sign-in together has `TOTAL_SECONDS`.
    """

    ends: float | None = None

    @classmethod
    def of(cls, request: ClientRequest, flow: OAuthFlowState, redirect_uri: str) -> Self:
        return cls(FlowStateStrategy(request, flow), redirect_uri)

    def request(self, url: str, *, stage: Any = "user_info", **options: Any) -> requests.Response:
        self.ends = self.ends or time.monotonic() + TOTAL_SECONDS
        left = self.ends - time.monotonic()
        try:
            response = fetch(url, seconds=left, **options)
        except (TimeoutError, requests.Timeout) as failure:
            raise AuthProviderError(self, code="timeout", stage=stage) from failure
        except (requests.RequestException, HTTPError, ValueError) as failure:  # the last: an address that is none
            raise AuthProviderError(self, code="connection_failed", stage=stage) from failure
        if response.status_code >= 500:
            raise AuthProviderError(self, code="http_error", stage=stage)
        if response.status_code != 200 or not _is_json(response):
            raise AuthResponseError(self, code="malformed_response", stage=stage)
        return response

    def process_error(self, data: Any, *, stage: Any = "callback") -> None:
        """An error is a word; anything else would break where it is looked up."""
        if not isinstance(data.get("error") or "", str):
            raise AuthResponseError(self, code="malformed_response", stage=stage)
        super().process_error(data, stage=stage)


def _is_json(response: requests.Response) -> bool:
    """All that we ever ask for is JSON; nested too deeply, it would break whoever reads it next."""
    try:
        json.loads(response.content)
    except (ValueError, RecursionError):
        return False
    return True


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
        endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if config.get("issuer") != self.oidc_endpoint() or not all(self._is_like_us(config.get(n)) for n in endpoints):
            self.get_openid_configuration.invalidate(self, self.oidc_config_url())  # or it stays for a day
            raise AuthResponseError(self, claim="issuer", code="malformed_response", stage="begin")
        return config

    def _is_like_us(self, endpoint: Any) -> bool:
        """Whether this is an address, and https where the issuer's is."""
        try:
            parts = urlsplit(str(endpoint))
        except ValueError:
            return False
        return bool(parts.hostname) and parts.scheme == urlsplit(self.oidc_endpoint()).scheme

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

    def request_access_token(self, *args: Any, **options: Any) -> dict[Any, Any]:
        """What stands beside the ID token is not signed, and would be taken for claims that it lacks."""
        response = super().request_access_token(*args, **options)
        return {"access_token": response["access_token"]}

    def find_valid_key(self, id_token: str) -> dict[str, Any] | None:
        """An unknown key is asked for once; if that fails, the known ones stay (the stock method drops them)."""
        kid = jwt.get_unverified_header(id_token).get("kid")
        if kid is not None and kid not in self._known_kids():
            self.get_jwks_keys_for_uri.refresh(self, self.jwks_uri())
            if kid not in self._known_kids():
                return None
        key: dict[str, Any] | None = super().find_valid_key(id_token)
        return key

    def _known_kids(self) -> list[Any]:
        return [key.get("kid") for key in self.get_jwks_keys()]

    def decode_and_validate_id_token(self, id_token: str, access_token: str | None) -> dict[str, Any]:
        """A text that is none has failed the checks as well."""
        try:
            claims: dict[str, Any] = super().decode_and_validate_id_token(id_token, access_token)
        except UnicodeError as failure:
            raise AuthResponseError(self, code="invalid_claim", stage="token_validation") from failure
        return claims

    def validate_required_id_token_claims(self, claims: dict[str, Any]) -> None:
        """Beside their presence: a `sub` that can be kept, and times that can be compared."""
        super().validate_required_id_token_claims(claims)
        sub = claims["sub"]
        times = [claims[name] for name in ("exp", "iat", "nbf") if name in claims]
        if not (isinstance(sub, str) and 0 < len(sub) <= MAX_SUB and sub.isascii() and sub.isprintable()):
            raise AuthResponseError(self, claim="sub", code="invalid_claim", stage="token_validation")
        if not all(type(moment) in (int, float) for moment in times):
            raise AuthResponseError(self, code="invalid_claim", stage="token_validation")

    # The nonce lives in the flow, which is bound to the browser and spent as a whole.

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

    def get_user_details(self, response: dict[str, Any]) -> dict[str, Any]:
        """The stock ones take an address apart before anybody has looked whether it is one."""
        return {"fullname": response.get("name")}

    def controls_mailbox(self, email: str) -> bool:
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
        told = str(claims.get("nonce", "")).encode(errors="surrogatepass")
        if not any(constant_time_compare(told, known) for known in (nonce, hashed)):
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

    def controls_mailbox(self, email: str) -> bool:
        return False

    def verify_native(self, id_token: str, nonce: str) -> dict[str, Any]:
        """GitHub signs no ID tokens."""
        raise AuthResponseError(self, code="unsupported_feature", stage="token_validation")
