"""Registration, in one step or by mail."""

from django.conf import settings
from ninja import Router, Status

from accounts.errors import EmailTaken, InvalidLink, RegistrationClosed
from accounts.hash_pool import hashes_password
from accounts.login.schemas import SessionResponse
from sessions_api.http.client import ClientRequest
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits

from . import register as story
from .schemas import ConfirmRegistration, Register, RegistrationPending

router = Router(tags=["registration"])


@router.post("/auth/register", auth=None, response={201: SessionResponse, 202: RegistrationPending}, summary="Register")
@raises(RegistrationClosed, EmailTaken)
@hashes_password(when=lambda request, body: settings.REGISTRATION == "open")
@limits.limited(limits.REGISTER, recipient=lambda request, body: body.email)
def register(request: ClientRequest, body: Register) -> Status[SessionResponse] | Status[RegistrationPending]:
    """Creates a user, and logs in. `errors[].code` names the reasons for which a password is refused.

    Where `REGISTRATION` is `verified`, the body has only the address, the answer is always 202, and a mail has a token
    to complete the registration.
    """
    if settings.REGISTRATION == "verified":
        story.request_registration(body.email, client=request.client)
        return Status(202, RegistrationPending(next="mail"))
    return Status(201, SessionResponse.from_session(*story.register(**body.model_dump(), client=request.client)))


@router.post("/auth/register/confirm", auth=None, response={201: SessionResponse}, summary="Complete a registration")
@raises(InvalidLink)
@hashes_password()
@limits.limited(limits.CONSUME)
def confirm_registration(request: ClientRequest, body: ConfirmRegistration) -> SessionResponse:
    """Takes the token of the mail, where `REGISTRATION` is `verified`.

    Creates a user with a verified address, and logs in.
    """
    started = story.confirm_registration(**body.model_dump(), client=request.client)
    return SessionResponse.from_session(*started)
