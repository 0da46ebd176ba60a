"""The story of a sign-in by another provider: out, back, and over to the front end."""

import logging
import secrets
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from social_core.exceptions import AuthCanceled, AuthProviderError, AuthSessionError, SocialAuthBaseException

from accounts.errors import AuthenticationFailed
from accounts.login.password import finish_login, finish_reauthentication, require_unchanged
from accounts.models import User
from accounts.single_use.once import spend
from accounts.social.providers.registry import backend_for, start_url
from sessions_api.http.errors import ApiError, ServerError, ValidationFailed
from sessions_api.models import Session
from sessions_api.ratelimit import limits as rate_limits

from .errors import (
    AccessDenied,
    AccountDisabled,
    InvalidCode,
    InvalidIdToken,
    InvalidState,
    ProviderError,
    ProviderUnavailable,
)
from .flow_state import Handshake, forget
from .matching import link
from .models import LIFETIME as CODE_LIFETIME
from .models import Handover, Identity

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


def begin(request: HttpRequest, provider: str, *, link: str, **wanted: Any) -> HttpResponse:
    """To the provider. What is to be remembered goes along in the browser's own cookie.

    Raises ValidationFailed where a hand-over by code is the only one allowed and no challenge came.
    """
    if settings.OAUTH_HANDOVER == "code" and not wanted["code_challenge"] and not link:
        raise ValidationFailed.of(["query", "code_challenge"], "missing", "Needed here.")
    handshake = Handshake(provider, **wanted)
    try:
        rate_limits.check(rate_limits.SIGN_IN, request)
        handshake.link_for = link_person(link, provider) if link else ""
        response: HttpResponse = backend_for(request, handshake).start()
    except Exception as failure:  # a person is waiting in front of a browser
        return land_on_error(_refusal(failure), handshake)
    handshake.keep(request, response)
    return response


def finish(request: HttpRequest, provider: str) -> HttpResponse:
    """Back from the provider: over to the front end, whatever happened. A failure's reason stays in the log."""
    handshake = None
    try:
        handshake = Handshake.of(request, provider)
        rate_limits.check(rate_limits.SIGN_IN, request)
        response = _complete(request, handshake)
    except Exception as failure:
        response = land_on_error(_refusal(failure), handshake)
    forget(request, response)
    return response


def _complete(request: HttpRequest, handshake: Handshake) -> HttpResponse:
    outcome = backend_for(request, handshake).complete()
    if handshake.link_for:
        told = {"person": handshake.link_for, "provider": handshake.provider, "uid": outcome}
        return land(handshake, link_code=_ticket(LINK_CODE, **told))
    if handshake.code_challenge:
        return land(handshake, code=begin_handover(outcome, handshake))
    _session, token = open_session(outcome, handshake.provider, request)
    return land(handshake, session=token)


def begin_handover(user: User, handshake: Handshake) -> str:
    """Under the same lock as a login, so that whatever makes a person's ways in void sees this one or stops it."""
    try:
        with transaction.atomic():
            person = require_unchanged(user)
            return Handover.objects.begin(person, provider=handshake.provider, code_challenge=handshake.code_challenge)
    except AuthenticationFailed:
        raise AccountDisabled from None


def open_session(user: User, provider: str, request: HttpRequest) -> tuple[Session, str]:
    """Through the one door. Whoever was disabled meanwhile is told so: the provider has vouched for them."""
    try:
        return finish_login(user, method=provider, request=request)
    except AuthenticationFailed:
        raise AccountDisabled from None


def land(handshake: Handshake, **handed_over: str) -> HttpResponse:
    return _to_front_end("/oauth/callback", handshake, handed_over)


def land_on_error(refusal: ApiError, handshake: Handshake | None) -> HttpResponse:
    code = refusal.error_code if refusal.error_code in LANDING_CODES else ServerError.error_code
    return _to_front_end("/oauth/error", handshake, {"error": code})


def _to_front_end(path: str, handshake: Handshake | None, told: dict[str, str]) -> HttpResponse:
    if handshake:
        told |= {name: value for name in ("state", "next") if (value := getattr(handshake, name))}
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


# Over to the front end by a code


def exchange(*, code: str, code_verifier: str, request: HttpRequest) -> tuple[Session, str]:
    """The session of a hand-over, opened now. Raises InvalidCode or AccountDisabled."""
    handover = Handover.objects.redeem(code, code_verifier)
    return open_session(handover.user, handover.provider, request)


def reauthenticate_with_code(session: Session, code: str, code_verifier: str, request: HttpRequest) -> str:
    """The new token of this session, by a hand-over of the same person. Raises InvalidCode."""
    handover = Handover.objects.redeem(code, code_verifier)
    if handover.user != session.user:
        raise InvalidCode
    return finish_reauthentication(session, method=handover.provider, request=request)


# From a phone, or by One Tap: the client brings the ID token


def sign_in_with_id_token(*, provider: str, id_token: str, nonce: str, request: HttpRequest) -> tuple[Session, str]:
    """Raises InvalidIdToken, ProviderUnavailable, and the refusals of the matching rules."""
    handshake = Handshake(provider)
    backend = backend_for(request, handshake)
    try:
        claims = backend.verify_native(id_token, nonce)
    except SocialAuthBaseException as failure:
        logger.warning("ID token refused: %s, %s", type(failure).__name__, failure.code)
        if isinstance(failure, AuthProviderError) or failure.code == "malformed_response":
            raise ProviderUnavailable from failure  # it was not for the token
        raise InvalidIdToken from failure
    # The signature covers exactly these two parts; its own last bits could be written differently.
    # Until then, and not `exp`: a token is refused ten minutes after its `iat`, however long it calls itself good.
    until = int(claims["iat"]) + backend.setting("ID_TOKEN_MAX_AGE", backend.ID_TOKEN_MAX_AGE)
    if not spend(f"id_token.{provider}", id_token.rpartition(".")[0], until=until):
        raise InvalidIdToken
    user = backend.strategy.authenticate(backend, response=claims, user=None)
    return open_session(user, provider, request)


# Linking, by somebody who is in


def link_url(user: User, provider: str) -> str:
    """An address of ours, good once and for a minute, that begins a sign-in which only links."""
    ticket = _ticket(_link_salt(provider), person=str(user.pk))
    return f"{start_url(provider)}?{urlencode({'link': ticket})}"


def link_person(ticket: str, provider: str) -> str:
    """Whom such an address is for; it is spent by this. Raises InvalidState."""
    return str(_spend_ticket(ticket, _link_salt(provider), InvalidState)["person"])


def complete_link(user: User, code: str, request: HttpRequest) -> Identity:
    """The connection that this code is for. Raises InvalidCode, also for somebody else's, or AlreadyLinked.

    The bearer completes it: an address that linked for whoever opens it would tie a victim's identity to an
    attacker's account.
    """
    ticket = _spend_ticket(code, LINK_CODE, InvalidCode)
    if ticket["person"] != str(user.pk):
        raise InvalidCode
    return link(user, ticket["provider"], ticket["uid"], request)


def _ticket(salt: str, **told: str) -> str:
    until = timezone.now() + CODE_LIFETIME
    unlike_others = {"until": int(until.timestamp()), "nonce": secrets.token_urlsafe(16)}
    return signing.dumps(told | unlike_others, salt=salt, compress=True)


def _spend_ticket(ticket: str, salt: str, refusal: type[ApiError]) -> dict[str, Any]:
    try:
        told: dict[str, Any] = signing.loads(ticket, salt=salt, max_age=CODE_LIFETIME)
    except signing.BadSignature:
        raise refusal from None
    if not spend(salt, ticket, until=told["until"]):
        raise refusal
    return told


def _link_salt(provider: str) -> str:
    return f"latchkey.oauth.link.{provider}"
