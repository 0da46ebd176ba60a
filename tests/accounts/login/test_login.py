import pytest
from django.conf import settings
from django.test import RequestFactory

from accounts.errors import AuthenticationFailed
from accounts.login.complete import complete_login
from accounts.models import User
from sessions_api.models import Session
from sessions_api.tokens import digest

from ...users import comparable, problem


def test_an_address_and_its_password_open_a_session(api, alice):
    answer = api.login(alice.email, alice.password)
    assert answer.status_code == 200
    token = answer.json()["token"]
    assert answer.json()["id"] == token
    assert token not in {alice.token, ""}
    assert api.check_session(token).json()["user"]["email"] == alice.email


@pytest.mark.asvs("6.3.8")
def test_a_refusal_does_not_tell_who_has_an_account(api, alice, bob):
    User.objects.filter(email=bob.email).update(is_active=False)
    User.objects.create_user("charlie@example.org")  # came by Google only
    attempts = [("nobody@example.org", "x"), (alice.email, "wrong"), bob.__dict__, ("charlie@example.org", "x")]
    answers = [api.login(*(a if isinstance(a, tuple) else (a["email"], a["password"]))) for a in attempts]
    assert {problem(answer) for answer in answers} == {(401, "authentication_failed")}
    assert len({str(comparable(answer)) for answer in answers}) == 1


@pytest.mark.asvs("7.2.2")
def test_every_login_makes_a_token_of_its_own(api, alice):
    tokens = {alice.logs_in(api) for _ in range(3)} | {alice.token}
    assert len(tokens) == 4
    assert all(api.opens(token) for token in tokens)


def test_the_time_of_the_last_login_is_kept(api, alice, user):
    before = user.last_login
    alice.logs_in(api)
    user.refresh_from_db()
    assert user.last_login > before


@pytest.mark.asvs("2.3.3")
@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_what_changes_between_the_proof_and_the_door_shuts_it(user, change):
    proven = User.objects.get(pk=user.pk)
    User.objects.filter(pk=user.pk).update(**change)
    with pytest.raises(AuthenticationFailed):
        complete_login(proven, method="password", request=RequestFactory().post("/"))
    assert not user.sessions.exists()


def test_somebody_deleted_between_the_proof_and_the_door_stays_outside(user):
    proven = User.objects.get(pk=user.pk)
    user.delete()
    with pytest.raises(AuthenticationFailed):
        complete_login(proven, method="password", request=RequestFactory().post("/"))


@pytest.mark.asvs("6.2.10")
def test_a_password_does_not_go_stale(api, alice, clock):
    clock.shift(400 * 86400)
    assert api.login(alice.email, alice.password).status_code == 200


def test_the_least_recently_seen_session_gives_way_to_a_new_one(api, alice, settings, clock):
    settings.SESSION_MAX_PER_USER = 3
    second, third = alice.logs_in(api), alice.logs_in(api)
    clock.shift(600)
    assert api.use(alice.token) == 200  # seen again, so the second one is now the least recent
    fourth = alice.logs_in(api)
    assert [api.opens(token) for token in (alice.token, second, third, fourth)].count(True) == 3
    assert api.opens(alice.token)
    assert api.opens(fourth)


def test_what_has_expired_pushes_nothing_out(api, alice, settings):
    settings.SESSION_MAX_PER_USER = 2
    expired = alice.logs_in(api)
    Session.objects.exclude(digest=digest(alice.token)).update(expires_at="2020-01-01T00:00Z")
    token = alice.logs_in(api)
    assert [api.opens(each) for each in (alice.token, expired, token)] == [True, False, True]


def test_a_limit_of_one_is_single_session_mode(api, alice, bob, settings):
    settings.SESSION_MAX_PER_USER = 1
    token = alice.logs_in(api)
    assert not api.opens(alice.token)
    assert api.opens(token)
    assert api.opens(bob.token)


@pytest.mark.asvs("11.4.2")
def test_hashing_is_as_strong_as_rfc_9106_asks_unless_set_otherwise():
    """The tests themselves hash weakly, so the defaults are read from where they stand."""
    text = (settings.BASE_DIR / "config" / "settings.py").read_text()
    for name, default in {"TIME_COST": 3, "MEMORY_COST": 65536, "PARALLELISM": 4}.items():
        assert f'env.int("ARGON2_{name}", default={default})' in text
    assert User(password="").check_password("x") is False
