"""The API on one screen: closed by default, every router, every error handler."""

from django.views.decorators.http import require_safe

from accounts.api import router as accounts
from accounts.mail.api import router as mail
from accounts.social.api import router as social
from sessions_api.api import router as sessions
from sessions_api.auth import any_session
from sessions_api.events.api import router as events
from sessions_api.http.errors import add_handlers
from sessions_api.http.json import StrictJSON
from sessions_api.http.openapi import DescribedAPI
from sessions_api.renderer import JSON

api = DescribedAPI(
    title="Latchkey",
    version="1",
    description="Accounts and sessions. Log in, keep the token, send it as `Authorization: Bearer <token>`.",
    auth=any_session,  # an open endpoint says auth=None
    parser=StrictJSON(),
    renderer=JSON(),
    docs_decorator=require_safe,
    urls_namespace="api",
)
api.add_router("", accounts)
api.add_router("", mail)
api.add_router("", social)
api.add_router("", sessions)
api.add_router("", events)
add_handlers(api)
