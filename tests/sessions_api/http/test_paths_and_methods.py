"""Odd methods, paths, hosts and origins get a problem, the same one under DEBUG, with all security headers."""

import json
import time

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import get_resolver

from accounts.login import password as login
from config import health
from config.api import api as api_object

from ...server import database, serving
from ...users import ApiClient, problem

pytestmark = pytest.mark.once

OURS = "http://localhost:3000"
WHO = {"email": "alice@example.org", "password": "correct horse battery"}
METHODS = {
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "GETT",
    "X" * 3000,
}
KNOWN = {
    "/": {"GET", "HEAD"},
    "/admin": {"GET", "HEAD"},
    "/healthz": {"GET", "HEAD"},
    "/readyz": {"GET", "HEAD"},
    "/api/docs": {"GET", "HEAD"},
    "/api/openapi.json": {"GET", "HEAD"},
    "/static/ninja/swagger-ui.css": {"GET", "HEAD"},
} | {path: {method.upper() for method in methods} for path, methods in api_object.get_openapi_schema()["paths"].items()}
SIGN_IN = {"/api/auth/oauth/{provider}", "/api/auth/oauth/{provider}/callback"}  # a link scanner must not use it up
for path, methods in KNOWN.items():
    if path not in SIGN_IN and "GET" in methods:
        methods.add("HEAD")


# Methods


@pytest.mark.asvs("3.5.3", "4.1.4", "13.4.4")
@pytest.mark.parametrize(("path", "known"), KNOWN.items())
def test_method_that_a_path_does_not_support_is_refused_with_an_allow_header(api, path, known):
    path = path.replace("{handle}", "00000000-0000-0000-0000-000000000000").replace("{id}", "1")
    for method in METHODS - known:
        answer = api.generic(method, path)
        if method == "HEAD":
            assert answer.status_code == 405
        else:
            assert problem(answer) == (405, "method_not_allowed"), method
        assert set(answer.headers["Allow"].split(", ")) == known


@pytest.mark.parametrize("path", [path for path in KNOWN if path.startswith("/api/") and "HEAD" in KNOWN[path]])
def test_head_has_the_status_and_headers_of_get(api, alice, path):
    headers = {"Authorization": f"Bearer {alice.token}", "X-Request-ID": "the-same"}
    get, head = api.get(path, headers=headers), api.head(path, headers=headers)
    assert (head.status_code, head.getvalue()) == (get.status_code, b"")
    varying = {"Content-Length", "RateLimit"}  # they tell what happened between the two
    assert head.headers.keys() == get.headers.keys()
    assert all(head.headers[name] == get.headers[name] for name in head.headers.keys() - varying)


def test_head_needs_a_token_where_get_does(api):
    assert api.head("/api/users/me").status_code == 401


def test_head_has_no_body_on_the_wire(server):
    token = server.call("POST", "/api/auth/register", WHO | {"email": "head@example.org"}).json()["token"]
    for path in ("/api/auth/config", "/api/users/me", "/api/users/me/export", "/api/openapi.json", "/api/docs"):
        answer = server.call("HEAD", path, token=token)
        assert (answer.status_code, answer.content) == (200, b""), path


def test_method_tests_cover_every_path():
    own = {f"/{pattern.pattern}" for pattern in get_resolver().url_patterns}
    assert own - {"/api/", "/admin/", "/admin/password_change/", "/admin/r/<path:object>"} < KNOWN.keys()


@pytest.mark.asvs("13.4.4")
@pytest.mark.parametrize("method", [b"TRACE", b"PUT", b"CONNECT", b"FOO-BAR", b"A" * 5000])
def test_method_of_any_name_gets_405_from_the_server(server, method):
    answer = server.exchange(method + b" /api/auth/login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert (problem(answer), answer.headers["Allow"]) == ((405, "method_not_allowed"), "POST")


# Paths


@pytest.mark.asvs("14.2.5", "13.4.3")
@pytest.mark.parametrize(
    "path",
    [
        b"//api/auth/config",
        b"/api//auth/config",
        b"/api/auth/config/",
        b"/api/auth/config;x",
        b"/api/auth/config;jsessionid=1",
        b"/api/auth/config.json",
        b"/api/auth/config/x.css",
        b"/api/auth/session/x.css",
        b"/api/auth/x/../config",
        b"/api/auth/x/%2e%2e/config",
        b"/api/auth/./config",
        b"/api/%252e%252e/api/auth/config",
        b"/API/auth/config",
        b"/api/auth/Config",
        b"/api/auth/config%00",
        b"/api/auth/config%0a",
        b"/api/auth/config%0d%0aSet-Cookie:%20a=b",
        b"/api/auth/config%20",
        b"/api/auth/config%ff",
        b"/api/auth/con%66ig%2f",
        b"/api/auth/config\\",
        b"/api/auth/%zz",
        b"/api/auth/" + b"a" * 50_000,
        b"/api" + b"/a" * 25_000,
        b"/api",
        b"/api/",
        b"/static/",
        b"/static/../manage.py",
        b"/static/%2e%2e/manage.py",
        b"/.git/config",
        b"/.env",
        b"*",
    ],
)
def test_path_is_found_in_one_spelling_only(server, path):
    answer = server.exchange(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert problem(answer) == (404, "not_found")
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "path", [b"/api%2fauth/config", b"/api/auth/con%66ig", b"/api/auth/config?next=//evil.example"]
)
def test_path_with_encoded_letters_is_found(server, path):
    """WSGI has decoded paths only, so no proxy may rely on the difference."""
    answer = server.exchange(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.status_code == 200


@pytest.mark.asvs("16.4.1")
def test_path_cannot_forge_a_line_of_the_log(server):
    server.exchange(b"GET /x%0aWARNING%20forged%1b[31m HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    [line] = [line for line in server.log.read_text().splitlines() if "forged" in line]
    assert json.loads(line)["path"] == "/x\nWARNING forged\x1b[31m"
    assert "\x1b" not in line


def test_session_is_found_by_its_id_in_capitals(api, alice):
    alice.logs_in(api)
    handle = api.check_session(alice.token).json()["handle"]
    assert handle.upper() != handle
    assert api.call("DELETE", f"/api/auth/sessions/{handle.upper()}", token=alice.token).status_code == 204
    assert not api.is_live(alice.token)


# Cost


OPEN_PAGES = ["/api/openapi.json", "/api/docs", "/", "/admin", "/admin/login/", "/healthz", "/readyz", "/favicon.ico"]
OPEN_PAGES += ["/static/ninja/swagger-ui.css", "/static/nothing.css", "/nowhere", "/api/nowhere"]


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize("path", OPEN_PAGES)
def test_open_page_costs_at_most_thirty_small_answers_and_readyz_five(api, path):
    """In CPU time. The description of the API cost eighty when each request rendered it, and readyz ten."""

    def cost(path):
        api.get(path).close()
        times = []
        for _ in range(5):
            started = time.thread_time()
            api.get(path).close()
            times.append(time.thread_time() - started)
        return min(times)

    assert cost(path) < (5 if path == "/readyz" else 30) * cost("/api/auth/config")


# Hosts


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "localhost@evil.example", "localhost:http", "[::1", "", "a b", "\x00"],
)
def test_host_that_is_not_allowed_is_refused(api, host):
    assert problem(api.get("/api/auth/config", HTTP_HOST=host, SERVER_NAME=host)) == (400, "invalid_request")
    assert problem(api.get("/nowhere", HTTP_HOST=host, SERVER_NAME=host)) == (400, "invalid_request")


@pytest.mark.asvs("4.1.3")
def test_host_headers_of_proxies_are_ignored(api):
    plain = api.get("/")
    forwarded = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Forwarded-Proto": "https"}
    assert api.get("/", headers=forwarded | {"X-Request-ID": plain["X-Request-ID"]}).headers == plain.headers
    assert problem(api.get("/", HTTP_HOST="evil.example", headers={"X-Forwarded-Host": "localhost"}))[0] == 400


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "evil.example", "", "[::1"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_host_of_probes_may_be_any(api, method, path, host):
    assert api.generic(method, path, HTTP_HOST=host, SERVER_NAME=host).status_code == 200


# DEBUG


def failing(*_, **__):
    raise ZeroDivisionError("canary")


def database_failing(*_, **__):
    raise OperationalError("canary")


REFUSED = {
    "bad host": (400, {"path": "/api/auth/config", "HTTP_HOST": "evil.example"}),
    "bad json": (400, {"method": "POST", "path": "/api/auth/login", "data": "canary"}),
    "no token": (401, {"path": "/api/users/me"}),
    "bad token": (401, {"path": "/api/users/me", "headers": {"Authorization": "Bearer canary"}}),
    "no path": (404, {"path": "/canary"}),
    "no path of the api": (404, {"path": "/api/canary"}),
    "no file": (404, {"path": "/static/canary"}),
    "no method": (405, {"method": "PUT", "path": "/api/auth/login"}),
    "too long": (413, {"method": "POST", "path": "/api/auth/login", "data": " " * 70_000}),
    "no json": (415, {"method": "POST", "path": "/api/auth/login", "data": "canary", "content_type": "text/plain"}),
    "no field": (422, {"method": "POST", "path": "/api/auth/login", "data": "{}"}),
    "failure": (
        500,
        {"method": "POST", "path": "/api/auth/login", "data": '{"email": "a@b.example", "password": "canary"}'},
    ),
    "failure outside the api": (500, {"path": "/healthz"}),
    "failure of the database": (503, {"path": "/readyz"}),
}


@pytest.fixture
def refused(api, monkeypatch, settings):
    monkeypatch.setattr(login, "login_with_password", failing)
    monkeypatch.setattr(health, "JsonResponse", failing)
    monkeypatch.setattr(health, "migrated", database_failing)

    def send(case, **more):
        status, request = REFUSED[case]
        request = {
            "method": "GET",
            "content_type": "application/json",
            "HTTP_X_REQUEST_ID": "the-same",
            **request,
            **more,
        }
        answer = api.generic(request.pop("method"), request.pop("path"), request.pop("data", ""), **request)
        assert answer.status_code == status
        return answer

    return send


@pytest.mark.asvs("13.4.2", "16.5.1", "16.5.4")
@pytest.mark.parametrize("case", REFUSED)
def test_debug_changes_no_error_response(refused, case, settings):
    plain = refused(case)
    settings.DEBUG = True
    debug = refused(case)
    assert problem(plain)[0] == REFUSED[case][0]
    assert (debug.content, debug.headers) == (plain.content, plain.headers)
    assert b"canary" not in debug.content


def test_debug_server_answers_with_the_same_problems(tmp_path):
    with database(tmp_path) as url, serving(log=tmp_path / "log", DATABASE_URL=url, DEBUG="true") as server:
        assert problem(server.call("GET", "/nowhere")) == (404, "not_found")
        assert problem(server.call("GET", "/api/nowhere")) == (404, "not_found")
        assert problem(server.call("PUT", "/api/auth/login")) == (405, "method_not_allowed")
        assert problem(server.call("GET", "/", headers={"Host": "evil.example"})) == (400, "invalid_request")
        assert server.call("GET", "/__debug__/").status_code == 404


# Headers of every response


@pytest.fixture(params=[*REFUSED, "success", "page", "preflight", "redirect", "nothing"])
def answer(request, refused, alice):
    """One response of each kind, to our own front end."""
    headers = {"Origin": OURS}
    match request.param:
        case "success":
            return Client(headers=headers).get("/api/auth/config")
        case "page":
            return Client(headers=headers).get("/api/docs")
        case "redirect":
            return Client(headers=headers).get("/")
        case "nothing":
            return ApiClient().call("POST", "/api/auth/logout", token=alice.token, **headers)
        case "preflight":
            return Client(headers=headers).options("/api/auth/login", headers={"Access-Control-Request-Method": "POST"})
    sent = REFUSED[request.param][1].get("headers", {})
    return refused(request.param, headers={**sent, **headers})


@pytest.mark.asvs("3.4.4", "3.4.5", "14.2.3")
def test_every_response_has_nosniff_and_no_referrer(answer):
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.asvs("13.4.6")
def test_response_headers_contain_no_version(server):
    answer = server.call("GET", "/api/auth/config")
    assert answer.headers["Server"] == "granian"
    assert "X-Powered-By" not in answer.headers


@pytest.mark.asvs("3.4.3", "3.4.6", "14.3.2", "14.2.2")
def test_every_response_forbids_frames_scripts_and_caches(answer):
    if answer.wsgi_request.method == "OPTIONS":
        return  # a preflight has no content
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    path = answer.wsgi_request.path
    if path.startswith("/api/") and path != "/api/auth/config":
        assert answer.headers["Cache-Control"] == "no-store"


def test_no_response_sets_a_cookie(answer):
    assert not answer.cookies


@pytest.mark.asvs("3.4.2")
def test_cors_lets_the_front_end_read_every_api_response(answer):
    if not answer.wsgi_request.path.startswith("/api/"):
        assert "Access-Control-Allow-Origin" not in answer.headers
        return
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "origin" in answer.headers["Vary"].lower()
    assert {"Retry-After", "WWW-Authenticate"} <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))


def test_cors_preflight_lists_methods_headers_and_lifetime(client):
    headers = {
        "Origin": OURS,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = client.options("/api/users/me", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Max-Age"] == "7200"
    assert {"authorization", "content-type"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert {"GET", "POST", "PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))


def test_cors_preflight_allows_the_headers_of_tracers_and_of_the_operator(client, settings):
    asked = ["x-request-id", "traceparent", "tracestate", "baggage", "sentry-trace"]
    headers = {
        "Origin": OURS,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": ",".join(asked),
    }
    allowed = client.options("/api/users/me", headers=headers).headers["Access-Control-Allow-Headers"].split(", ")
    assert set(asked) < set(allowed)
    assert "x-trace-id" not in allowed
    settings.CORS_ALLOW_HEADERS = [*settings.CORS_ALLOW_HEADERS, "x-trace-id"]
    assert "x-trace-id" in client.options("/api/users/me", headers=headers).headers["Access-Control-Allow-Headers"]


def test_cors_allows_credentials_to_listed_origins_only_and_only_if_set(client, settings):
    name = "Access-Control-Allow-Credentials"
    preflight = {"Access-Control-Request-Method": "POST"}
    assert name not in client.get("/api/auth/config", headers={"Origin": OURS}).headers
    settings.CORS_ALLOW_CREDENTIALS = True
    for origin, allowed in ((OURS, "true"), ("https://evil.example", None)):
        for answer in (
            client.get("/api/auth/config", headers={"Origin": origin}),
            client.options("/api/auth/login", headers={"Origin": origin} | preflight),
        ):
            assert answer.headers.get(name) == allowed
            assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert name not in client.get("/healthz", headers={"Origin": OURS}).headers


@pytest.mark.asvs("3.4.2")
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://localhost:3000",
        "http://localhost:3001",
        "http://localhost",
        "http://localhost:3000.evil.example",
        "http://evil.example:3000",
        "http://localhost:3000@evil.example",
        "http://localhost:3000, https://evil.example",
        "null",
        "*",
        "",
        "localhost:3000",
        "http://[",
        "http://[::1]:3000",
        "//localhost:3000",
        "file://",
        "http://lоcalhost:3000",
        "\x00",
        "x" * 100_000,
    ],
)
def test_cors_lets_no_other_origin_read_a_response(api, origin):
    for method, path in (("GET", "/api/auth/config"), ("POST", "/api/auth/login"), ("OPTIONS", "/api/auth/login")):
        answer = api.generic(method, path, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
        assert answer.status_code < 500
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]
        assert "origin" in answer.headers["Vary"].lower()
