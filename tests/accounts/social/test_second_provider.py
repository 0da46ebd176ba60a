"""GitHub, which is on when its two keys are set."""

from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.social.flow_state import OAuthFlowState
from accounts.social.providers.github import GitHub
from accounts.social.providers.registry import backend_for
from sessions_api.http.client import ClientInfo

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


@pytest.mark.parametrize(("verified", "believed"), [(True, True), (False, False), ("true", False), (None, False)])
def test_github_address_is_verified_where_github_says_so_of_this_address(github, monkeypatch, verified, believed):
    answers = {
        None: {"id": 1, "email": None},
        "/emails": [
            {"email": "other@example.org", "primary": False, "verified": True},
            {"email": "dave@example.org", "primary": True, "verified": verified},
        ],
    }
    monkeypatch.setattr(GitHub, "_user_data", lambda self, token, path=None: answers[path])
    data = backend_for(OAuthFlowState("github"), client=ClientInfo()).user_data("token")
    assert (data["email"], data["email_verified"]) == ("dave@example.org", believed)
