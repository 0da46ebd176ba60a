from ninja import Router, Status

from accounts.errors import EmailTaken
from accounts.mail.errors import InvalidLink
from accounts.schemas import Token
from sessions_api.http.client import ClientRequest
from sessions_api.http.errors import RateLimited
from sessions_api.http.openapi import raises
from sessions_api.ratelimit import limits

from . import undo as story

router = Router(tags=["account"])


@router.post(
    "/auth/secure",
    auth=None,
    response={204: None},
    summary="This wasn't me",
    openapi_extra=raises(InvalidLink, EmailTaken, RateLimited),
)
@limits.limited(limits.REDEEM)
def secure(request: ClientRequest, body: Token) -> Status[None]:
    """With the token of a warning. The account has its address again, all that could open it is void, a reset mail
    is on its way."""
    story.undo(token=body.token, client=request.client)
    return Status(204, None)
