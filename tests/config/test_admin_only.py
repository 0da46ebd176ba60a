"""Only the admin uses cookies, and it accepts no request of another site."""

import re

import pytest
import requests
from django.test import Client

from ..server import database, manage, serving
from ..users import problem
from .test_settings import read

pytestmark = pytest.mark.once

LOGIN = "/admin/login/"
USERS = "/admin/accounts/user/"
ROOT = {"username": "root@example.org", "password": "the password of root"}


@pytest.fixture
def browser(root):
    """A browser of an administrator, with the check for forged requests."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(root)
    return client


def csrf(client, path):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).content.decode())[1]


# The API knows no cookies


@pytest.mark.asvs("3.5.2")
@pytest.mark.parametrize("path", ["/api/auth/session", "/api/users/me"])
def test_admin_cookie_is_no_credential_for_the_api(browser, path):
    assert browser.get("/admin/").status_code == 200
    assert browser.get(path).status_code == 401


def test_api_sets_no_cookie(api, alice):
    api.login(alice.email, alice.password)
    api.check_session(alice.token)
    for path in ("/", "/api/docs", "/api/openapi.json", "/api/nothing", "/healthz", "/static/admin/css/base.css"):
        api.get(path).close()
    assert not api.cookies


def test_api_leaves_the_admin_cookie_unchanged(browser, api, alice):
    before = {name: morsel.value for name, morsel in browser.cookies.items()}
    answer = browser.get("/api/users/me", headers={"Authorization": f"Bearer {alice.token}"})
    assert answer.json()["email"] == alice.email
    assert not answer.cookies
    assert before == {name: morsel.value for name, morsel in browser.cookies.items()}


def test_admin_middlewares_do_not_run_outside_the_admin(browser, api):
    for path in ("/api/docs", "/api/users/me", "/healthz"):
        answer = api.get(path)
        assert "X-Frame-Options" not in answer.headers  # the admin's middlewares set it
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_session_token_is_no_credential_for_the_admin(api, root):
    token = api.login(root.email, ROOT["password"]).json()["token"]
    answer = Client().get(USERS, headers={"Authorization": f"Bearer {token}"})
    assert answer.headers["Location"].startswith(LOGIN)


def test_disabled_admin_answers_404(tmp_path):
    off = {"ADMIN_ENABLED": "false", "MAIL_IN_PROCESS": "false", "DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3"}
    with serving(log=tmp_path / "log", **off) as server:
        for method, path in (("GET", "/admin"), ("GET", "/admin/"), ("GET", LOGIN), ("POST", LOGIN), ("GET", USERS)):
            answer = server.call(method, path)
            assert problem(answer) == (404, "not_found")
            assert "Set-Cookie" not in answer.headers
            assert "X-Frame-Options" not in answer.headers  # the admin's middlewares set it


# The admin


@pytest.mark.asvs("3.5.1")
def test_admin_refuses_a_forged_form(browser, user):
    assert browser.post(LOGIN, ROOT).status_code == 403
    assert browser.post(USERS, {"action": "disable", "_selected_action": user.pk}).status_code == 403
    assert browser.post(f"{USERS}{user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.post("/admin/logout/").status_code == 403
    own = {"csrfmiddlewaretoken": csrf(browser, USERS), "action": "disable", "_selected_action": user.pk}
    assert browser.post(USERS, own, headers={"Origin": "https://evil.example"}).status_code == 403
    user.refresh_from_db()
    assert user.is_active
    assert browser.post(USERS, own).status_code == 302
    user.refresh_from_db()
    assert not user.is_active


@pytest.mark.asvs("3.5.3")
def test_admin_changes_nothing_by_a_get(browser, user):
    for path in (f"{USERS}?action=disable&_selected_action={user.pk}&index=0", f"{USERS}{user.pk}/delete/?post=yes"):
        assert browser.get(path).status_code in {200, 302, 400}
    assert browser.get("/admin/logout/").status_code == 405
    user.refresh_from_db()
    assert user.is_active
    assert browser.get("/admin/").status_code == 200


@pytest.mark.asvs("3.4.3", "3.4.4", "3.4.5", "3.4.6", "14.2.3", "4.1.1")
@pytest.mark.parametrize("path", ["/admin/", LOGIN, USERS, USERS + "add/", "/admin/nothing/"])
def test_admin_pages_have_strict_security_headers(browser, path):
    headers = browser.get(path, follow=True).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.asvs("14.3.2")
def test_admin_pages_are_not_cached(browser, user):
    for path in ("/admin/", LOGIN, USERS, f"{USERS}{user.pk}/change/", "/admin/sessions_api/session/"):
        assert "no-store" in browser.get(path).headers["Cache-Control"]


@pytest.mark.asvs("7.4.4", "7.4.1")
def test_admin_pages_have_a_logout_that_invalidates_the_cookie(browser, user):
    before = browser.cookies.output()
    for path in ("/admin/", USERS, f"{USERS}{user.pk}/change/", "/admin/sessions_api/session/"):
        assert 'action="/admin/logout/"' in browser.get(path).content.decode()
    browser.post("/admin/logout/", {"csrfmiddlewaretoken": csrf(browser, "/admin/")})
    browser.cookies.load(before.replace("Set-Cookie: ", ""))
    assert browser.get("/admin/").status_code == 302


@pytest.mark.asvs("7.4.1", "7.4.3", "8.3.2")
@pytest.mark.parametrize("change", ["disabled", "demoted", "another password", "deleted"])
def test_admin_cookie_is_invalid_after_a_change_of_the_user(browser, root, change):
    assert browser.get("/admin/").status_code == 200
    match change:
        case "disabled":
            type(root).objects.filter(pk=root.pk).update(is_active=False)
        case "demoted":
            type(root).objects.filter(pk=root.pk).update(is_staff=False)
        case "another password":
            root.set_password("another password")
            root.save()
        case "deleted":
            root.delete()
    assert browser.get("/admin/").status_code == 302


def test_admin_messages_are_in_no_cookie(browser, user):
    form = {"csrfmiddlewaretoken": csrf(browser, USERS), "action": "disable", "_selected_action": user.pk}
    browser.post(USERS, form)
    assert browser.cookies.keys() == {"latchkey-admin", "latchkey-csrf"}
    assert "1 user: disabled." in browser.get(USERS).content.decode()


# By https, behind a proxy


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """A function that calls the service as a proxy at https://auth.example.org would."""
    folder = tmp_path_factory.mktemp("proxied")
    env = {"PUBLIC_URL": "https://auth.example.org", "TRUSTED_PROXY_COUNT": "1"}
    seen = {"Host": "auth.example.org", "X-Forwarded-Proto": "https", "Origin": env["PUBLIC_URL"]}
    with database(folder) as url:
        account = {"DJANGO_SUPERUSER_EMAIL": ROOT["username"], "DJANGO_SUPERUSER_PASSWORD": ROOT["password"]}
        manage("createsuperuser", "--noinput", DATABASE_URL=url, **account)
        with serving(log=folder / "log", DATABASE_URL=url, **env) as server, requests.Session() as session:
            session.headers.update(seen)
            yield lambda method, path, **more: session.request(method, server.url + path, allow_redirects=False, **more)


def set_cookies(answer):
    return dict(line.split("=", 1) for line in answer.raw.headers.getlist("Set-Cookie"))


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.3", "3.3.4")
def test_admin_cookies_are_for_one_host_https_only_and_not_for_scripts(proxied):
    page = proxied("GET", LOGIN)
    cookies = set_cookies(page)
    sent = {"Cookie": "; ".join(f"{name}={value.split(';')[0]}" for name, value in cookies.items())}
    form = ROOT | {"csrfmiddlewaretoken": re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]}
    answer = proxied("POST", LOGIN, data=form, headers=sent)
    assert answer.status_code == 302
    cookies |= set_cookies(answer)
    assert cookies.keys() == {"__Host-latchkey-admin", "__Host-latchkey-csrf"}
    for cookie in cookies.values():
        attributes = {part.strip() for part in cookie.split(";")}
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= attributes
        assert "domain" not in cookie.lower()


@pytest.mark.asvs("3.4.1")
@pytest.mark.parametrize("path", [LOGIN, "/api/auth/config", "/healthz"])
def test_hsts_header_is_sent_with_https(proxied, path):
    assert proxied("GET", path).headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


# Bodies


BOUNDARY = b"canary"
PART = b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'


def multipart(*parts):
    return b"".join(PART % (BOUNDARY, *part) for part in parts) + b"--%s--\r\n" % BOUNDARY


def post(path, body, *headers):
    kind = b"Content-Type: multipart/form-data; boundary=" + BOUNDARY
    lines = [f"POST {path} HTTP/1.1".encode(), b"Host: localhost", kind, *headers, b"Connection: close", b"", body]
    return b"\r\n".join(lines)


def chunks(body, size=9000):
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


@pytest.mark.parametrize("path", [LOGIN, "/admin/", USERS + "add/", "/admin/nothing/", "/admin/jsi18n/"])
def test_admin_refuses_a_body_above_64_kib_before_it_arrives(server, path):
    answer = server.exchange(post(path, b"", b"Content-Length: 60000000"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "64 KiB" in answer.text


def test_admin_refuses_a_chunked_body_above_64_kib(server):
    upload = multipart((b"username", b"; filename=canary", b"x" * 3_000_000))
    answer = server.exchange(post(LOGIN, chunks(upload), b"Transfer-Encoding: chunked"))
    assert answer.status_code == 413


def test_admin_reads_a_small_chunked_form(server):
    page = server.exchange(f"GET {LOGIN} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    csrf_token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1].encode()
    cookie = b"Cookie: " + page.headers["Set-Cookie"].partition(";")[0].encode()
    form = multipart((b"csrfmiddlewaretoken", b"", csrf_token), (b"username", b"", b"root"), (b"password", b"", b"x"))
    answer = server.exchange(post(LOGIN, chunks(form), cookie, b"Transfer-Encoding: chunked"))
    assert answer.status_code == 200
    assert "errornote" in answer.text


def test_admin_drops_files(browser):
    form = multipart((b"csrfmiddlewaretoken", b"", csrf(browser, USERS).encode()), (b"f", b"; filename=f", b"x" * 5000))
    answer = browser.generic("POST", USERS, form, content_type="multipart/form-data; boundary=canary")
    assert answer.wsgi_request.FILES == {}


def test_admin_refuses_a_foreign_host_as_the_api_does(browser):
    answer = browser.get(LOGIN, headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


@pytest.fixture
def admin_host(settings):
    settings.ADMIN_HOST, settings.ALLOWED_HOSTS = "admin.example.org", ["admin.example.org", "auth.example.org"]
    return settings.ADMIN_HOST


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin", "/admin/accounts/user/"])
def test_admin_host_is_the_only_one_with_the_admin(client, admin_host, path):
    assert client.get(path, headers={"Host": "auth.example.org"}).status_code == 404
    assert client.get(path, headers={"Host": f"{admin_host}:8443"}).status_code in {200, 301, 302}


@pytest.mark.parametrize(
    "path", ["/api/auth/config", "/api/docs", "/api/openapi.json", "/", "/login", "/administration"]
)
def test_admin_host_has_nothing_else(client, admin_host, path):
    assert client.get(path, headers={"Host": admin_host}).status_code == 404
    assert client.get("/api/auth/config", headers={"Host": "auth.example.org"}).status_code == 200


def test_admin_host_has_static_files_and_answers_probes(client, admin_host):
    assert client.get("/static/admin/css/base.css", headers={"Host": admin_host}).getvalue()
    assert client.get("/healthz", headers={"Host": admin_host}).status_code == 200


def test_admin_host_becomes_the_origin_that_forms_come_from():
    own = read(PUBLIC_URL="https://auth.example.org:8443", ADMIN_HOST="Admin.Example.org")
    assert own.CSRF_TRUSTED_ORIGINS == [own.ADMIN_ORIGIN] == ["https://admin.example.org:8443"]
    assert "admin.example.org" in own.ALLOWED_HOSTS
    assert read(PUBLIC_URL="https://auth.example.org").ADMIN_ORIGIN == "https://auth.example.org"
