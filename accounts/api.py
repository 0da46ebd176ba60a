from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from accounts.social.errors import InvalidCode
from sessions_api.auth import SessionRequest, fresh_session, introspected
from sessions_api.http.errors import RateLimited, ReauthenticationRequired, ServerBusy
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits as rate_limits
from sessions_api.schemas import SessionResponse

from . import deletion as leaving
from .errors import AuthenticationFailed, EmailTaken, InvalidPassword, RegistrationClosed
from .export import Export
from .login import password as door
from .passwords import change as passwords
from .registration import register as registration
from .schemas import (
    Config,
    Login,
    PasswordChange,
    Reauthenticate,
    Register,
    UserResponse,
    UserSessionResponse,
    UserUpdate,
)
from .social import signin

router = Router(tags=["accounts"])


# What every request of every product asks comes first, for routes are tried in their order.


@router.get("/auth/session", auth=introspected, response=UserSessionResponse, summary="Check the session")
def session(request: SessionRequest) -> UserSessionResponse:
    """The session that asks, and its person. Asking is not using: `last_seen_at` and an idle end stay as they are."""
    return UserSessionResponse.of(request.auth, current=True, user=request.auth.user)


@router.get("/users/me", response=UserResponse, summary="Who am I")
def me(request: SessionRequest) -> UserResponse:
    return UserResponse.model_validate(request.auth.user)


@router.get("/auth/config", auth=None, response=Config, summary="What a login page needs to know")
def config(request: HttpRequest, response: HttpResponse) -> Config:
    """May be kept for five minutes."""
    response["Cache-Control"] = "public, max-age=300"
    return Config.current()


@router.post(
    "/auth/register",
    auth=None,
    response={201: SessionResponse, 202: None},
    summary="Register",
    openapi_extra=raises(RegistrationClosed, EmailTaken, RateLimited, ServerBusy),
)
def register(request: HttpRequest, body: Register) -> Status[SessionResponse] | Status[None]:
    """A new account, logged in. A password that is refused says why in `errors[].code`.

    Where `REGISTRATION` is `verified`, only the address is taken, the answer is always 202, and a mail goes on.
    """
    body.require_what_is_taken()
    rate_limits.check(rate_limits.REGISTER, request, recipient=body.email)
    if settings.REGISTRATION == "verified":
        rate_limits.check(rate_limits.REGISTERED, request)
        registration.ask_to_register(body.email)
        return Status(202, None)
    opened = registration.register(**body.model_dump(), request=request)
    return Status(201, SessionResponse.of(*opened))


@router.post(
    "/auth/login",
    auth=None,
    response=SessionResponse,
    summary="Log in",
    openapi_extra=raises(AuthenticationFailed, RateLimited, ServerBusy),
)
def login(request: HttpRequest, body: Login) -> SessionResponse:
    """A new session. Why it was refused is not told, for that would tell strangers who has an account."""
    opened = door.login_with_password(**body.model_dump(), request=request)
    return SessionResponse.of(*opened)


@router.post(
    "/auth/reauthenticate",
    response=SessionResponse,
    summary="Authenticate again",
    openapi_extra=raises(InvalidPassword, InvalidCode, RateLimited, ServerBusy),
)
def reauthenticate(request: SessionRequest, body: Reauthenticate) -> SessionResponse:
    """Renews the token of this session, for what needs a recent login. The old token is dead."""
    if "code" in body.model_fields_set:
        rate_limits.check(rate_limits.REDEEM, request)
        token = signin.reauthenticate_with_code(request.auth, body.code, body.code_verifier, request)
    else:
        token = door.reauthenticate_with_password(request.auth, body.password, request)
    return SessionResponse.of(request.auth, token)


@router.post(
    "/auth/password",
    response=SessionResponse,
    summary="Change my password",
    openapi_extra=raises(InvalidPassword, ReauthenticationRequired, RateLimited, ServerBusy),
)
def change_password(request: SessionRequest, body: PasswordChange) -> SessionResponse:
    """Ends all other sessions and renews the token of this one."""
    token = passwords.change_password(request.auth, **body.model_dump(), request=request)
    return SessionResponse.of(request.auth, token)


@router.delete(
    "/users/me",
    auth=fresh_session,
    response={204: None},
    summary="Delete my account",
    openapi_extra=raises(ReauthenticationRequired),
)
def delete_me(request: SessionRequest) -> Status[None]:
    """The person, and all that hangs on them, are gone. A last mail says so, also to an address before this one."""
    leaving.leave(request.auth, request)
    return Status(204, None)


@router.get("/users/me/export", response=Export, summary="All that is stored about me")
def export(request: SessionRequest) -> Export:
    return Export.of(request.auth)


@router.patch("/users/me", response=UserResponse, summary="Change what I am called")
def update_me(request: SessionRequest, body: UserUpdate) -> UserResponse:
    return UserResponse.model_validate(request.auth.user.rename(body.display_name))
