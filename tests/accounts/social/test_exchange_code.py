"""The front end gets a code, which opens a session only with its verifier."""

import pytest

from accounts.login.models import SessionExchangeCode, s256
from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.models import Session

from ...users import problem

VERIFIER = "the-verifier-of-a-front-end_0123456789~.ABCD"


@pytest.fixture
def code(browser):
    """The code in the URL of a front end that sent a challenge."""
    landing = browser.sign_in("dave", start={"code_challenge": s256(VERIFIER), "state": "mine"})
    assert landing.told.keys() == {"code", "state"}
    return landing.told["code"]


def exchange(api, code, verifier=VERIFIER, **headers):
    return api.call("POST", "/api/auth/exchange", {"code": code, "code_verifier": verifier}, **headers)


def test_exchange_code_replaces_the_session_where_the_start_had_a_challenge(api, code):
    assert not Session.objects.exists()
    answer = exchange(api, code)
    assert answer.status_code == 200
    session = api.check_session(answer.json()["token"]).json()
    assert (session["method"], session["user"]["email"]) == ("google", "dave@gmail.com")


@pytest.mark.asvs("6.5.2")
def test_exchange_code_is_stored_without_a_token(code):
    row = SessionExchangeCode.objects.values().get()
    assert row.keys() == {"id", "digest", "user_id", "provider", "code_challenge", "expires_at"}
    assert code not in str(row)


@pytest.mark.asvs("6.5.1")
def test_exchange_code_is_valid_once(api, code):
    assert exchange(api, code).status_code == 200
    assert problem(exchange(api, code)) == (400, "invalid_code")


@pytest.mark.asvs("6.6.2")
def test_exchange_code_is_consumed_by_a_wrong_verifier(api, code):
    assert problem(exchange(api, code, "x" * 43)) == (400, "invalid_code")
    assert problem(exchange(api, code)) == (400, "invalid_code")


@pytest.mark.asvs("9.2.1")
def test_exchange_code_expires_after_a_minute(api, browser, clock):
    challenge = {"code_challenge": s256(VERIFIER)}
    in_time, late = (browser.sign_in("dave", start=challenge).told["code"] for _ in range(2))
    clock.shift(59)
    assert exchange(api, in_time).status_code == 200
    clock.shift(1)
    assert problem(exchange(api, late)) == (400, "invalid_code")


def test_exchange_code_that_is_unknown_is_refused(api, db):
    assert problem(exchange(api, "x" * 43)) == (400, "invalid_code")


def test_exchange_code_of_a_user_disabled_meanwhile_is_refused(api, code):
    User.objects.update(is_active=False)
    assert problem(exchange(api, code)) == (403, "account_disabled")
    assert not Session.objects.exists()


@pytest.mark.asvs("6.3.5")
def test_exchange_by_a_new_device_is_mailed(api, browser, code, mailbox):
    exchange(api, code)
    again = browser.sign_in("dave", start={"code_challenge": s256(VERIFIER)}).told["code"]
    assert not mailbox.new()
    exchange(api, again, User_Agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    mailbox.the_one("dave@gmail.com", "new device")


@pytest.mark.asvs("14.2.1")
def test_oauth_handover_code_needs_a_challenge(browser, settings, api):
    settings.OAUTH_HANDOVER = "code"
    answer = browser.get("/api/auth/oauth/google")
    assert problem(answer) == (422, "validation_error")
    error = {"loc": ["query", "code_challenge"], "code": "missing", "params": {}}
    assert answer.json()["errors"] == [error | {"msg": "OAUTH_HANDOVER needs a challenge."}]
    assert "code" in browser.sign_in("dave", start={"code_challenge": s256(VERIFIER)}).told
    assert api.call("GET", "/api/auth/config").json()["handover"] == "code"


@pytest.mark.parametrize("challenge", ["short", "x" * 44, "ä" * 43, "x" * 42 + "="])
def test_code_challenge_of_another_form_is_refused(browser, challenge):
    answer = browser.get("/api/auth/oauth/google", {"code_challenge": challenge})
    assert problem(answer) == (422, "validation_error")


# Reauthentication of users without a password


@pytest.mark.asvs("7.2.4")
def test_reauthentication_by_an_exchange_code_of_the_same_user(api, browser, code, clock):
    token = exchange(api, code).json()["token"]
    clock.shift(300)
    again = browser.sign_in("dave", start={"code_challenge": s256(VERIFIER)}).told["code"]
    body = {"code": again, "code_verifier": VERIFIER}
    answer = api.call("POST", "/api/auth/reauthenticate", body, token=token)
    assert answer.status_code == 200
    renewed = answer.json()["token"]
    assert not api.is_live(token)
    before, after = Session.objects.get(), api.check_session(renewed).json()
    assert after["handle"] == str(before.pk)
    assert after["authenticated_at"] > after["created_at"]
    event = Event.objects.get(tag="account:reauthenticate:success")
    assert (event.session, event.ip_address, event.data["method"]) == (before.pk, "127.0.0.1", "google")


@pytest.mark.asvs("6.6.2")
def test_reauthentication_by_another_users_exchange_code_is_refused(api, alice, code):
    body = {"code": code, "code_verifier": VERIFIER}
    answer = api.call("POST", "/api/auth/reauthenticate", body, token=alice.token)
    assert problem(answer) == (400, "invalid_code")
    assert api.is_live(alice.token)
