import pytest
from django.utils import timezone

from accounts.models import User
from sessions_api.models import Session

from ...users import problem

NEW = "a much better password"


def change(api, token, **body):
    return api.call("POST", "/api/auth/password", body, token=token)


@pytest.mark.asvs("6.2.2", "7.2.4", "7.4.3")
def test_password_change_revokes_other_sessions_and_renews_this_one(api, alice, bob):
    phone = alice.logs_in(api)
    before = api.check_session(alice.token).json()
    answer = change(api, alice.token, current_password=alice.password, new_password=NEW)
    assert answer.status_code == 200
    after = api.check_session(answer.json()["token"]).json()
    assert (after["handle"], after["expires_at"]) == (before["handle"], before["expires_at"])
    assert not any(api.is_live(token) for token in (alice.token, phone))
    assert api.is_live(bob.token)
    assert api.login(alice.email, NEW).status_code == 200
    assert api.login(alice.email, alice.password).status_code == 401


@pytest.mark.asvs("6.2.3", "7.5.1")
@pytest.mark.parametrize("current", ["wrong", "", None])
def test_password_change_needs_the_current_password(api, alice, current):
    body = {"new_password": NEW} | ({} if current is None else {"current_password": current})
    assert problem(change(api, alice.token, **body)) == (403, "invalid_password")
    assert api.is_live(alice.token)
    assert api.login(alice.email, alice.password).status_code == 200


@pytest.mark.asvs("6.2.1", "6.2.4")
@pytest.mark.parametrize(("new", "code"), [("x7 y8 z", "password_too_short"), ("password1", "password_common")])
def test_password_change_to_a_refused_password_changes_nothing(api, alice, new, code):
    answer = change(api, alice.token, current_password=alice.password, new_password=new)
    assert problem(answer) == (422, "validation_error")
    (error,) = answer.json()["errors"]
    assert (error["loc"], error["code"]) == (["body", "new_password"], code)
    assert api.is_live(alice.token)


@pytest.fixture
def without_password(alice):
    """Alice, as if she had only ever come by a provider."""
    User.objects.store_hash("!" + "x" * 40)
    return alice


@pytest.mark.asvs("7.5.1")
def test_password_change_without_a_password_needs_a_recent_login(api, without_password, clock):
    clock.shift(601)
    answer = change(api, without_password.token, new_password=NEW)
    assert problem(answer) == (403, "reauthentication_required")
    Session.objects.update(authenticated_at=timezone.now())
    assert change(api, without_password.token, new_password=NEW).status_code == 200
    assert api.login(without_password.email, NEW).status_code == 200


@pytest.mark.asvs("7.5.3")
def test_account_deletion_needs_a_recent_login_and_revokes_all_sessions(api, alice, bob, clock):
    clock.shift(601)
    answer = api.call("DELETE", "/api/users/me", token=alice.token)
    assert problem(answer) == (403, "reauthentication_required")
    token = alice.logs_in(api)
    assert api.call("DELETE", "/api/users/me", token=token).status_code == 204
    assert not any(api.is_live(t) for t in (alice.token, token))
    assert [user.email for user in User.objects.all()] == [bob.email]
