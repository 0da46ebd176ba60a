"""Logging in with a provider, and the code that brings the session to the front end without a token in a URL."""

from accounts.errors import AccountDisabled, AuthenticationFailed, InvalidCode
from accounts.models import User
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session

from .complete import complete_login, complete_reauthentication
from .models import SessionExchangeCode


def login_with_provider(user: User, *, provider: str, client: ClientInfo) -> tuple[Session, str]:
    """A new session of a user whom a provider has authenticated, and its token.

    Raises AccountDisabled where the user was disabled or deleted, or got another password, meanwhile. The caller
    knows from the provider who the user is, so there is nothing to hide.
    """
    try:
        return complete_login(user, method=provider, client=client)
    except AuthenticationFailed:
        raise AccountDisabled from None


def exchange_code(*, code: str, code_verifier: str, client: ClientInfo) -> tuple[Session, str]:
    """A new session of the user for whom this code was issued, and its token. Raises InvalidCode or AccountDisabled."""
    exchanged = SessionExchangeCode.objects.consume(code, code_verifier)
    return login_with_provider(exchanged.user, provider=exchanged.provider, client=client)


def reauthenticate_with_code(session: Session, *, code: str, code_verifier: str, client: ClientInfo) -> str:
    """The new token of this session, by a code of the same user. The old token is revoked.

    Raises InvalidCode, also for another user's code, or SessionExpired where the session was revoked meanwhile.
    """
    exchanged = SessionExchangeCode.objects.consume(code, code_verifier)
    if exchanged.user != session.user:
        raise InvalidCode
    return complete_reauthentication(session, method=exchanged.provider, client=client)
