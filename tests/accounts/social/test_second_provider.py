"""GitHub, which is on when its two keys are set."""

import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.models import User
from accounts.social.providers.github import GitHub

from ...browser import answering
from ...users import problem


@pytest.fixture
def github(settings):
    settings.SOCIAL_AUTH_GITHUB_KEY = "our-github-id"
    settings.SOCIAL_AUTH_GITHUB_SECRET = "our-github-secret"


def test_github_is_off_without_its_keys(browser, api):
    assert [told["provider"] for told in api.call("GET", "/api/auth/config").json()["providers"]] == ["google"]
    assert problem(browser.get("/api/auth/oauth/github")) == (404, "provider_not_found")


def test_github_is_listed_beside_google(browser, api, github):
    told = api.call("GET", "/api/auth/config").json()["providers"]
    assert [(each["provider"], each["name"]) for each in told] == [("google", "Google"), ("github", "GitHub")]
    address = urlsplit(browser.get("/api/auth/oauth/github").headers["Location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (address.netloc, asked["client_id"], asked["scope"]) == ("github.com", "our-github-id", "user:email")
    assert asked["redirect_uri"].endswith("/api/auth/oauth/github/callback")


@pytest.mark.asvs("10.2.2")
def test_sign_in_cannot_change_the_provider_at_the_callback(browser, github):
    address = browser.consent(browser.start(), "dave").replace("/google/", "/github/")
    assert browser.land(address).error == "invalid_state"


@pytest.fixture
def of_github(github, settings, monkeypatch):
    """What GitHub answers, by the path: a status and a body."""
    answers = {
        "/login/oauth/access_token": (200, {"access_token": "x", "token_type": "bearer"}),
        "/user": (200, {"id": 1, "email": None, "name": "Dave"}),
    }

    class Api(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answers[self.path]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_):
            pass

    with answering(Api) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
        monkeypatch.setattr(GitHub, "API_URL", url)
        monkeypatch.setattr(GitHub, "ACCESS_TOKEN_URL", f"{url}login/oauth/access_token")
        yield answers


def sign_in(browser):
    browser.provider = "github"
    (state,) = parse_qs(urlsplit(browser.start()).query)["state"]
    return browser.land(f"/api/auth/oauth/github/callback?code=x&state={state}")


@pytest.mark.parametrize(("verified", "accepted"), [(True, True), (False, False), ("true", False), (None, False)])
def test_github_address_is_verified_where_github_says_so_of_this_address(browser, of_github, verified, accepted):
    of_github["/user/emails"] = (
        200,
        [
            {"email": "other@example.org", "primary": False, "verified": True},
            {"email": "dave@example.org", "primary": True, "verified": verified},
        ],
    )
    landing = sign_in(browser)
    if accepted:
        assert landing.path == "/oauth/callback"
        assert [(user.email, user.display_name) for user in User.objects.all()] == [("dave@example.org", "Dave")]
    else:
        assert landing.error == "email_unverified"


def test_github_that_shows_no_addresses_is_an_error_of_the_provider(browser, of_github, caplog):
    of_github["/user/emails"] = (403, {"message": "Resource not accessible by integration"})
    assert sign_in(browser).error == "provider_error"
    assert "the permission 'Email addresses: Read-only'" in caplog.text


@pytest.mark.parametrize(("path", "body"), [("/user", []), ("/user/emails", {"email": "x"}), ("/user/emails", None)])
def test_github_answer_of_another_shape_is_an_error_of_the_provider(browser, of_github, path, body):
    of_github |= {"/user/emails": (200, []), path: (200, body)}
    assert sign_in(browser).error == "provider_error"


def test_github_user_without_a_usable_address_is_refused(browser, of_github):
    of_github["/user/emails"] = (200, [None, {"email": "dave@example.org", "verified": True}])
    assert sign_in(browser).error == "email_unverified"
