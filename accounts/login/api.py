from ninja import Router

from accounts.errors import AccountDisabled, AuthenticationFailed, InvalidCode, InvalidPassword
from accounts.hash_pool import hashes_password
from sessions_api.auth import SessionRequest, fresh_session
from sessions_api.http.client import ClientRequest
from sessions_api.http.errors import ReauthenticationRequired
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits

from . import complete, password
from .schemas import Exchange, ExchangeChallenge, ExchangeCode, Login, Reauthenticate, SessionResponse

router = Router(tags=["login"])


@router.post("/auth/login", auth=None, response=SessionResponse, summary="Log in")
@raises(AuthenticationFailed)
@hashes_password(now=True)
@limits.limited(limits.LOGIN)
def login(request: ClientRequest, body: Login) -> SessionResponse:
    """A new session. A refusal does not tell its reason, because strangers could learn from it who has an account."""
    started = password.login_with_password(**body.model_dump(), client=request.client)
    return SessionResponse.from_session(*started, device_token=body.device_token)


@router.post("/auth/reauthenticate", response=SessionResponse, summary="Authenticate again")
@raises(InvalidPassword, InvalidCode)
@hashes_password(when=lambda request, body: "password" in body.model_fields_set, now=True)
@limits.limited(limits.CONSUME)
def reauthenticate(request: SessionRequest, body: Reauthenticate) -> SessionResponse:
    """Renews the token of this session, for endpoints that need recent authentication. The old token is revoked."""
    if "code" in body.model_fields_set:
        token = complete.reauthenticate_with_code(
            request.auth, code=body.code, code_verifier=body.code_verifier, client=request.client
        )
    else:
        token = password.reauthenticate_with_password(request.auth, password=body.password, client=request.client)
    return SessionResponse.from_session(request.auth, token)


@router.post("/auth/exchange", auth=None, response=SessionResponse, summary="Exchange a code for a session")
@raises(InvalidCode, AccountDisabled)
@limits.limited(limits.CONSUME)
def exchange_code(request: ClientRequest, body: Exchange) -> SessionResponse:
    """For the `?code=` of a sign-in that began with a `code_challenge`. A wrong verifier uses the code up as well."""
    started = complete.exchange_code(code=body.code, code_verifier=body.code_verifier, client=request.client)
    return SessionResponse.from_session(*started)


@router.post(
    "/auth/handover",
    auth=fresh_session,
    response=ExchangeCode,
    summary="Hand the login over to a front end",
)
@raises(ReauthenticationRequired)
@limits.limited(limits.CONSUME)
def hand_over(request: SessionRequest, body: ExchangeChallenge) -> ExchangeCode:
    """A code that the front end exchanges for a session of its own. A login page of this service sends it there."""
    return ExchangeCode(code=complete.hand_over(request.auth, code_challenge=body.code_challenge))
