"""The API object, with every router and every error handler. By default an endpoint requires a bearer token."""

from accounts.api import router as account
from accounts.email.api import router as email
from accounts.login.api import router as login
from accounts.passwords.api import router as passwords
from accounts.recovery.api import router as recovery
from accounts.registration.api import router as registration
from accounts.social.api import router as providers
from sessions_api.api import router as sessions
from sessions_api.auth import any_session
from sessions_api.http.exception_handlers import add_handlers
from sessions_api.http.json import PydanticJSON, StrictJSON
from sessions_api.http.openapi import DescribedAPI, rendered_once

api = DescribedAPI(
    title="Latchkey",
    version="1",
    description="Accounts and sessions. Log in, keep the token, send it as `Authorization: Bearer <token>`.",
    auth=any_session,  # an open endpoint has auth=None
    parser=StrictJSON(),
    renderer=PydanticJSON(),
    docs_decorator=rendered_once,
    urls_namespace="api",
)
# Requests try the routers in this order, so the rarest are last.
for router in (account, login, registration, passwords, email, recovery, sessions, providers):
    api.add_router("", router)
add_handlers(api, repeat_conflicts=True)
