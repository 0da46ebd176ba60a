"""An OpenID Provider: discovery, PKCE, nonce, and the claims of an ID token that it signed for us."""

import hashlib
import logging
import math
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import quote_plus, urlsplit

import jwt
from django.http import HttpResponse
from django.utils.crypto import constant_time_compare
from social_core.backends.open_id_connect import OpenIdConnectAssociation, OpenIdConnectAuth
from social_core.backends.utils import load_oidc_config
from social_core.exceptions import AuthProviderError, AuthResponseError

from accounts.social.errors import ProviderBusy
from sessions_api.outbound.circuit_breaker import CircuitBreaker
from sessions_api.outbound.documents import SharedDocuments

from .base import Provider

MAX_SUB = 255  # ASCII characters: OpenID Connect Core, 2
# Providers keep their addresses for years, and an unknown key is asked for at once. Two seconds are longer than most
# answers take, and a thread that waits holds a place.
documents: SharedDocuments[Any] = SharedDocuments(keep=timedelta(days=1), wait=2.0)
# Any caller can invent a key id. Providers publish a key long before they sign with it.
UNKNOWN_KEY_PAUSE = timedelta(minutes=1)
LEEWAY = 60  # seconds by which the clocks of a provider and of this machine may differ
CLAIMS = ("email", "email_verified", "name", "given_name", "family_name")  # all that we read of a user, beside `sub`

CLOCK = {"response_expired", "response_not_yet_valid"}  # codes of social-auth

logger = logging.getLogger(__name__)


@cache
def unknown_keys(provider: str, url: str) -> CircuitBreaker:
    """Opens where the provider does not publish a key that was asked for. `url` is the address of its keys."""
    return CircuitBreaker(
        pause=UNKNOWN_KEY_PAUSE,
        failed=f"Unknown signing keys of {provider} are not asked for",
        works=f"Unknown signing keys of {provider} are asked for again",
        level=logging.WARNING,
    )


class OIDCProvider(Provider, OpenIdConnectAuth[HttpResponse]):
    """A provider of the setting `OIDC_PROVIDERS`; the base of those that need more than their settings."""

    DEFAULT_USE_PKCE = True
    JWT_LEEWAY = LEEWAY
    DEFAULT_SCOPE = ["openid", "email", "profile"]
    native_audience: str | None = None

    # Discovery

    def oidc_config_url(self) -> str:
        """OpenID Connect Discovery, 4: without the slash at the end of the issuer."""
        return f"{self.oidc_endpoint().rstrip('/')}/.well-known/openid-configuration"

    def oidc_config(self) -> dict[str, Any]:
        """The discovery document of exactly this issuer (Discovery, 4.3). Raises AuthResponseError."""
        config: dict[str, Any] = self.shared(self.oidc_config_url(), self.fetch_oidc_config)
        return config

    def fetch_oidc_config(self) -> dict[str, Any]:
        config = load_oidc_config(self, self.oidc_config_url())
        algorithms = config.get("id_token_signing_alg_values_supported", self.JWT_ALGORITHMS)
        if config.get("issuer") != self.oidc_endpoint():
            told = "The discovery document of %s is of another issuer than the settings say: copy its `issuer`"
            logger.warning(told, self.name)
        elif not (isinstance(algorithms, list) and set(self.JWT_ALGORITHMS) <= set(map(str, algorithms))):
            self.log_algorithm()
        elif all(self.has_valid_scheme(config.get(name)) for name in self.endpoints(config)):
            return config
        raise AuthResponseError(self, claim="issuer", code="malformed_response", stage="begin")

    def log_algorithm(self) -> None:
        logger.warning("%s must sign ID tokens with %s", self.name, " or ".join(self.JWT_ALGORITHMS))

    def shared(self, url: str, fetch: Callable[[], Any], *, refresh: bool = False) -> Any:
        """A document of the provider. Of all threads one fetches it; those that wait for it hold places too.

        Raises AuthProviderError, AuthResponseError or ProviderBusy.
        """
        name = (self.name, url)
        if not refresh and (known := documents.fresh(name)) is not None:
            return known
        with self.place():
            try:
                return (documents.refresh if refresh else documents.get)(name, fetch)
            except TimeoutError as failure:
                raise AuthProviderError(self, code="timeout", stage="unknown") from failure

    def endpoints(self, config: dict[str, Any]) -> list[str]:
        needed = ["authorization_endpoint", "token_endpoint", "jwks_uri"]
        return [*needed, "userinfo_endpoint"] if "userinfo_endpoint" in config else needed

    def has_valid_scheme(self, endpoint: Any) -> bool:
        """Whether this is a URL, with https where the issuer's is."""
        try:
            parts = urlsplit(str(endpoint))
        except ValueError:
            return False
        return bool(parts.hostname) and parts.scheme == urlsplit(self.oidc_endpoint()).scheme

    def id_token_issuer(self) -> Any:
        """The value, or the list of values, that `iss` may have."""
        return self.oidc_endpoint()

    # The code

    def auth_complete_credentials(self) -> tuple[str, str] | None:
        """For HTTP Basic, form-encoded as RFC 6749, 2.3.1, says: a secret may have a colon or a plus sign."""
        credentials = super().auth_complete_credentials()
        return (quote_plus(credentials[0]), quote_plus(credentials[1])) if credentials else None

    def request_access_token(self, *args: Any, **options: Any) -> dict[Any, Any]:
        """Only the access token: what else stands beside the ID token is not signed, and would pass for claims."""
        response = super().request_access_token(*args, **options)
        return {"access_token": response["access_token"]}

    # The ID token

    def get_key_and_secret(self) -> tuple[str, str]:
        key, secret = super().get_key_and_secret()
        return self.native_audience or key, secret

    def validate_authorized_party(self, claims: dict[str, Any], client_id: str) -> None:
        """An app is the authorized party of a token whose audience is this service (Core, 2)."""
        if self.native_audience is None or claims.get("azp") not in self.native_clients():
            super().validate_authorized_party(claims, client_id)

    def native_clients(self) -> list[str]:
        return [self.setting("KEY"), *self.setting("NATIVE_CLIENT_IDS", [])]

    def find_valid_key(self, id_token: str) -> dict[str, Any] | None:
        """The key that signed the token. An unknown key is asked for, unless another one was in vain a minute ago.

        If that fails, the known keys stay; social-auth's own method drops them first.
        """
        header = jwt.get_unverified_header(id_token)
        kid = header.get("kid")
        if header.get("alg") not in self.JWT_ALGORITHMS:
            self.log_algorithm()
            return None
        if kid is not None and kid not in self.known_kids() and not self.is_published(kid):
            return None
        key: dict[str, Any] | None = super().find_valid_key(id_token)
        return key

    def known_kids(self) -> list[Any]:
        return [key.get("kid") for key in self.get_jwks_keys()]

    def is_published(self, kid: Any) -> bool:
        """Whether the provider has this key now. Invented ids cost it one call in UNKNOWN_KEY_PAUSE."""
        url = self.jwks_uri()
        breaker = unknown_keys(self.name, url)
        if not breaker.allows():
            return False
        try:
            self.shared(url, self.get_remote_jwks_keys, refresh=True)
        except ProviderBusy:
            raise  # nothing was asked for
        except Exception as failure:
            breaker.record_failure(failure)
            raise
        if kid not in self.known_kids():
            breaker.record_failure(LookupError())
            return False
        breaker.record_success()
        return True

    def get_jwks_keys(self) -> list[dict[str, Any]]:
        keys: list[dict[str, Any]] = self.shared(self.jwks_uri(), self.get_remote_jwks_keys)
        return keys

    def decode_and_validate_id_token(self, id_token: str, access_token: str | None) -> dict[str, Any]:
        """The claims of a token with a valid signature. Raises AuthResponseError, also where it is no Unicode text."""
        try:
            claims: dict[str, Any] = super().decode_and_validate_id_token(id_token, access_token)
        except UnicodeError as failure:
            raise AuthResponseError(self, code="invalid_claim", stage="token_validation") from failure
        except AuthResponseError as failure:
            if failure.code in CLOCK:
                self.log_clock(jwt.decode(id_token, options={"verify_signature": False}))
            raise
        return claims

    def validate_temporal_claims(self, claims: dict[str, Any]) -> None:
        """`nbf` and the age, with the leeway that `exp` and `iat` have had. Raises AuthResponseError."""
        now, oldest = time.time(), self.ID_TOKEN_MAX_AGE + LEEWAY
        if claims.get("nbf", now) > now + LEEWAY:
            code = "response_not_yet_valid"
        elif claims.get("iat", 0) < now - oldest:  # a token without the claim is as old as can be
            code = "response_expired"
        else:
            return
        self.log_clock(claims)
        raise AuthResponseError(self, code=code, stage="token_validation")

    def log_clock(self, claims: dict[str, Any]) -> None:
        """A clock that is wrong refuses every sign-in, so the log says by how much the times differ."""
        iat = claims.get("iat")
        if isinstance(iat, int | float) and math.isfinite(iat):
            ahead = int(iat) - int(time.time())
            where = "ahead of" if ahead > 0 else "behind"
            logger.warning("Clock: an ID token of %s is %d s %s this machine's clock", self.name, abs(ahead), where)

    def validate_required_id_token_claims(self, claims: dict[str, Any]) -> None:
        """That they are there, that `sub` fits its column, and that times can be compared. Raises AuthResponseError."""
        super().validate_required_id_token_claims(claims)
        sub = claims["sub"]
        times = [claims[name] for name in ("exp", "iat", "nbf") if name in claims]
        if not (isinstance(sub, str) and 0 < len(sub) <= MAX_SUB and sub.isascii() and sub.isprintable()):
            raise AuthResponseError(self, claim="sub", code="invalid_claim", stage="token_validation")
        if not all(type(moment) in (int, float) for moment in times):
            raise AuthResponseError(self, code="invalid_claim", stage="token_validation")

    # The nonce is in the flow state, which belongs to one browser and is consumed as a whole.

    def get_and_store_nonce(self, url: str, state: str | None) -> str:
        return self.strategy.random_string(64)

    def get_nonce(self, nonce: str) -> OpenIdConnectAssociation:
        transaction = self._oauth2_transaction or {}
        association = OpenIdConnectAssociation(nonce, assoc_type=transaction.get("state", ""))
        association.id = 0  # type: ignore[attr-defined]
        return association

    def remove_nonce(self, nonce_id: int) -> None:
        pass

    # The user

    def user_data(self, access_token: str, *args: Any, **options: Any) -> dict[str, Any]:
        """The claims of the ID token; without an address or a name, those of the UserInfo endpoint too (Core, 5.4)."""
        claims = dict(self.id_token or {})
        if {"email", "name"} <= claims.keys() or "userinfo_endpoint" not in self.oidc_config():
            return claims
        return self.userinfo(access_token) | claims

    def userinfo(self, access_token: str) -> dict[str, Any]:
        """Raises AuthProviderError, or AuthResponseError, also for another user's claims (Core, 5.3.4)."""
        told: Any = self.get_json(self.userinfo_url(), headers={"Authorization": f"Bearer {access_token}"})
        if not isinstance(told, dict) or told.get("sub") != (self.id_token or {}).get("sub"):
            raise AuthResponseError(self, claim="sub", code="invalid_claim", stage="user_info")
        return {name: told[name] for name in CLAIMS if name in told}

    def get_user_id(self, details: Any, response: Any) -> str:
        return str((self.id_token or {})["sub"])

    def get_user_details(self, response: dict[str, Any]) -> dict[str, Any]:
        """Nothing: `matching.py` reads the claims. Social-auth's own method splits an address before it is checked."""
        return {}

    def accepts_unverified_email(self) -> bool:
        """For providers that send no `email_verified`, and whose administrators manage the addresses."""
        return bool(self.setting("ACCEPT_UNVERIFIED_EMAIL", False))

    # For apps

    def verify_id_token(self, id_token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that an app brings. Raises AuthResponseError or AuthProviderError.

        Libraries put the nonce into the token as it is (iOS, One Tap), or its SHA-256 in hexadecimal (Android, as its
        documentation advises).
        """
        self.VALIDATE_AT_HASH = False  # an app sends no access token
        self.native_audience = self.claimed_audience(id_token)
        claims = self.decode_and_validate_id_token(id_token, None)
        self.validate_required_id_token_claims(claims)
        self.validate_temporal_claims(claims)
        hashed = hashlib.sha256(nonce.encode()).hexdigest()
        told = str(claims.get("nonce", "")).encode(errors="surrogatepass")
        if not any(constant_time_compare(told, known) for known in (nonce, hashed)):
            raise AuthResponseError(self, claim="nonce", code="nonce_mismatch", stage="token_validation")
        self.id_token = claims
        return dict(claims)

    def claimed_audience(self, id_token: str) -> str:
        """Which of our clients the token says it is for; the signature is verified later. Raises AuthResponseError."""
        try:
            audience = jwt.decode(id_token, options={"verify_signature": False}).get("aud")
        except jwt.PyJWTError as failure:
            raise AuthResponseError(self, code="invalid_claim", stage="token_validation") from failure
        if not isinstance(audience, str) or audience not in self.native_clients():
            raise AuthResponseError(self, claim="aud", code="invalid_claim", stage="token_validation")
        return audience
