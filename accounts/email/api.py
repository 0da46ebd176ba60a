from ninja import Router, Status

from accounts.errors import EmailTaken
from accounts.mail.errors import InvalidLink
from accounts.schemas import Address, Token
from sessions_api.auth import SessionRequest, fresh_session
from sessions_api.http.errors import RateLimited, ReauthenticationRequired
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits

from . import change, verification

router = Router(tags=["email"])


@router.post(
    "/auth/email/verify",
    response={204: None},
    summary="Prove my address",
    openapi_extra=raises(InvalidLink, RateLimited),
)
@limits.limited(limits.REDEEM)
def verify_email(request: SessionRequest, body: Token) -> Status[None]:
    """With the token of the mail, by the user whom it is about."""
    verification.verify_email(request.auth.user, token=body.token, client=request.client)
    return Status(204, None)


@router.post(
    "/auth/email/verify/resend",
    response={202: None},
    summary="Send the mail again",
    openapi_extra=raises(RateLimited),
)
@limits.limited(limits.VERIFY, recipient=lambda request: request.auth.user.email)
def ask_to_verify(request: SessionRequest) -> Status[None]:
    """The link of an earlier one is void."""
    verification.ask_to_verify(request.auth.user)
    return Status(202, None)


@router.post(
    "/auth/email/change",
    auth=fresh_session,
    response={202: None},
    summary="Ask for another address",
    openapi_extra=raises(ReauthenticationRequired, RateLimited),
)
@limits.limited(
    limits.CHANGE,
    account=lambda request, body: request.auth.user.email,
    recipient=lambda request, body: body.email,
)
def ask_to_change_email(request: SessionRequest, body: Address) -> Status[None]:
    """The new address gets a mail and has to prove itself. The answer is the same where somebody has it already."""
    change.ask_to_change(request.auth.user, email=body.email)
    return Status(202, None)


@router.post(
    "/auth/email/change/confirm",
    response={204: None},
    summary="Prove my new address",
    openapi_extra=raises(InvalidLink, EmailTaken, RateLimited),
)
@limits.limited(limits.REDEEM)
def change_email(request: SessionRequest, body: Token) -> Status[None]:
    """The old address is told, and can take it back for seven days."""
    change.change_email(request.auth.user, token=body.token, client=request.client)
    return Status(204, None)
