"""A sign-in with a provider: in the browser, there and back, or with an ID token that an app got."""

import logging
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from social_core.exceptions import AuthCanceled, AuthProviderError, AuthSessionError, SocialAuthBaseException

from accounts.errors import AccountDisabled, AuthenticationFailed
from accounts.front_end import pages_url
from accounts.login.complete import lock_user_if_unchanged, login_with_provider
from accounts.login.models import SessionExchangeCode
from accounts.models import User
from accounts.single_use.models import consume_once
from accounts.social.providers.registry import backend_for
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import ApiError, RateLimited, ServerError, ValidationFailed
from sessions_api.models import Session
from sessions_api.ratelimit import limits

from .connections import consume_link, issue_link_code
from .errors import AccessDenied, InvalidIdToken, InvalidState, ProviderBusy, ProviderError, ProviderUnavailable
from .flow_state import OAuthFlowState

LANDING_CODES = {  # all that the error page of a front end gets to see
    "access_denied",
    "invalid_state",
    "unreadable_cookie",
    "sign_in_repeated",
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
UNAVAILABLE = {"timeout", "connection_failed", "tls_error", "unavailable"}  # codes of social-auth
BEFORE_THE_STATE = (RateLimited, ProviderBusy)  # refusals that consume nothing

logger = logging.getLogger(__name__)


class Landing(NamedTuple):
    """Where the browser goes after a callback, and whether it can send the same callback again."""

    url: str
    may_retry: bool = False


def begin(
    *,
    provider: str,
    next: str,
    state: str,
    code_challenge: str,
    link: str,
    landing: str,
    client: ClientInfo,
) -> tuple[str, OAuthFlowState | None]:
    """Where the browser goes, and the flow state that it keeps for the callback; None where the sign-in ends here.

    An option that a start leaves out is an empty text. Raises ValidationFailed where OAUTH_HANDOVER wants a challenge
    and none was sent. Every other failure leads to the error page.
    """
    if settings.OAUTH_HANDOVER == "code" and not code_challenge and not link:
        raise ValidationFailed.single(["query", "code_challenge"], "missing", "OAUTH_HANDOVER needs a challenge.")
    flow = OAuthFlowState(
        provider,
        next=next,
        front_end_state=state,
        code_challenge=code_challenge,
        from_our_pages=landing == "pages",
    )
    try:
        limits.check(limits.SIGN_IN, client)
        url = backend_for(flow, client=client).auth_url()
        flow.link_for = consume_link(link, provider=provider) if link else ""  # last: it stays valid for a retry
        return url, flow
    except Exception as failure:  # a browser shows this answer to its user
        return error_url(refusal_of(failure), flow), None


def finish(*, flow: OAuthFlowState | None, query: dict[str, Any], client: ClientInfo) -> Landing:
    """Where the browser goes after the callback with this query: the front end, whatever happened.

    `flow` is what the browser kept since the start. The log has the reason of a failure.
    """
    try:
        if flow is None:
            raise InvalidState
        limits.check(limits.SIGN_IN, client)
        return Landing(complete(flow, query=query, client=client))
    except Exception as failure:  # a browser shows this answer to its user
        return Landing(error_url(refusal_of(failure), flow), may_retry=isinstance(failure, BEFORE_THE_STATE))


def complete(flow: OAuthFlowState, *, query: dict[str, Any], client: ClientInfo) -> str:
    """Raises social-auth's errors, and the refusals of `matching.py`."""
    outcome = backend_for(flow, query=query, client=client).complete()
    if flow.link_for:
        return landing_url(flow, link_code=issue_link_code(flow, uid=outcome))
    if flow.code_challenge:
        return landing_url(flow, code=issue_exchange_code(outcome, flow))
    _session, token = login_with_provider(outcome, provider=flow.provider, client=client)
    return landing_url(flow, session=token)


def issue_exchange_code(user: User, flow: OAuthFlowState) -> str:
    """Under the same lock as a login, so that a change of the user either sees this code or prevents it.

    Raises AccountDisabled.
    """
    try:
        with transaction.atomic():
            user = lock_user_if_unchanged(user)
            return SessionExchangeCode.objects.issue(user, provider=flow.provider, code_challenge=flow.code_challenge)
    except AuthenticationFailed:
        raise AccountDisabled from None


def landing_url(flow: OAuthFlowState, **outcome: str) -> str:
    return front_end_url("/oauth/callback", flow, outcome)


def error_url(refusal: ApiError, flow: OAuthFlowState | None = None) -> str:
    code = refusal.error_code if refusal.error_code in LANDING_CODES else ServerError.error_code
    return front_end_url("/oauth/error", flow, {"error": code})


def front_end_url(path: str, flow: OAuthFlowState | None, query: dict[str, str]) -> str:
    if flow:
        query |= {name: value for name, value in (("state", flow.front_end_state), ("next", flow.next)) if value}
    landing = pages_url() if flow and flow.from_our_pages else settings.FRONTEND_URL
    return f"{landing}{path}?{urlencode(query)}"


def refusal_of(failure: Exception) -> ApiError:
    """Our error for this failure. The log names its class and social-auth's code, and quotes no provider."""
    if isinstance(failure, ApiError):
        logger.info("Sign-in refused: %s", failure.error_code)
        return failure
    if isinstance(failure, SocialAuthBaseException):
        logger.warning("Sign-in failed: %s, %s at %s", type(failure).__name__, failure.code, failure.stage)
        return refusal_by_provider(failure)
    logger.error("Unexpected %s in a sign-in", type(failure).__name__, exc_info=failure)
    return ServerError()


def refusal_by_provider(failure: SocialAuthBaseException) -> ApiError:
    """By what social-auth makes of an answer, and of the `error` that a provider sends to the callback."""
    match failure:
        case AuthCanceled():
            return AccessDenied()
        case AuthSessionError():
            return InvalidState()
        case AuthProviderError() if failure.code in UNAVAILABLE:
            return ProviderUnavailable()
    return ProviderError()


def sign_in_with_id_token(*, provider: str, id_token: str, nonce: str, client: ClientInfo) -> tuple[Session, str]:
    """The new session and its token, for an ID token that a phone or One Tap got from the provider.

    Raises InvalidIdToken and ProviderUnavailable. By the rules of `matching.py`, it also raises EmailUnverified,
    RegistrationClosed, AccountExists and AccountDisabled.
    """
    backend = backend_for(OAuthFlowState(provider), client=client)
    try:
        claims = backend.verify_id_token(id_token, nonce)
    except SocialAuthBaseException as failure:
        logger.warning("ID token refused: %s, %s", type(failure).__name__, failure.code)
        if isinstance(failure, AuthProviderError) or failure.code == "malformed_response":
            raise ProviderUnavailable from failure  # its discovery document or keys, not the token
        raise InvalidIdToken from failure
    # Any `exp` may be far away; a token is refused ten minutes after its `iat`, and the leeway for clocks.
    oldest = backend.ID_TOKEN_MAX_AGE + backend.JWT_LEEWAY
    expires_at = datetime.fromtimestamp(int(claims["iat"]) + oldest, UTC)
    signed = id_token.rpartition(".")[0]  # the last bits of a signature can be written differently
    if not consume_once(purpose=f"id_token.{provider}", token=signed, expires_at=expires_at):
        raise InvalidIdToken
    user = backend.strategy.authenticate(backend, response=claims)
    return login_with_provider(user, provider=provider, client=client)
