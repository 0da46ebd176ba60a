"""Undoing changes to an account, with the revert token of a security alert."""

from ninja import Router

from accounts.errors import EmailTaken, InvalidLink
from accounts.schemas import MailToken
from sessions_api.http.client import ClientRequest
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits

from . import undo as story

router = Router(tags=["account"])


@router.post("/auth/secure", auth=None, response={204: None}, summary="Undo changes to the account")
@raises(InvalidLink, EmailTaken)
@limits.limited(limits.CONSUME)
def undo_changes(request: ClientRequest, body: MailToken) -> None:
    """Takes the revert token of a security alert, and gives the account back to the address that got the alert.

    Revokes the password, all sessions and later identities, and sends a mail to choose a new password.
    """
    story.undo(token=body.token, client=request.client)
