"""A page of this service hands a login over to a front end, which gets a session of its own by a code."""

import pytest

from accounts.login.models import SessionExchangeCode, s256
from accounts.models import User

from ...races import at_once
from ...users import ApiClient, problem

VERIFIER = "the-verifier-of-a-front-end_0123456789~.ABCD"


def hand_over(api, token, challenge=None):
    return api.call("POST", "/api/auth/handover", {"code_challenge": challenge or s256(VERIFIER)}, token=token)


def exchange(api, code, verifier=VERIFIER):
    return api.call("POST", "/api/auth/exchange", {"code": code, "code_verifier": verifier})


def test_handover_gives_the_front_end_a_session_of_its_own(api, alice):
    answer = hand_over(api, alice.token)
    assert answer.status_code == 200
    assert answer.json().keys() == {"code"}
    opened = exchange(api, answer.json()["code"]).json()["token"]
    assert opened != alice.token
    assert api.is_live(alice.token)
    session = api.check_session(opened).json()
    assert (session["method"], session["user"]["email"]) == ("password", alice.email)


def test_handover_code_is_valid_once_and_only_with_its_verifier(api, alice):
    code = hand_over(api, alice.token).json()["code"]
    assert problem(exchange(api, code, "x" * 43)) == (400, "invalid_code")
    assert problem(exchange(api, code)) == (400, "invalid_code")
    code = hand_over(api, alice.token).json()["code"]
    assert exchange(api, code).status_code == 200
    assert problem(exchange(api, code)) == (400, "invalid_code")


def test_handover_code_expires_after_a_minute(api, alice, clock):
    code = hand_over(api, alice.token).json()["code"]
    clock.shift(60)
    assert problem(exchange(api, code)) == (400, "invalid_code")


@pytest.mark.parametrize("challenge", ["short", "x" * 44, "ä" * 43, " " * 43])
def test_handover_refuses_a_challenge_that_is_no_digest(api, alice, challenge):
    assert problem(hand_over(api, alice.token, challenge)) == (422, "validation_error")
    assert not SessionExchangeCode.objects.exists()


def test_handover_needs_a_recent_login(api, alice, clock):
    clock.shift(601)
    assert problem(hand_over(api, alice.token)) == (403, "reauthentication_required")
    assert problem(hand_over(api, "")) == (401, "not_authenticated")


def test_handover_code_is_revoked_with_a_new_password(api, alice):
    code = hand_over(api, alice.token).json()["code"]
    passwords = {"current_password": alice.password, "new_password": "another long password"}
    assert api.call("POST", "/api/auth/password", passwords, token=alice.token).status_code == 200
    assert problem(exchange(api, code)) == (400, "invalid_code")


def test_handover_code_of_a_disabled_user_opens_no_session(api, alice):
    code = hand_over(api, alice.token).json()["code"]
    User.objects.filter(email=alice.email).update(is_active=False)
    assert problem(exchange(api, code)) == (403, "account_disabled")


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_handover_code_opens_one_session_for_many_at_once(api, alice):
    code = hand_over(api, alice.token).json()["code"]
    answers = at_once(*[lambda: exchange(ApiClient(), code).status_code] * 8)
    assert sorted(answers) == [200, *[400] * 7]
