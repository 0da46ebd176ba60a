"""A session by a code: how a provider's sign-in reaches the front end without a token in a URL."""

from accounts.errors import AuthenticationFailed
from accounts.models import User
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session

from .complete import complete_login, complete_reauthentication
from .errors import AccountDisabled, InvalidCode
from .models import SessionExchangeCode


def exchange_code(*, code: str, code_verifier: str, client: ClientInfo) -> tuple[Session, str]:
    """The session that this code stands for, opened now, and its token. Raises InvalidCode or AccountDisabled."""
    exchanged = SessionExchangeCode.objects.consume(code, code_verifier)
    return open_session(exchanged.user, provider=exchanged.provider, client=client)


def open_session(user: User, *, provider: str, client: ClientInfo) -> tuple[Session, str]:
    """The session of a user for whom a provider has vouched, and its token.

    Raises AccountDisabled where the user was disabled or deleted meanwhile: after a provider's word there is nothing
    to hide.
    """
    try:
        return complete_login(user, method=provider, client=client)
    except AuthenticationFailed:
        raise AccountDisabled from None


def reauthenticate_with_code(session: Session, *, code: str, code_verifier: str, client: ClientInfo) -> str:
    """The new token of this session, by a code of the same user.

    Raises InvalidCode, also for another user's code, or SessionExpired where the session has ended meanwhile.
    """
    exchanged = SessionExchangeCode.objects.consume(code, code_verifier)
    if exchanged.user != session.user:
        raise InvalidCode
    return complete_reauthentication(session, method=exchanged.provider, client=client)
