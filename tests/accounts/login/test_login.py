import pytest
from django.conf import settings

from accounts.errors import AuthenticationFailed
from accounts.login.complete import complete_login
from accounts.models import User
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session
from sessions_api.tokens import digest

from ...users import comparable, problem
from .conftest import UNKNOWN


def test_login_starts_a_session(api, alice):
    answer = api.login(alice.email, alice.password)
    assert answer.status_code == 200
    token = answer.json()["token"]
    assert answer.json()["id"] == token
    assert token not in {alice.token, ""}
    assert api.check_session(token).json()["user"]["email"] == alice.email


@pytest.mark.asvs("6.3.8")
def test_refused_login_has_one_answer_whatever_the_reason(api, alice, bob):
    User.objects.filter(email=bob.email).update(is_active=False)
    User.objects.create_user("charlie@example.org")  # has no password
    attempts = [(UNKNOWN, "x"), (alice.email, "wrong"), bob.__dict__, ("charlie@example.org", "x")]
    answers = [api.login(*(a if isinstance(a, tuple) else (a["email"], a["password"]))) for a in attempts]
    assert {problem(answer) for answer in answers} == {(401, "authentication_failed")}
    assert len({str(comparable(answer)) for answer in answers}) == 1


@pytest.mark.asvs("7.2.2")
def test_login_issues_a_new_token_each_time(api, alice):
    tokens = {alice.logs_in(api) for _ in range(3)} | {alice.token}
    assert len(tokens) == 4
    assert all(api.is_live(token) for token in tokens)


def test_login_stores_its_time(api, alice, user):
    before = user.last_login
    alice.logs_in(api)
    user.refresh_from_db()
    assert user.last_login > before


@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!"}])
def test_login_is_refused_where_the_user_changed_since_the_proof(user, change):
    proven = User.objects.get(pk=user.pk)
    User.objects.filter(pk=user.pk).update(**change)
    with pytest.raises(AuthenticationFailed):
        complete_login(proven, method="password", client=ClientInfo())
    assert not user.sessions.exists()


def test_login_is_refused_where_the_user_was_deleted_since_the_proof(user):
    proven = User.objects.get(pk=user.pk)
    user.delete()
    with pytest.raises(AuthenticationFailed):
        complete_login(proven, method="password", client=ClientInfo())


@pytest.mark.asvs("6.2.10")
def test_password_does_not_expire(api, alice, clock):
    clock.shift(400 * 86400)
    assert api.login(alice.email, alice.password).status_code == 200


@pytest.mark.asvs("2.3.2")
def test_session_limit_evicts_the_least_recently_seen_session(api, alice, settings, clock):
    settings.SESSION_MAX_PER_USER = 3
    second, third = alice.logs_in(api), alice.logs_in(api)
    clock.shift(600)
    assert api.use(alice.token) == 200  # seen again, so the second one is now the least recent
    fourth = alice.logs_in(api)
    assert [api.is_live(token) for token in (alice.token, second, third, fourth)].count(True) == 3
    assert api.is_live(alice.token)
    assert api.is_live(fourth)


def test_session_limit_does_not_count_expired_sessions(api, alice, settings):
    settings.SESSION_MAX_PER_USER = 2
    expired = alice.logs_in(api)
    Session.objects.exclude(digest=digest(alice.token)).update(expires_at="2020-01-01T00:00Z")
    token = alice.logs_in(api)
    assert [api.is_live(each) for each in (alice.token, expired, token)] == [True, False, True]


def test_session_limit_of_one_leaves_the_newest_session(api, alice, bob, settings):
    settings.SESSION_MAX_PER_USER = 1
    token = alice.logs_in(api)
    assert not api.is_live(alice.token)
    assert api.is_live(token)
    assert api.is_live(bob.token)


@pytest.mark.asvs("11.4.2")
def test_hashing_is_by_default_as_strong_as_rfc_9106_recommends():
    """The tests hash weakly, so this one reads the defaults from the settings."""
    text = (settings.BASE_DIR / "config" / "settings.py").read_text()
    for name, default in {"TIME_COST": 3, "MEMORY_COST": 65536, "PARALLELISM": 4}.items():
        assert f'env.int("ARGON2_{name}", default={default})' in text
    assert User(password="").check_password("x") is False
