"""Cookies belong to the admin alone, and the admin is closed to whatever is not its own page."""

import re

import pytest
import requests
from django.test import Client

from ..server import database, manage, serving
from ..users import problem

LOGIN = "/admin/login/"
PEOPLE = "/admin/accounts/user/"
ROOT = {"username": "root@example.org", "password": "the password of root"}


@pytest.fixture
def browser(root):
    """One that is logged in, and for which nobody leaves out the check for forged requests."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(root)
    return client


def csrf(client, path):
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', client.get(path).content.decode())[1]


# The API knows no cookies


@pytest.mark.asvs("3.5.2")
@pytest.mark.parametrize("path", ["/api/auth/session", "/api/users/me"])
def test_the_admins_cookie_opens_nothing_of_the_api(browser, path):
    assert browser.get("/admin/").status_code == 200
    assert browser.get(path).status_code == 401


def test_the_api_sets_no_cookie(api, alice):
    api.login(alice.email, alice.password)
    api.check_session(alice.token)
    for path in ("/", "/api/docs", "/api/openapi.json", "/api/nothing", "/healthz", "/static/admin/css/base.css"):
        api.get(path).close()
    assert not api.cookies


def test_the_api_leaves_the_admins_cookie_alone(browser, api, alice):
    before = {name: morsel.value for name, morsel in browser.cookies.items()}
    answer = browser.get("/api/users/me", headers={"Authorization": f"Bearer {alice.token}"})
    assert answer.json()["email"] == alice.email
    assert not answer.cookies
    assert before == {name: morsel.value for name, morsel in browser.cookies.items()}


def test_the_admins_middlewares_sleep_outside_of_it(browser, api):
    for path in ("/api/docs", "/api/users/me", "/healthz"):
        answer = api.get(path)
        assert "X-Frame-Options" not in answer.headers  # the sign that they are awake
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_token_opens_nothing_of_the_admin(api, root):
    token = api.login(root.email, ROOT["password"]).json()["token"]
    answer = Client().get(PEOPLE, headers={"Authorization": f"Bearer {token}"})
    assert answer.headers["Location"].startswith(LOGIN)


@pytest.mark.once
@pytest.mark.asvs("13.4.5")
def test_an_admin_that_is_switched_off_is_not_there(tmp_path):
    off = {"ADMIN_ENABLED": "false", "MAIL_IN_PROCESS": "false", "DATABASE_URL": f"sqlite:///{tmp_path}/none.sqlite3"}
    with serving(log=tmp_path / "log", **off) as server:
        for method, path in (("GET", "/admin"), ("GET", "/admin/"), ("GET", LOGIN), ("POST", LOGIN), ("GET", PEOPLE)):
            answer = server.call(method, path)
            assert problem(answer) == (404, "not_found")
            assert "Set-Cookie" not in answer.headers
            assert "X-Frame-Options" not in answer.headers  # the sign that its middlewares are awake


# The admin


@pytest.mark.asvs("3.5.1")
def test_a_forged_form_is_refused(browser, user):
    assert browser.post(LOGIN, ROOT).status_code == 403
    assert browser.post(PEOPLE, {"action": "disable", "_selected_action": user.pk}).status_code == 403
    assert browser.post(f"{PEOPLE}{user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert browser.post("/admin/logout/").status_code == 403
    own = {"csrfmiddlewaretoken": csrf(browser, PEOPLE), "action": "disable", "_selected_action": user.pk}
    assert browser.post(PEOPLE, own, headers={"Origin": "https://evil.example"}).status_code == 403
    user.refresh_from_db()
    assert user.is_active
    assert browser.post(PEOPLE, own).status_code == 302
    user.refresh_from_db()
    assert not user.is_active


@pytest.mark.asvs("3.5.3")
def test_nothing_is_changed_by_a_get(browser, user):
    for path in (f"{PEOPLE}?action=disable&_selected_action={user.pk}&index=0", f"{PEOPLE}{user.pk}/delete/?post=yes"):
        assert browser.get(path).status_code in {200, 302}
    assert browser.get("/admin/logout/").status_code == 405
    user.refresh_from_db()
    assert user.is_active
    assert browser.get("/admin/").status_code == 200


@pytest.mark.asvs("3.4.3", "3.4.4", "3.4.5", "3.4.6")
@pytest.mark.parametrize("path", ["/admin/", LOGIN, PEOPLE, PEOPLE + "add/", "/admin/nothing/"])
def test_every_page_is_locked_up(browser, path):
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
def test_no_page_is_kept_by_a_cache(browser, user):
    for path in ("/admin/", LOGIN, PEOPLE, f"{PEOPLE}{user.pk}/change/", "/admin/sessions_api/session/"):
        assert "no-store" in browser.get(path).headers["Cache-Control"]


@pytest.mark.asvs("7.4.4", "7.4.1")
def test_every_page_lets_one_log_out_which_ends_the_cookie(browser, user):
    before = browser.cookies.output()
    for path in ("/admin/", PEOPLE, f"{PEOPLE}{user.pk}/change/", "/admin/sessions_api/session/"):
        assert 'action="/admin/logout/"' in browser.get(path).content.decode()
    browser.post("/admin/logout/", {"csrfmiddlewaretoken": csrf(browser, "/admin/")})
    browser.cookies.load(before.replace("Set-Cookie: ", ""))
    assert browser.get("/admin/").status_code == 302


@pytest.mark.asvs("7.4.1", "7.4.3", "8.3.2")
@pytest.mark.parametrize("change", ["disabled", "demoted", "another password", "deleted"])
def test_a_cookie_is_as_good_as_the_user_is_now(browser, root, change):
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


def test_what_the_admin_says_is_in_no_cookie(browser, user):
    form = {"csrfmiddlewaretoken": csrf(browser, PEOPLE), "action": "disable", "_selected_action": user.pk}
    browser.post(PEOPLE, form)
    assert browser.cookies.keys() == {"latchkey-admin", "latchkey-csrf"}
    assert "1 user: disabled." in browser.get(PEOPLE).content.decode()


# By https, behind a proxy


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """What a browser sees of the service when it is installed at https://auth.example.org."""
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
def test_cookies_are_for_this_host_by_https_and_not_for_scripts(proxied):
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
def test_browsers_are_told_to_stay_with_https(proxied, path):
    assert proxied("GET", path).headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
