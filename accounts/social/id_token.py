"""Sign-in with an ID token that a phone or One Tap got from the provider."""

import logging
from datetime import UTC, datetime

from social_core.exceptions import AuthProviderError, SocialAuthBaseException

from accounts.login.exchange import login_with_provider
from accounts.single_use.models import consume_once
from accounts.social.providers.registry import backend_for
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session

from .errors import InvalidIdToken, ProviderUnavailable
from .flow_state import OAuthFlowState

logger = logging.getLogger(__name__)


def sign_in_with_id_token(*, provider: str, id_token: str, nonce: str, client: ClientInfo) -> tuple[Session, str]:
    """The new session and its token. Raises InvalidIdToken and ProviderUnavailable.

    Raises EmailUnverified, RegistrationClosed, AccountExists and AccountDisabled by the rules of `matching.py`.
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
    age = backend.setting("ID_TOKEN_MAX_AGE", backend.ID_TOKEN_MAX_AGE) + backend.JWT_LEEWAY
    expires_at = datetime.fromtimestamp(int(claims["iat"]) + age, UTC)
    signed = id_token.rpartition(".")[0]  # the last bits of a signature can be written differently
    if not consume_once(purpose=f"id_token.{provider}", token=signed, expires_at=expires_at):
        raise InvalidIdToken
    user = backend.strategy.authenticate(backend, response=claims, user=None)
    return login_with_provider(user, provider=provider, client=client)
