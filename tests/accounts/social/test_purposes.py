"""What is signed for one purpose is invalid for every other, whatever it says."""

import secrets

import pytest
from django.core import signing
from django.utils import timezone

from accounts.models import User
from accounts.single_use.models import consume_once
from accounts.social.connections import LINK_CODE, link_salt
from accounts.social.flow_state import SALT, OAuthFlowState, Utf8Json

from ...users import problem

SALTS = {
    "flow": SALT,
    "link code": LINK_CODE,
    "link ticket": link_salt("google"),
    "link ticket of another provider": link_salt("github"),
}
every_salt = pytest.mark.parametrize("purpose", SALTS)


def ticket(purpose, **facts):
    """A ticket with valid facts, signed for this purpose."""
    facts |= {"expires_at": int(timezone.now().timestamp()) + 60, "nonce": secrets.token_urlsafe(16)}
    return signing.dumps(facts, salt=SALTS[purpose])


def test_token_that_is_consumed_for_one_purpose_stays_valid_for_another(db):
    facts = {"token": "a token", "expires_at": timezone.now()}
    purposes = ("one", "another", "one")
    assert [consume_once(purpose=purpose, **facts) for purpose in purposes] == [True, True, False]


@every_salt
@pytest.mark.asvs("9.2.2", "9.2.4")
def test_flow_cookie_must_be_signed_as_a_flow(browser, purpose):
    address = browser.start()
    ((name, cookie),) = browser.cookies.items()
    facts = signing.loads(cookie.value, salt=SALT, serializer=Utf8Json)
    browser.cookies[name] = signing.dumps(facts, salt=SALTS[purpose], serializer=Utf8Json)
    landing = browser.land(browser.consent(address, "dave"))
    assert landing.path == ("/oauth/callback" if purpose == "flow" else "/oauth/error")
    assert landing.told.get("error", "invalid_state") == "invalid_state"
    assert User.objects.exists() == (purpose == "flow")


@every_salt
@pytest.mark.asvs("9.2.2", "9.2.4")
def test_link_ticket_must_be_signed_for_this_provider(browser, google, user, purpose):
    answer = browser.get("/api/auth/oauth/google", {"link": ticket(purpose, user=str(user.pk))})
    assert answer.headers["Location"].startswith(google) == (purpose == "link ticket")
    assert ("error=invalid_state" in answer.headers["Location"]) == (purpose != "link ticket")


@every_salt
@pytest.mark.asvs("9.2.2", "9.2.4")
def test_link_code_must_be_signed_as_a_link_code(google, api, alice, user, purpose):
    code = ticket(purpose, user=str(user.pk), provider="google", uid="dave")
    answer = api.call("POST", "/api/auth/connections", {"code": code}, token=alice.token)
    if purpose == "link code":
        assert answer.status_code == 201
    else:
        assert problem(answer) == (400, "invalid_code")
        assert not user.social_auth.exists()


@pytest.mark.asvs("9.2.2")
def test_flow_of_one_provider_is_invalid_at_another(browser, settings):
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "x"
    browser.start()
    ((_name, cookie),) = browser.cookies.items()
    flow = OAuthFlowState.decode(cookie.value)
    landing = browser.land(f"/api/auth/oauth/github/callback?code=x&state={flow.oauth_state}")
    assert landing.told == {"error": "invalid_state"}
