"""Verifying the email address, and changing it."""

from ninja import Router

from accounts.errors import EmailTaken, InvalidLink
from accounts.schemas import EmailAddress, MailToken
from sessions_api.auth import SessionRequest, fresh_session
from sessions_api.http.errors import ReauthenticationRequired
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits

from . import verification

router = Router(tags=["email"])


@router.post("/auth/email/verify", response={204: None}, summary="Verify the email address")
@raises(InvalidLink)
@limits.limited(limits.CONSUME)
def verify_email(request: SessionRequest, body: MailToken) -> None:
    """Takes the token of the mail. The session must belong to the user of the token."""
    verification.verify_email(request.auth.user, token=body.token, client=request.client)


@router.post("/auth/email/verify/resend", response={202: None}, summary="Resend the verification mail")
@limits.limited(limits.VERIFY, recipient=lambda request: request.auth.user.email)
def resend_verification(request: SessionRequest) -> None:
    """The token of an earlier mail becomes invalid. A user with a verified address gets no mail."""
    verification.request_verification(request.auth.user, client=request.client)


@router.post("/auth/email/change", auth=fresh_session, response={202: None}, summary="Request another email address")
@raises(ReauthenticationRequired)
@limits.limited(
    limits.CHANGE,
    account=lambda request, body: request.auth.user.email,
    recipient=lambda request, body: body.email,
)
def request_email_change(request: SessionRequest, body: EmailAddress) -> None:
    """Sends a mail with a token to the new address. The answer is the same where another user has that address."""
    verification.request_change(request.auth.user, email=body.email, client=request.client)


@router.post("/auth/email/change/confirm", response={204: None}, summary="Change the email address")
@raises(InvalidLink, EmailTaken)
@limits.limited(limits.CONSUME)
def confirm_email_change(request: SessionRequest, body: MailToken) -> None:
    """Takes the token of the mail. The old address is told; if it was verified, it can undo this for seven days."""
    verification.change_email(request.auth.user, token=body.token, client=request.client)
