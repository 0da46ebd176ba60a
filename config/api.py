"""The API object, with every router and every error handler. By default an endpoint requires a bearer token."""

from django.conf import settings

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

from . import VERSION

TAGS = {
    "login": "From a password or a code to a session.",
    "registration": "In one step or by mail.",
    "passwords": "Changing and resetting the password.",
    "email": "Verifying and changing the address.",
    "account": "The user's own data.",
    "sessions": "Checking, listing and revoking sessions.",
    "providers": "Signing in with Google and other providers, and linking them.",
}
api = DescribedAPI(
    title="Latchkey",
    version=VERSION,
    servers=[{"url": settings.PUBLIC_URL}],
    description="Accounts and sessions. Log in, keep the token, send it as `Authorization: Bearer <token>`.",
    auth=any_session,  # an open endpoint has auth=None
    parser=StrictJSON(),
    renderer=PydanticJSON(),
    docs_decorator=rendered_once,
    openapi_extra={
        "info": {"license": {"name": "MIT", "identifier": "MIT"}},
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
    },
    urls_namespace="api",
)
# Requests try the routers in this order, so the rarest are last.
for router in (account, login, registration, passwords, email, recovery, sessions, providers):
    api.add_router("", router)
add_handlers(api, repeat_conflicts=True)
