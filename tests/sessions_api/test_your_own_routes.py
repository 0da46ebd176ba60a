"""Routes of other apps behind the bearer classes, with the example of docs/protect-your-own-routes.md."""

import re
from uuid import uuid4

import pytest
import requests
from asgiref.sync import async_to_sync
from django.contrib.auth.decorators import permission_required
from django.db import OperationalError
from django.http import HttpResponse, JsonResponse
from django.test import AsyncClient, override_settings
from django.urls import path
from django.utils import timezone
from django.views import View

from examples import introspection
from examples import settings as own_settings
from examples.notes.api import api as notes
from sessions_api.auth import fresh_session_required, session_required
from sessions_api.models import Session

from ..server import ROOT, database, serving
from ..users import problem

with override_settings(REST_FRAMEWORK=own_settings.REST_FRAMEWORK):  # the framework reads it when it defines a view
    from examples.urls import urlpatterns as example

DOCS = ROOT / "docs" / "protect-your-own-routes.md"


class Card(View):
    async def get(self, request):
        return JsonResponse({"owner": request.user.email, "logged_in_by": request.auth.method})


@fresh_session_required
async def key_soon(request):
    return HttpResponse()


@session_required
@permission_required("notes.add_note", raise_exception=True)
def permitted(request):
    return HttpResponse()


urlpatterns = [
    *example,
    path("api/notes/card", session_required(Card.as_view())),
    path("api/notes/key/soon", key_soon),
    path("api/notes/permitted", permitted),
    path("notes", session_required(Card.as_view())),
]
FOR_USERS = [
    "/api/notes/mine",
    "/api/notes/search",
    "/api/notes/export",
    "/api/notes/digest",
    "/api/notes/stats",
    "/api/notes/card",
]
FRESH = ["DELETE /api/notes/mine", "POST /api/notes/key", "POST /api/notes/archive", "GET /api/notes/key/soon"]

pytestmark = pytest.mark.urls(__name__)
everywhere = pytest.mark.parametrize("where", FOR_USERS)
both_ways = pytest.mark.parametrize("asks", ["through WSGI", "through ASGI"], indirect=True)


@pytest.fixture
def asks(request, api):
    """Sends a request with or without a token. On an event loop Django refuses each query, so a 200 proves none."""

    async def on_a_loop(method, where, token):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await AsyncClient(raise_request_exception=False).generic(method, where, headers=headers)

    def through_asgi(method, where, token=""):
        return async_to_sync(on_a_loop)(method, where, token)

    if getattr(request, "param", "") == "through ASGI":
        return through_asgi
    return lambda method, where, token="": api.call(method, where, token=token)


def refusal(answer):
    return *problem(answer), answer.headers["WWW-Authenticate"]


INVALID = (401, "session_expired", 'Bearer error="invalid_token"')


@both_ways
@everywhere
def test_own_route_knows_its_user_by_one_query(asks, alice, where, django_assert_num_queries):
    with django_assert_num_queries(1):
        answer = asks("GET", where, alice.token)
    assert (answer.status_code, answer.json()) == (200, {"owner": alice.email, "logged_in_by": "password"})


@pytest.mark.asvs("8.3.1")
@both_ways
@everywhere
def test_own_route_refuses_missing_and_invalid_tokens(asks, alice, where):
    assert refusal(asks("GET", where)) == (401, "not_authenticated", "Bearer")
    assert refusal(asks("GET", where, "s_" + "x" * 86)) == INVALID
    assert refusal(asks("GET", where, "nonsense")) == INVALID


@pytest.mark.asvs("7.4.1", "7.4.2")
@both_ways
@everywhere
def test_own_route_refuses_a_logged_out_and_a_disabled_user(api, asks, alice, user, where):
    other = alice.logs_in(api)
    api.call("POST", "/api/auth/logout", token=other)
    assert refusal(asks("GET", where, other)) == INVALID
    type(user).objects.filter(pk=user.pk).update(is_active=False)
    assert refusal(asks("GET", where, alice.token)) == INVALID


@everywhere
def test_own_route_ignores_the_admin_cookie(api, root, where):
    api.force_login(root)
    assert refusal(api.call("GET", where)) == (401, "not_authenticated", "Bearer")


@both_ways
@everywhere
def test_own_route_updates_last_seen(asks, alice, clock, where):
    clock.shift(301)
    assert asks("GET", where, alice.token).status_code == 200
    assert Session.objects.get().last_seen_at == timezone.now()


@pytest.mark.asvs("7.5.3")
@both_ways
@pytest.mark.parametrize("call", FRESH)
def test_own_route_can_require_a_recent_login(api, asks, alice, clock, settings, call):
    assert asks(*call.split(), alice.token).status_code in {200, 204}
    clock.shift(settings.REAUTHENTICATION.total_seconds() + 1)
    assert problem(asks(*call.split(), alice.token)) == (403, "reauthentication_required")
    again = api.call("POST", "/api/auth/reauthenticate", {"password": alice.password}, token=alice.token)
    assert asks(*call.split(), again.json()["token"]).status_code in {200, 204}
    assert refusal(asks(*call.split(), alice.token)) == INVALID
    assert refusal(asks(*call.split())) == (401, "not_authenticated", "Bearer")


@both_ways
@everywhere
def test_own_route_answers_503_while_the_database_fails(asks, alice, monkeypatch, where):
    def fail(token):
        raise OperationalError

    monkeypatch.setattr(Session.objects, "authenticate", fail)
    assert problem(asks("GET", where, alice.token)) == (503, "service_unavailable")


def test_own_route_can_raise_an_error_of_its_own(api, alice, user):
    assert problem(api.call("GET", "/api/notes/publish", token=alice.token)) == (403, "address_unverified")
    type(user).objects.filter(pk=user.pk).update(email_verified_at=timezone.now())
    assert api.call("GET", "/api/notes/publish", token=alice.token).status_code == 204


def test_own_route_can_use_django_permissions(api, alice, user):
    assert problem(api.call("GET", "/api/notes/permitted", token=alice.token)) == (403, "permission_denied")
    type(user).objects.filter(pk=user.pk).update(is_superuser=True)
    assert api.call("GET", "/api/notes/permitted", token=alice.token).status_code == 200


def test_own_route_answers_405_as_a_problem(api, alice):
    answer = api.call("POST", "/api/notes/stats", token=alice.token)
    assert (problem(answer), answer.headers["Allow"]) == ((405, "method_not_allowed"), "GET, HEAD, OPTIONS")


def test_own_route_has_cors_and_no_store_below_api_only(api, alice):
    def of(where):
        answer = api.call("GET", where, token=alice.token, Origin="http://localhost:3000")
        return answer.headers.get("Access-Control-Allow-Origin"), answer.headers.get("Cache-Control")

    assert of("/api/notes/export") == ("http://localhost:3000", "no-store")
    assert of("/notes") == (None, None)


def test_own_route_has_its_errors_in_openapi():
    for method, refusals in {"get": {401, 500, 503}, "delete": {401, 403, 500, 503}}.items():
        assert refusals <= notes.get_openapi_schema()["paths"]["/api/notes/mine"][method]["responses"].keys()


# The real server


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notes")
    with database(folder) as url:
        own = {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "examples.settings"}
        with serving(log=folder / "log", **own) as server:
            yield server


@pytest.fixture
def token(running):
    body = {"email": f"{uuid4()}@example.org", "password": "correct horse battery"}
    answer = running.call("POST", "/api/auth/register", body)
    assert answer.status_code == 201, (answer.text, running.log.read_text())
    return answer.json()["token"]


def test_example_runs_beside_our_routes(running, token):
    for where in (where for where in FOR_USERS if not where.endswith("card")):
        assert running.call("GET", where, token=token).status_code == 200, where
        assert refusal(running.call("GET", where)) == (401, "not_authenticated", "Bearer")
    for call in FRESH[:3]:
        assert running.call(*call.split(), token=token).status_code in {200, 204}, call


@pytest.mark.asvs("7.4.1")
def test_introspection_example_finds_the_user_of_a_token(running, token, monkeypatch):
    monkeypatch.setattr(introspection, "LATCHKEY", running.url)
    assert introspection.user_of(token)["email"].endswith("@example.org")
    running.call("POST", "/api/auth/logout", token=token)
    assert introspection.user_of(token) is None


@pytest.mark.once
def test_introspection_example_raises_while_the_service_fails(tmp_path, monkeypatch):
    with serving(log=tmp_path / "log", DATABASE_URL=f"sqlite:///{tmp_path}/nowhere/db") as server:
        monkeypatch.setattr(introspection, "LATCHKEY", server.url)
        with pytest.raises(requests.HTTPError) as refused:
            introspection.user_of("s_" + "x" * 86)
    assert refused.value.response.status_code == 503
    with pytest.raises(requests.ConnectionError):
        introspection.user_of("s_" + "x" * 86)


# The documentation


def test_documentation_shows_the_code_of_the_example():
    files = {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "examples").rglob("*.py")}
    blocks = re.findall(r"^`([\w/]+\.py)`[^\n]*\n\n```python\n(.*?)```", DOCS.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == DOCS.read_text().count("```python")
    for name, block in blocks:
        assert block in files[f"examples/{name}"], block
