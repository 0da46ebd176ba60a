"""Changing the password, and resetting it by mail."""

from ninja import Router, Status

from accounts.errors import InvalidLink, InvalidPassword
from accounts.hash_pool import hashes_password
from accounts.login.schemas import SessionResponse
from accounts.schemas import EmailAddress
from sessions_api.auth import SessionRequest
from sessions_api.http.client import ClientRequest
from sessions_api.http.errors import ReauthenticationRequired
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits

from . import change, reset
from .schemas import PasswordChange, PasswordReset, RenewedDevice

router = Router(tags=["passwords"])


@router.post("/auth/password", response=SessionResponse, summary="Change the password")
@raises(InvalidPassword, ReauthenticationRequired)
@hashes_password()
@limits.limited(limits.NEW_PASSWORD, session=lambda request, body: str(request.auth.pk))
def change_password(request: SessionRequest, body: PasswordChange) -> SessionResponse:
    """Revokes all other sessions, and renews the token of this one.

    A user without a password leaves `current_password` out, and needs a recent login.
    """
    token = change.change_password(request.auth, **body.model_dump(), client=request.client)
    return SessionResponse.from_session(request.auth, token)


@router.post("/auth/password/reset", auth=None, response={202: None}, summary="Request a password reset")
@limits.limited(limits.RESET, recipient=lambda request, body: body.email)
def request_password_reset(request: ClientRequest, body: EmailAddress) -> None:
    """Sends a mail if a user has this address. The answer and its time are the same for every address."""
    reset.request_reset(body.email)


@router.post(
    "/auth/password/reset/confirm", auth=None, response={200: RenewedDevice, 204: None}, summary="Reset the password"
)
@raises(InvalidLink)
@hashes_password()
@limits.limited(limits.CONSUME)
def confirm_password_reset(request: ClientRequest, body: PasswordReset) -> Status[RenewedDevice] | Status[None]:
    """Takes the token of the mail. Revokes all sessions and marks the address as verified; it does not log in.

    It revokes all device tokens too. A device that sends its own gets 200 and a new one.
    Earlier security alerts stay valid, because a thief who reads the mailbox could make this call too.
    """
    device_token = reset.reset_password(token=body.token, new_password=body.new_password, client=request.client)
    return Status(200, RenewedDevice(device_token=device_token)) if body.device_token else Status(204, None)
