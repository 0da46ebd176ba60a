from django.http import HttpRequest
from ninja import Router, Status

from accounts.email import verification
from accounts.errors import EmailTaken
from accounts.passwords import change as passwords
from accounts.recovery import undo as recovery
from accounts.registration import register as registration
from sessions_api.auth import SessionRequest, fresh_session
from sessions_api.http.errors import RateLimited, ReauthenticationRequired, ServerBusy
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits as rate_limits
from sessions_api.schemas import SessionResponse

from .errors import InvalidLink
from .schemas import Address, PasswordReset, Registration, Token

router = Router(tags=["mail"])


@router.post(
    "/auth/register/confirm",
    auth=None,
    response={201: SessionResponse},
    summary="Complete a registration",
    openapi_extra=raises(InvalidLink, RateLimited, ServerBusy),
)
def confirm_registration(request: HttpRequest, body: Registration) -> Status[SessionResponse]:
    """With the token of the mail, where `REGISTRATION` is `verified`. A new account, logged in, its address proven."""
    rate_limits.check(rate_limits.REDEEM, request)
    opened = registration.confirm_registration(**body.model_dump(), request=request)
    return Status(201, SessionResponse.of(*opened))


@router.post(
    "/auth/password/reset",
    auth=None,
    response={202: None},
    summary="Ask for a new password",
    openapi_extra=raises(RateLimited),
)
def ask_to_reset(request: HttpRequest, body: Address) -> Status[None]:
    """A mail is sent to whoever has this address here. The answer is the same for everybody, in the same time."""
    rate_limits.check(rate_limits.RESET, request, recipient=body.email)
    passwords.ask_to_reset(body.email)
    return Status(202, None)


@router.post(
    "/auth/password/reset/confirm",
    auth=None,
    response={204: None},
    summary="Choose a new password",
    openapi_extra=raises(InvalidLink, RateLimited, ServerBusy),
)
def reset_password(request: HttpRequest, body: PasswordReset) -> Status[None]:
    """With the token of the mail. All sessions end, the address counts as proven, and nobody is logged in by it.

    Warnings that were mailed before stay good: whoever resets may be a thief who reads the mailbox.
    """
    rate_limits.check(rate_limits.REDEEM, request)
    passwords.reset_password(**body.model_dump(), request=request)
    return Status(204, None)


@router.post(
    "/auth/email/verify",
    response={204: None},
    summary="Prove my address",
    openapi_extra=raises(InvalidLink, RateLimited),
)
def verify_email(request: SessionRequest, body: Token) -> Status[None]:
    """With the token of the mail, by the person whom it is about."""
    rate_limits.check(rate_limits.REDEEM, request)
    verification.verify_email(request.auth.user, body.token, request)
    return Status(204, None)


@router.post(
    "/auth/email/verify/resend",
    response={202: None},
    summary="Send the mail again",
    openapi_extra=raises(RateLimited),
)
def ask_to_verify(request: SessionRequest) -> Status[None]:
    """The link of an earlier one is void."""
    rate_limits.check(rate_limits.VERIFY, request, recipient=request.auth.user.email)
    verification.ask_to_verify(request.auth.user)
    return Status(202, None)


@router.post(
    "/auth/email/change",
    auth=fresh_session,
    response={202: None},
    summary="Ask for another address",
    openapi_extra=raises(ReauthenticationRequired, RateLimited),
)
def ask_to_change_email(request: SessionRequest, body: Address) -> Status[None]:
    """The new address gets a mail and has to prove itself. The answer is the same where somebody has it already."""
    rate_limits.check(rate_limits.CHANGE, request, account=request.auth.user.email, recipient=body.email)
    verification.ask_to_change(request.auth.user, body.email)
    return Status(202, None)


@router.post(
    "/auth/email/change/confirm",
    response={204: None},
    summary="Prove my new address",
    openapi_extra=raises(InvalidLink, EmailTaken, RateLimited),
)
def change_email(request: SessionRequest, body: Token) -> Status[None]:
    """The old address is told, and can take it back for seven days."""
    rate_limits.check(rate_limits.REDEEM, request)
    verification.change_email(request.auth.user, body.token, request)
    return Status(204, None)


@router.post(
    "/auth/secure",
    auth=None,
    response={204: None},
    summary="This wasn't me",
    openapi_extra=raises(InvalidLink, EmailTaken, RateLimited),
)
def secure(request: HttpRequest, body: Token) -> Status[None]:
    """With the token of a warning. The account has its address again, all that could open it is void, a reset mail
    is on its way."""
    rate_limits.check(rate_limits.REDEEM, request)
    recovery.secure(body.token, request)
    return Status(204, None)
