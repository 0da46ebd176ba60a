from functools import partial

import pytest

from accounts.models import User
from sessions_api.http.errors import SessionExpired
from sessions_api.models import Session

from ...races import at_once
from ...users import problem


def again(api, token, **body):
    return api.call("POST", "/api/auth/reauthenticate", body, token=token)


@pytest.mark.asvs("7.2.4")
def test_reauthentication_renews_the_token_and_nothing_else_of_the_session(api, alice, clock):
    before = api.check_session(alice.token).json()
    clock.shift(3600)
    answer = again(api, alice.token, password=alice.password)
    assert answer.status_code == 200
    assert not api.is_live(alice.token)
    after = api.check_session(answer.json()["token"]).json()
    changed = {"authenticated_at", "last_seen_at", "expires_in"}
    assert {name for name in before if before[name] != after[name]} == changed


def test_reauthentication_with_a_wrong_password_renews_nothing(api, alice):
    assert problem(again(api, alice.token, password="wrong")) == (403, "invalid_password")
    assert api.is_live(alice.token)


@pytest.mark.parametrize("body", [{}, {"password": "x", "code": "y"}, {"code": "x"}, {"code_verifier": "x"}])
def test_reauthentication_takes_either_a_password_or_a_code_with_its_verifier(api, alice, body):
    assert problem(again(api, alice.token, **body)) == (422, "validation_error")


def test_renewal_of_a_revoked_session_does_not_bring_it_back(api, alice):
    session = Session.objects.select_related("user").get()
    Session.objects.all().delete()
    with pytest.raises(SessionExpired):
        session.renew()
    assert not Session.objects.exists()


def test_renewal_of_a_token_happens_once(api, alice):
    first, second = Session.objects.get(), Session.objects.get()
    token = first.renew()
    with pytest.raises(SessionExpired):
        second.renew()
    assert api.is_live(token)


def test_renewal_of_an_expired_session_is_refused(api, alice, clock):
    session = Session.objects.get()
    clock.shift(366 * 86400)
    with pytest.raises(SessionExpired):
        session.renew()


def test_reauthentication_with_a_password_refuses_users_without_one(api, alice):
    User.objects.get().set_unusable_password()
    user = User.objects.get()
    User.objects.filter(pk=user.pk).store_hash("!")
    assert problem(again(api, alice.token, password="")) == (403, "invalid_password")


def test_reauthentication_twice_at_once_renews_the_token_for_one_caller(server):
    """The other caller's token is the old one. The session lives on with the new one, and is recent for both."""
    alice = {"email": "alice-in-two-tabs@example.org", "password": "correct horse battery"}
    token = server.call("POST", "/api/auth/register", alice).json()["token"]
    again = partial(server.call, "POST", "/api/auth/reauthenticate", {"password": alice["password"]}, token=token)
    renewed, refused = sorted(at_once(again, again), key=lambda answer: answer.status_code)
    assert (renewed.status_code, problem(refused)) == (200, (401, "session_expired"))
    (session,) = server.call("GET", "/api/auth/sessions", token=renewed.json()["token"]).json()
    assert session["current"]
    assert problem(server.call("GET", "/api/auth/session", token=token)) == (401, "session_expired")
