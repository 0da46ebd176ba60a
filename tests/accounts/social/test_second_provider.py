"""GitHub, by one entry in the settings and its two keys."""

from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.social.providers.oidc import GitHub
from accounts.social.providers.registry import backend_for
from accounts.social.strategy import OAuthFlowState

from ...users import problem


@pytest.fixture
def github(settings):
    settings.SOCIAL_AUTH_GITHUB_KEY = "our-github-id"
    settings.SOCIAL_AUTH_GITHUB_SECRET = "our-github-secret"


def test_it_is_off_until_it_has_its_keys(browser, api):
    assert [told["provider"] for told in api.call("GET", "/api/auth/config").json()["providers"]] == ["google"]
    assert problem(browser.get("/api/auth/oauth/github")) == (404, "provider_not_found")


def test_with_them_it_stands_beside_the_first(browser, api, github):
    told = api.call("GET", "/api/auth/config").json()["providers"]
    assert [(each["provider"], each["name"]) for each in told] == [("google", "Google"), ("github", "GitHub")]
    address = urlsplit(browser.get("/api/auth/oauth/github").headers["Location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert (address.netloc, asked["client_id"], asked["scope"]) == ("github.com", "our-github-id", "user:email")
    assert asked["redirect_uri"].endswith("/api/auth/oauth/github/callback")


@pytest.mark.asvs("10.2.2")
def test_a_start_at_one_provider_is_not_finished_at_the_other(browser, github):
    address = browser.consent(browser.start(), "dave").replace("/google/", "/github/")
    assert browser.land(address).error == "invalid_state"


@pytest.mark.parametrize(("verified", "believed"), [(True, True), (False, False), ("true", False), (None, False)])
def test_an_address_is_verified_where_it_says_so_of_this_very_one(github, rf, monkeypatch, verified, believed):
    answers = {
        None: {"id": 1, "email": None},
        "/emails": [
            {"email": "other@example.org", "primary": False, "verified": True},
            {"email": "dave@example.org", "primary": True, "verified": verified},
        ],
    }
    monkeypatch.setattr(GitHub, "_user_data", lambda self, token, path=None: answers[path])
    data = backend_for(rf.get("/"), OAuthFlowState("github")).user_data("token")
    assert (data["email"], data["email_verified"]) == ("dave@example.org", believed)
