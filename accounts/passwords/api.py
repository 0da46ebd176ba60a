from ninja import Router, Status

from accounts.errors import InvalidPassword
from accounts.mail.errors import InvalidLink
from accounts.schemas import Address
from sessions_api.auth import SessionRequest
from sessions_api.http.client import ClientRequest
from sessions_api.http.errors import RateLimited, ReauthenticationRequired, ServerBusy
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits
from sessions_api.schemas import SessionResponse

from . import change, reset
from .schemas import PasswordChange, PasswordReset

router = Router(tags=["passwords"])


@router.post(
    "/auth/password",
    response=SessionResponse,
    summary="Change my password",
    openapi_extra=raises(InvalidPassword, ReauthenticationRequired, RateLimited, ServerBusy),
)
@limits.limited(limits.NEW_PASSWORD, account=lambda request, body: request.auth.user.email)
def change_password(request: SessionRequest, body: PasswordChange) -> SessionResponse:
    """Ends all other sessions and renews the token of this one."""
    token = change.change_password(request.auth, **body.model_dump(), client=request.client)
    return SessionResponse.from_session(request.auth, token)


@router.post(
    "/auth/password/reset",
    auth=None,
    response={202: None},
    summary="Ask for a new password",
    openapi_extra=raises(RateLimited),
)
@limits.limited(limits.RESET, recipient=lambda request, body: body.email)
def ask_to_reset(request: ClientRequest, body: Address) -> Status[None]:
    """A mail is sent to whoever has this address here. The answer is the same for everybody, in the same time."""
    reset.ask_to_reset(body.email)
    return Status(202, None)


@router.post(
    "/auth/password/reset/confirm",
    auth=None,
    response={204: None},
    summary="Choose a new password",
    openapi_extra=raises(InvalidLink, RateLimited, ServerBusy),
)
@limits.limited(limits.REDEEM)
def reset_password(request: ClientRequest, body: PasswordReset) -> Status[None]:
    """With the token of the mail. All sessions end, the address counts as proven, and nobody is logged in by it.

    Warnings that were mailed before stay good: whoever resets may be a thief who reads the mailbox.
    """
    reset.reset_password(**body.model_dump(), client=request.client)
    return Status(204, None)
