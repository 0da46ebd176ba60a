"""The literal list of what a stranger may call. A new line here is a decision."""

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
BESIDES_THE_API = ["api/", "", "admin", "admin/password_change/", "admin/", "healthz", "readyz"]


def operations():
    for path, methods in described.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@pytest.mark.asvs("6.3.4", "8.1.1")
def test_these_doors_are_open_and_no_others():
    assert {name for name, operation in operations() if "security" not in operation} == OPEN


@pytest.mark.asvs("8.2.1", "8.3.1", "7.2.1")
@pytest.mark.parametrize("name", sorted(name for name, _ in operations() if name not in OPEN))
def test_every_other_door_wants_a_token(api, name):
    method, path = name.split()
    path = path.replace("{provider}", "google").replace("{id}", "1").replace("{handle}", str(UUID(int=0)))
    assert problem(api.call(method, path)) == (401, "not_authenticated")
    assert problem(api.call(method, path, token="s_" + "x" * 86)) == (401, "session_expired")


def test_a_new_router_is_closed_unless_it_says_otherwise():
    assert described.auth is not NOT_SET
    assert described.auth


def test_nothing_else_is_served():
    assert [str(pattern.pattern) for pattern in urlpatterns] == BESIDES_THE_API
