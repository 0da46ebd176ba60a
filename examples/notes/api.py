"""A Ninja router."""

import asyncio

from ninja import Router, Schema, Status

from sessions_api.auth import SessionRequest, any_session, fresh_session
from sessions_api.http.errors import ReauthenticationRequired
from sessions_api.http.exception_handlers import add_handlers
from sessions_api.http.json import StrictJSON
from sessions_api.http.openapi import DescribedAPI, raises


class Notes(Schema):
    owner: str
    logged_in_by: str


router = Router(tags=["notes"])


@router.get("/mine", response=Notes)
def mine(request: SessionRequest) -> Notes:
    return Notes(owner=request.user.email, logged_in_by=request.auth.method)


@router.get("/search", response=Notes)
async def search(request: SessionRequest) -> Notes:
    await asyncio.sleep(0)  # a slow call to another service
    return Notes(owner=request.user.email, logged_in_by=request.auth.method)


@router.delete("/mine", auth=fresh_session, response={204: None})
@raises(ReauthenticationRequired)
def delete_all(request: SessionRequest) -> Status[None]:
    return Status(204, None)


api = DescribedAPI(title="Notes", auth=any_session, parser=StrictJSON(), docs_url=None, urls_namespace="notes")
api.add_router("", router)
add_handlers(api)
