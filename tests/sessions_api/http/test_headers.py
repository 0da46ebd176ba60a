"""Request headers about the client: the token, the user agent, and the address that proxies add."""

import base64

import pytest
from django.test import Client
from urllib3 import HTTPHeaderDict, PoolManager

from sessions_api.http.errors import UnreadableCookie
from sessions_api.models import Session
from sessions_api.tokens import digest

from ...server import database, serving
from ...users import problem

pytestmark = pytest.mark.once

NO_TOKEN = ((401, "not_authenticated"), "Bearer")
BAD_TOKEN = ((401, "session_expired"), 'Bearer error="invalid_token"')


def refusal(answer):
    return problem(answer), answer.headers["WWW-Authenticate"]


@pytest.fixture
def send(alice):
    """Sends an Authorization header in which `{token}` stands for a valid token."""

    def get(header):
        return Client().get("/api/auth/session", headers={"Authorization": header.format(token=alice.token)})

    return get


# The token


@pytest.mark.parametrize(
    "header", ["Bearer {token}", "bearer {token}", "BEARER {token}", "Bearer   {token}", " Bearer {token} \t"]
)
def test_bearer_scheme_is_case_insensitive(send, header):
    assert send(header).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "{token}",
        "Token {token}",
        "Basic {token}",
        "Bearer:{token}",
        "Bearer,{token}",
        "Bearer\t{token}",
        "Bearer={token}",
        "Bearer\xa0{token}",
        "Bearers {token}",
        "Bearer" * 10_000,
    ],
)
def test_missing_bearer_token_has_no_error_in_the_challenge(send, header):
    assert refusal(send(header)) == NO_TOKEN


@pytest.mark.asvs("7.2.1")
@pytest.mark.parametrize(
    "header",
    [
        "Bearer {token}x",
        "Bearer x{token}",
        "Bearer {token}=",
        "Bearer {token}\0",
        "Bearer {token}\xa0",
        "Bearer {token},",
        "Bearer {token}X",
        "Bearer {token} {token}",
        "Bearer {token},{token}",
        "Bearer {token}, Bearer {token}",
        "Bearer Bearer {token}",
        "Bearer token={token}",
        'Bearer "{token}"',
        "Bearer <{token}>",
        "Bearer s_",
        "Bearer " + "x" * 100_000,
        "Bearer \xff\xfe",
    ],
)
def test_bearer_token_with_extra_characters_is_refused(send, header):
    assert refusal(send(header)) == BAD_TOKEN


@pytest.mark.parametrize(
    "spoil",
    [
        str.lower,
        str.upper,
        str.swapcase,
        lambda token: token[:-1],
        lambda token: token[1:],
        lambda token: token[2:],
        lambda token: token[:-1] + ("B" if token[-1] == "A" else "A"),
        lambda token: token.replace("s_", "s-"),
        lambda token: token.replace("s_", "%73_"),
        lambda token: digest(token).hex(),
        lambda token: "s_" + digest(token).hex(),
        lambda token: "s_" + base64.urlsafe_b64encode(digest(token)).decode(),
        lambda token: ("s_" + digest(token).hex() * 2)[:88],
        lambda token: str(Session.objects.get().pk),
    ],
)
def test_bearer_token_that_was_altered_is_refused(send, alice, spoil):
    assert refusal(send(f"Bearer {spoil(alice.token)}")) == BAD_TOKEN
    assert send("Bearer {token}").status_code == 200


@pytest.mark.asvs("3.5.2", "14.2.1", "15.3.7")
@pytest.mark.parametrize(
    "elsewhere",
    [
        {"path": "/api/auth/session?token={token}"},
        {"path": "/api/auth/session?access_token={token}"},
        {"path": "/api/auth/session?Authorization=Bearer%20{token}"},
        {"data": '{{"token": "{token}"}}', "content_type": "application/json"},
        {"data": "access_token={token}", "content_type": "application/x-www-form-urlencoded"},
        {"HTTP_COOKIE": "token={token}; sessionid={token}; latchkey-admin={token}; Authorization=Bearer {token}"},
        {"HTTP_X_AUTHORIZATION": "Bearer {token}"},
        {"HTTP_X_SESSION_TOKEN": "{token}"},
        {"HTTP_PROXY_AUTHORIZATION": "Bearer {token}"},
        {"HTTP_SEC_WEBSOCKET_PROTOCOL": "bearer, {token}"},
        {"REMOTE_USER": "alice@example.org"},
    ],
)
def test_token_outside_the_authorization_header_is_ignored(alice, elsewhere):
    sent = {name: value.format(token=alice.token) for name, value in elsewhere.items()}
    for method in ("GET", "POST"):
        path = "/api/auth/session" if method == "GET" else "/api/auth/logout"
        path = sent.get("path", path).replace("/api/auth/session", path)
        answer = Client().generic(method, **{"data": "", **sent, "path": path})
        assert refusal(answer) == NO_TOKEN
    assert Session.objects.count() == 1


def test_admin_cookie_does_not_authenticate_at_the_api(root, alice):
    browser = Client()
    browser.force_login(root)
    assert browser.get("/admin/").status_code == 200
    assert refusal(browser.get("/api/users/me")) == NO_TOKEN


@pytest.mark.asvs("15.3.7")
def test_two_authorization_headers_are_refused(server):
    token = server.call(
        "POST", "/api/auth/register", {"email": "two@example.org", "password": "correct horse battery"}
    ).json()["token"]
    good = f"Authorization: Bearer {token}".encode()
    for headers in ([good, b"Authorization: Bearer x"], [b"Authorization: Bearer x", good], [good, good]):
        lines = [b"GET /api/auth/session HTTP/1.1", b"Host: localhost", b"Connection: close", *headers, b"", b""]
        assert refusal(server.exchange(b"\r\n".join(lines))) == BAD_TOKEN
    assert server.call("GET", "/api/auth/session", token=token).status_code == 200


# Bytes above 127: granian hands over the header as an empty one

JSON = b"Content-Type: application/json"
LOGIN = b"POST /api/auth/login"
SESSION = b"GET /api/auth/session"
CALLBACK = b"GET /api/auth/oauth/google/callback?code=x&state=y"


def call(server, start, *headers, host=b"localhost"):
    body = b'{"email": "unknown@example.org", "password": "correct horse battery"}' if start == LOGIN else b""
    lines = [start + b" HTTP/1.1", b"Host: " + host, b"Connection: close", b"Content-Length: %d" % len(body)]
    return server.exchange(b"\r\n".join([*lines, *headers, b"", body]))


@pytest.mark.once
@pytest.mark.parametrize(
    ("start", "headers", "refused"),
    [
        (SESSION, [b"Authorization: Bearer \xe4"], (401, "not_authenticated")),
        (LOGIN, [b"Content-Type: application/json; x=\xe4"], (415, "unsupported_media_type")),
        (LOGIN, [JSON, b"Cookie: a=\xe4"], (401, "authentication_failed")),  # the API reads no cookie
        (LOGIN, [JSON, b"X-Forwarded-For: \xe4, 198.51.100.1"], (401, "authentication_failed")),
        (LOGIN, [JSON, b"Latchkey-Client-IP: \xe4"], (401, "authentication_failed")),
        (LOGIN, [JSON, b"Accept-Language: \xe4"], (401, "authentication_failed")),
        (LOGIN, [JSON, b"traceparent: \xe4"], (401, "authentication_failed")),
        (b"GET /api/auth/oauth/google", [b"Sec-Fetch-Mode: \xe4"], (404, "provider_not_found")),
    ],
)
def test_header_with_bytes_above_127_counts_as_an_empty_one(server, start, headers, refused):
    assert problem(call(server, start, *headers)) == refused


@pytest.mark.once
def test_host_with_bytes_above_127_is_refused(server):
    assert problem(call(server, SESSION, host=b"l\xf6calhost")) == (400, "invalid_request")


@pytest.mark.once
def test_origin_and_request_id_with_bytes_above_127_are_ignored(server):
    answer = call(
        server, b"GET /api/auth/config", b"Origin: http://\xe4", b"X-Request-ID: \xe4\xe4\xe4\xe4\xe4\xe4\xe4\xe4"
    )
    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert len(answer.headers["X-Request-ID"]) == 32


@pytest.mark.once
def test_cookie_with_bytes_above_127_is_told_to_the_user_and_logged(server):
    """It hides all cookies of the browser, so a callback would be `invalid_state`, and each form of the admin a 403."""
    landed = call(server, CALLBACK, b"Cookie: a=b; foreign=\xe4")
    assert landed.headers["Location"].endswith("/oauth/error?error=unreadable_cookie")
    page = call(server, b"POST /admin/login/", b"Cookie: a=b; foreign=\xc3\xa4")
    assert (page.status_code, UnreadableCookie.detail in page.text) == (400, True)
    logged = server.log.read_text()
    assert logged.count("No cookie of a browser can be read") == 2
    assert "foreign" not in logged


# The user agent


@pytest.mark.asvs("1.3.12", "16.4.1")
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Firefox", "Firefox"),
        ("", ""),
        ("x" * 65_536, "x" * 512),
        ("\n" * 65_536 + "x", "x"),
        ("Fire\r\nfox\tforged", "Firefoxforged"),
        ("\x1b[31mFirefox\x1b[0m", "[31mFirefox[0m"),
        ("Fire\0fox\x7f\x85", "Firefox"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("Firef\xf6x", "Firef\xf6x"),
        ("'; DROP TABLE x; -- %s %(a)s {0}", "'; DROP TABLE x; -- %s %(a)s {0}"),
    ],
)
def test_user_agent_is_stored_printable_and_cut(api, alice, sent, kept):
    for token in (alice.logs_in(api, User_Agent=sent), api.register("bob@example.org").json()["token"]):
        assert api.check_session(token).status_code == 200
    assert Session.objects.filter(user__email=alice.email).latest("created_at").user_agent == kept


@pytest.mark.parametrize("agent", [b"x" * 65_536, b"Firef\xc3\xb6x", b"\xff\xfe", b"<script>"])
def test_user_agent_of_any_bytes_is_accepted_by_the_server(server, agent):
    body = b'{"email": "unknown@example.org", "password": "correct horse battery"}'
    lines = [b"POST /api/auth/login HTTP/1.1", b"Host: localhost", b"Connection: close", b"User-Agent: " + agent]
    lines += [b"Content-Type: application/json", b"Content-Length: %d" % len(body), b"", body]
    assert problem(server.exchange(b"\r\n".join(lines))) == (401, "authentication_failed")


# The address


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, None, "192.0.2.9"),
        (0, "198.51.100.1", "192.0.2.9"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.66, 198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.66,,198.51.100.1", "198.51.100.1"),
        (1, " 198.51.100.1\t", "198.51.100.1"),
        (2, "203.0.113.66, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "198.51.100.1"),
        (1, "::ffff:198.51.100.1", "198.51.100.1"),
        (1, "2001:DB8:0::0001", "2001:db8::1"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "203.0.113.66, unknown", None),
        (1, "203.0.113.66, 198.51.100.1:4711", "198.51.100.1"),
        (1, "203.0.113.66, 198.51.100.01", None),
        (1, "203.0.113.66, ", None),
        (1, "203.0.113.66, 1", None),
        (1, "203.0.113.66, ' OR 1=1 --", None),
        (1, "203.0.113.66, \x00", None),
        (1, "203.0.113.66, " + "1" * 60_000, None),
        (1, "203.0.113.66, " + "1.2.3.4," * 10_000 + "198.51.100.1", "198.51.100.1"),
    ],
)
def test_client_address_is_what_the_outermost_trusted_proxy_saw(api, alice, settings, proxies, forwarded, address):
    settings.TRUSTED_PROXY_COUNT = proxies
    api.defaults["REMOTE_ADDR"] = "192.0.2.9"
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded, "X-Real-IP": "203.0.113.66"}
    assert api.check_session(alice.logs_in(api, **headers)).json()["ip_address"] == address


@pytest.mark.once
@pytest.mark.asvs("4.1.3")
def test_client_address_of_several_header_lines_is_in_the_last(tmp_path):
    """Several lines are one list (RFC 9110, 5.2). A proxy may add a line of its own below the client's."""
    lines = HTTPHeaderDict([("X-Forwarded-For", "203.0.113.66"), ("X-Forwarded-For", "198.51.100.1")])
    user = {"email": "alice@example.org", "password": "correct horse battery"}
    with (
        database(tmp_path) as url,
        serving(log=tmp_path / "log", DATABASE_URL=url, TRUSTED_PROXY_COUNT="1") as server,
        PoolManager() as caller,
    ):
        answer = caller.request("POST", f"{server.url}/api/auth/register", json=user, headers=lines)
        session = server.call("GET", "/api/auth/session", token=answer.json()["token"]).json()
    assert session["ip_address"] == "198.51.100.1"


@pytest.mark.parametrize("remote", ["", "unix:", "@"])
def test_client_address_is_unknown_behind_a_unix_socket(api, alice, remote):
    api.defaults["REMOTE_ADDR"] = remote
    assert api.check_session(alice.logs_in(api)).json()["ip_address"] is None


def test_client_address_that_is_ipv4_mapped_is_stored_as_ipv4(api, alice):
    api.defaults["REMOTE_ADDR"] = "::ffff:192.0.2.9"
    assert api.check_session(alice.logs_in(api)).json()["ip_address"] == "192.0.2.9"
