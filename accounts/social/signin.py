"""The story of a sign-in by another provider: out, back, and over to the front end."""

import logging
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone
from social_core.exceptions import AuthCanceled, AuthProviderError, AuthSessionError, SocialAuthBaseException

from accounts.errors import AuthenticationFailed
from accounts.login.complete import lock_user_if_unchanged
from accounts.login.errors import AccountDisabled, InvalidCode
from accounts.login.exchange import login_with_provider
from accounts.login.models import CODE_LIFETIME, SessionExchangeCode
from accounts.models import User
from accounts.single_use.models import consume_once
from accounts.social.providers.registry import backend_for, start_url
from sessions_api.http.client import ClientInfo, ClientRequest
from sessions_api.http.errors import ApiError, ServerError, ValidationFailed
from sessions_api.models import Session
from sessions_api.ratelimit import limits

from .errors import (
    AccessDenied,
    InvalidIdToken,
    InvalidState,
    ProviderError,
    ProviderUnavailable,
)
from .flow_state import OAuthFlowState, forget
from .matching import link
from .models import Identity

LANDING_CODES = {  # the only words that an error page ever sees
    "access_denied",
    "invalid_state",
    "email_unverified",
    "account_exists",
    "account_disabled",
    "registration_closed",
    "already_linked",
    "rate_limited",
    "provider_unavailable",
    "provider_error",
    "server_error",
}

LINK_CODE = "latchkey.oauth.link"  # a purpose, so that no signed thing passes for another

logger = logging.getLogger(__name__)


def begin(request: ClientRequest, provider: str, *, link: str, **wanted: Any) -> HttpResponse:
    """To the provider. What is to be remembered goes along in the browser's own cookie.

    Raises ValidationFailed where a hand-over by code is the only one allowed and no challenge came.
    """
    if settings.OAUTH_HANDOVER == "code" and not wanted["code_challenge"] and not link:
        raise ValidationFailed.single(["query", "code_challenge"], "missing", "Needed here.")
    flow = OAuthFlowState(provider, **wanted)
    try:
        limits.check(limits.SIGN_IN, request.client)
        flow.link_for = link_user(link, provider) if link else ""
        response: HttpResponse = backend_for(request, flow).start()
    except Exception as failure:  # a user is waiting in front of a browser
        return land_on_error(_refusal(failure), flow)
    flow.keep(request, response)
    return response


def finish(request: ClientRequest, provider: str) -> HttpResponse:
    """Back from the provider: over to the front end, whatever happened. A failure's reason stays in the log."""
    flow = None
    try:
        flow = OAuthFlowState.read(request, provider)
        limits.check(limits.SIGN_IN, request.client)
        response = _complete(request, flow)
    except Exception as failure:
        response = land_on_error(_refusal(failure), flow)
    forget(request, response)
    return response


def _complete(request: ClientRequest, flow: OAuthFlowState) -> HttpResponse:
    outcome = backend_for(request, flow).complete()
    if flow.link_for:
        told = {"user": flow.link_for, "provider": flow.provider, "uid": outcome}
        return land(flow, link_code=_ticket(LINK_CODE, **told))
    if flow.code_challenge:
        return land(flow, code=issue_exchange_code(outcome, flow))
    _session, token = login_with_provider(outcome, provider=flow.provider, client=request.client)
    return land(flow, session=token)


def issue_exchange_code(user: User, flow: OAuthFlowState) -> str:
    """Under the same lock as a login, so that whatever makes a user's ways in void sees this one or stops it."""
    try:
        with transaction.atomic():
            user = lock_user_if_unchanged(user)
            return SessionExchangeCode.objects.issue(user, provider=flow.provider, code_challenge=flow.code_challenge)
    except AuthenticationFailed:
        raise AccountDisabled from None


def land(flow: OAuthFlowState, **handed_over: str) -> HttpResponse:
    return _to_front_end("/oauth/callback", flow, handed_over)


def land_on_error(refusal: ApiError, flow: OAuthFlowState | None) -> HttpResponse:
    code = refusal.error_code if refusal.error_code in LANDING_CODES else ServerError.error_code
    return _to_front_end("/oauth/error", flow, {"error": code})


def _to_front_end(path: str, flow: OAuthFlowState | None, told: dict[str, str]) -> HttpResponse:
    if flow:
        told |= {name: value for name in ("state", "next") if (value := getattr(flow, name))}
    return HttpResponseRedirect(f"{settings.FRONTEND_URL}{path}?{urlencode(told)}")


def _refusal(failure: Exception) -> ApiError:
    """Ours for whatever went wrong; social-auth's own words and the provider's go into the log only."""
    if isinstance(failure, ApiError):
        logger.info("Sign-in refused: %s", failure.error_code)
        return failure
    if isinstance(failure, SocialAuthBaseException):
        logger.warning("Sign-in failed: %s, %s at %s", type(failure).__name__, failure.code, failure.stage)
        return _in_our_words(failure)
    logger.error("Unexpected %s in a sign-in", type(failure).__name__, exc_info=failure)
    return ServerError()


def _in_our_words(failure: SocialAuthBaseException) -> ApiError:
    match failure:
        case AuthCanceled():
            return AccessDenied()
        case AuthSessionError():
            return InvalidState()
        case AuthProviderError() if failure.code in {"timeout", "connection_failed", "tls_error", "http_error"}:
            return ProviderUnavailable()
    return ProviderError()


# From a phone, or by One Tap: the client brings the ID token


def sign_in_with_id_token(*, provider: str, id_token: str, nonce: str, request: ClientRequest) -> tuple[Session, str]:
    """Raises InvalidIdToken, ProviderUnavailable, and the refusals of the matching rules."""
    flow = OAuthFlowState(provider)
    backend = backend_for(request, flow)
    try:
        claims = backend.verify_native(id_token, nonce)
    except SocialAuthBaseException as failure:
        logger.warning("ID token refused: %s, %s", type(failure).__name__, failure.code)
        if isinstance(failure, AuthProviderError) or failure.code == "malformed_response":
            raise ProviderUnavailable from failure  # it was not for the token
        raise InvalidIdToken from failure
    # The signature covers exactly these two parts; its own last bits could be written differently.
    # Until then, and not `exp`: a token is refused ten minutes after its `iat`, however long it calls itself good.
    age = backend.setting("ID_TOKEN_MAX_AGE", backend.ID_TOKEN_MAX_AGE)
    expires_at = datetime.fromtimestamp(int(claims["iat"]) + age, UTC)
    if not consume_once(purpose=f"id_token.{provider}", token=id_token.rpartition(".")[0], expires_at=expires_at):
        raise InvalidIdToken
    user = backend.strategy.authenticate(backend, response=claims, user=None)
    return login_with_provider(user, provider=provider, client=request.client)


# Linking, by somebody who is in


def link_url(user: User, provider: str) -> str:
    """An address of ours, good once and for a minute, that begins a sign-in which only links."""
    ticket = _ticket(_link_salt(provider), user=str(user.pk))
    return f"{start_url(provider)}?{urlencode({'link': ticket})}"


def link_user(ticket: str, provider: str) -> str:
    """Whom such an address is for; it is spent by this. Raises InvalidState."""
    return str(_consume_ticket(ticket, _link_salt(provider), InvalidState)["user"])


def complete_link(user: User, *, code: str, client: ClientInfo) -> Identity:
    """The connection that this code is for. Raises InvalidCode, also for somebody else's, or AlreadyLinked.

    The bearer completes it: an address that linked for whoever opens it would tie a victim's identity to an
    attacker's account.
    """
    ticket = _consume_ticket(code, LINK_CODE, InvalidCode)
    if ticket["user"] != str(user.pk):
        raise InvalidCode
    return link(user, provider=ticket["provider"], uid=ticket["uid"], client=client)


def _ticket(salt: str, **told: str) -> str:
    until = timezone.now() + CODE_LIFETIME
    unlike_others = {"until": int(until.timestamp()), "nonce": secrets.token_urlsafe(16)}
    return signing.dumps(told | unlike_others, salt=salt, compress=True)


def _consume_ticket(ticket: str, salt: str, refusal: type[ApiError]) -> dict[str, Any]:
    try:
        told: dict[str, Any] = signing.loads(ticket, salt=salt, max_age=CODE_LIFETIME)
    except signing.BadSignature:
        raise refusal from None
    if not consume_once(purpose=salt, token=ticket, expires_at=datetime.fromtimestamp(told["until"], UTC)):
        raise refusal
    return told


def _link_salt(provider: str) -> str:
    return f"latchkey.oauth.link.{provider}"
