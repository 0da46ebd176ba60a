"""The list of endpoints that need no token. A new line here is a decision."""

from uuid import UUID

import pytest
from ninja.constants import NOT_SET

from config.api import api as described
from config.urls import urlpatterns

from .users import problem

OPEN = {
    "GET /api/auth/config",
    "GET /api/auth/oauth/{provider}",
    "GET /api/auth/oauth/{provider}/callback",
    "POST /api/auth/exchange",
    "POST /api/auth/login",
    "POST /api/auth/oauth/{provider}/token",
    "POST /api/auth/password/reset",
    "POST /api/auth/password/reset/confirm",
    "POST /api/auth/register",
    "POST /api/auth/register/confirm",
    "POST /api/auth/secure",
}
BESIDES_THE_API = [
    "api/",
    "",
    "admin",
    "admin/password_change/",
    "admin/r/<path:object>",
    "admin/",
    "healthz",
    "readyz",
]


def operations():
    for path, methods in described.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.asvs("6.3.4")
def test_open_endpoints_are_exactly_these():
    assert {name for name, operation in operations() if not operation["security"]} == OPEN


@pytest.mark.asvs("8.2.1", "8.3.1", "7.2.1")
@pytest.mark.parametrize("name", sorted(name for name, _ in operations() if name not in OPEN))
def test_other_endpoints_require_a_token(api, name):
    method, path = name.split()
    path = path.replace("{provider}", "google").replace("{id}", "1").replace("{handle}", str(UUID(int=0)))
    assert problem(api.call(method, path)) == (401, "not_authenticated")
    assert problem(api.call(method, path, token="s_" + "x" * 86)) == (401, "session_expired")


def test_new_router_requires_a_token_by_default():
    assert described.auth is not NOT_SET
    assert described.auth


@pytest.mark.asvs("6.3.4")
def test_urls_serve_nothing_else():
    assert [str(pattern.pattern) for pattern in urlpatterns] == BESIDES_THE_API
