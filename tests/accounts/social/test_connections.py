"""Linking and unlinking by a logged-in user."""

import pytest
from social_django.models import UserSocialAuth

from accounts.models import User

from ...users import problem


@pytest.fixture
def dave(api, browser):
    """The session token of a user who signed in with Google and has no password."""
    return browser.sign_in("dave").told["session"]


def begin(api, token):
    answer = api.call("POST", "/api/auth/oauth/google/link", token=token)
    assert answer.status_code == 200, answer.content
    return answer.json()["authorize_url"]


def follow(browser, address, sub="dave-at-google"):
    """The browser goes to the address, to the provider, and back to the front end."""
    answer = browser.get(address.partition("://")[2].partition("/")[2].join(["/", ""]))
    assert answer.status_code == 302
    return browser.land(browser.consent(answer.headers["Location"], sub))


def complete(api, token, code):
    return api.call("POST", "/api/auth/connections", {"code": code}, token=token)


@pytest.mark.asvs("2.3.1")
def test_link_by_a_logged_in_user(api, browser, alice):
    landing = follow(browser, begin(api, alice.token))
    assert landing.path == "/oauth/callback"
    assert landing.told.keys() == {"link_code"}
    assert not UserSocialAuth.objects.exists()
    answer = complete(api, alice.token, landing.told["link_code"])
    assert answer.status_code == 201
    assert answer.json() | {"id": 0, "created_at": ""} == {"id": 0, "provider": "google", "created_at": ""}
    assert api.call("GET", "/api/auth/connections", token=alice.token).json() == [answer.json()]
    token = browser.sign_in("dave-at-google").told["session"]
    assert api.check_session(token).json()["user"]["email"] == alice.email


def test_link_returns_the_state_of_the_front_end(api, browser, alice):
    assert follow(browser, begin(api, alice.token) + "&state=mine").told["state"] == "mine"


@pytest.mark.asvs("7.5.1")
def test_link_needs_a_recent_login(api, browser, alice, clock):
    clock.shift(601)
    answer = api.call("POST", "/api/auth/oauth/google/link", token=alice.token)
    assert problem(answer) == (403, "reauthentication_required")


@pytest.mark.asvs("6.5.1")
def test_link_address_is_valid_once(api, browser, alice):
    address = begin(api, alice.token)
    follow(browser, address)
    answer = browser.get(address.partition("localhost:8000")[2])
    assert "error=invalid_state" in answer.headers["Location"]


def test_link_address_expires_after_a_minute(api, browser, alice, clock):
    address = begin(api, alice.token)
    clock.shift(61)
    answer = browser.get(address.partition("localhost:8000")[2])
    assert "error=invalid_state" in answer.headers["Location"]


def test_link_can_be_completed_only_by_the_user_who_started_it(api, browser, alice, bob):
    landing = follow(browser, begin(api, alice.token))
    assert problem(complete(api, bob.token, landing.told["link_code"])) == (400, "invalid_code")
    assert not UserSocialAuth.objects.exists()


@pytest.mark.asvs("6.5.1")
def test_link_code_is_valid_once_and_for_a_minute(api, browser, alice, clock):
    code = follow(browser, begin(api, alice.token)).told["link_code"]
    assert complete(api, alice.token, code).status_code == 201
    UserSocialAuth.objects.all().delete()
    assert problem(complete(api, alice.token, code)) == (400, "invalid_code")
    code = follow(browser, begin(api, alice.token)).told["link_code"]
    clock.shift(61)
    assert problem(complete(api, alice.token, code)) == (400, "invalid_code")


@pytest.mark.asvs("9.2.2", "9.2.4", "2.3.1")
def test_link_code_and_link_ticket_are_not_interchangeable(api, browser, alice):
    ticket = begin(api, alice.token).partition("link=")[2].replace("%3A", ":")
    assert problem(complete(api, alice.token, ticket)) == (400, "invalid_code")
    code = follow(browser, begin(api, alice.token)).told["link_code"]
    answer = browser.get("/api/auth/oauth/google", {"link": code})
    assert "error=invalid_state" in answer.headers["Location"]


def test_link_of_an_identity_that_another_user_has_is_refused(api, browser, alice, dave):
    code = follow(browser, begin(api, alice.token), "dave").told["link_code"]
    assert problem(complete(api, alice.token, code)) == (409, "already_linked")


def test_link_of_a_second_identity_of_a_provider_is_refused(api, browser, alice):
    for sub, outcome in (("first", 201), ("second", 409)):
        code = follow(browser, begin(api, alice.token), sub).told["link_code"]
        assert complete(api, alice.token, code).status_code == outcome


@pytest.mark.asvs("6.5.6")
@pytest.mark.parametrize(("key", "secret", "status"), [("", "", 409), ("x", "", 409), ("", "x", 409), ("x", "x", 204)])
def test_unlink_counts_only_configured_providers_as_login_methods(api, dave, settings, key, secret, status):
    (connection,) = api.call("GET", "/api/auth/connections", token=dave).json()
    UserSocialAuth.objects.create(user=User.objects.get(), provider="github", uid="7")
    settings.SOCIAL_AUTH_GITHUB_KEY, settings.SOCIAL_AUTH_GITHUB_SECRET = key, secret
    answer = api.call("DELETE", f"/api/auth/connections/{connection['id']}", token=dave)
    assert answer.status_code == status
    assert UserSocialAuth.objects.filter(provider="google").exists() == (status == 409)


@pytest.mark.asvs("6.5.6")
def test_unlink_refuses_the_last_login_method(api, dave):
    (connection,) = api.call("GET", "/api/auth/connections", token=dave).json()
    path = f"/api/auth/connections/{connection['id']}"
    assert problem(api.call("DELETE", path, token=dave)) == (409, "last_login_method")
    user = User.objects.get()
    user.set_password("the password of dave")
    user.save()
    token = api.login(user.email, "the password of dave").json()["token"]
    assert api.call("DELETE", path, token=token).status_code == 204
    assert api.call("GET", "/api/auth/connections", token=token).json() == []


@pytest.mark.asvs("8.2.2")
def test_unlink_of_another_users_connection_is_not_found(api, alice, dave):
    pk = UserSocialAuth.objects.get().pk
    assert problem(api.call("DELETE", f"/api/auth/connections/{pk}", token=alice.token)) == (404, "not_found")
    assert problem(api.call("DELETE", f"/api/auth/connections/{pk + 1}", token=alice.token)) == (404, "not_found")
    assert api.call("GET", "/api/auth/connections", token=alice.token).json() == []


@pytest.mark.asvs("7.5.1", "7.5.3")
def test_unlink_needs_a_recent_login(api, dave, clock):
    clock.shift(601)
    pk = UserSocialAuth.objects.get().pk
    answer = api.call("DELETE", f"/api/auth/connections/{pk}", token=dave)
    assert problem(answer) == (403, "reauthentication_required")
