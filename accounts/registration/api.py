from django.conf import settings
from ninja import Router, Status

from accounts.errors import EmailTaken, RegistrationClosed
from accounts.mail.errors import InvalidLink
from sessions_api.http.client import ClientRequest
from sessions_api.http.errors import RateLimited, ServerBusy
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits
from sessions_api.schemas import SessionResponse

from . import register as story
from .schemas import Register, Registration

router = Router(tags=["registration"])


@router.post(
    "/auth/register",
    auth=None,
    response={201: SessionResponse, 202: None},
    summary="Register",
    openapi_extra=raises(RegistrationClosed, EmailTaken, RateLimited, ServerBusy),
)
@limits.limited(limits.REGISTER, recipient=lambda request, body: body.email)
def register(request: ClientRequest, body: Register) -> Status[SessionResponse] | Status[None]:
    """A new account, logged in. A password that is refused says why in `errors[].code`.

    Where `REGISTRATION` is `verified`, only the address is taken, the answer is always 202, and a mail goes on.
    """
    if settings.REGISTRATION == "verified":
        story.ask_to_register(body.email, client=request.client)
        return Status(202, None)
    opened = story.register(**body.model_dump(), client=request.client)
    return Status(201, SessionResponse.from_session(*opened))


@router.post(
    "/auth/register/confirm",
    auth=None,
    response={201: SessionResponse},
    summary="Complete a registration",
    openapi_extra=raises(InvalidLink, RateLimited, ServerBusy),
)
@limits.limited(limits.REDEEM)
def confirm_registration(request: ClientRequest, body: Registration) -> Status[SessionResponse]:
    """With the token of the mail, where `REGISTRATION` is `verified`. A new account, logged in, its address proven."""
    opened = story.confirm_registration(**body.model_dump(), client=request.client)
    return Status(201, SessionResponse.from_session(*opened))
