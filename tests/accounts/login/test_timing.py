"""Every attempt to log in costs one hash, neither more nor less, so that its time tells nothing."""

import pytest

from accounts.models import User

from ...users import problem


@pytest.fixture
def users(api, alice, bob):
    """Alice has a password, Bob is disabled, Charlie came by another provider."""
    User.objects.filter(email=bob.email).update(is_active=False)
    User.objects.create_user("charlie@example.org")


ATTEMPTS = {
    "an unknown address": ("nobody@example.org", "the password of alice"),
    "a wrong password": ("alice@example.org", "the password of alicf"),
    "an empty password": ("alice@example.org", ""),
    "the longest password": ("alice@example.org", "x" * 128),
    "no password": ("charlie@example.org", "the password of alice"),
    "what stands for no password": ("charlie@example.org", "!"),
    "a disabled user": ("bob@example.org", "the password of bob"),
    "a disabled user and a wrong password": ("bob@example.org", "the password of bobby"),
}


@pytest.mark.asvs("6.3.8", "15.2.2")
@pytest.mark.parametrize(("email", "password"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_a_refused_login_costs_one_hash_whatever_the_reason(api, users, hashes, email, password):
    hashes.clear()
    assert problem(api.login(email, password)) == (401, "authentication_failed")
    assert len(hashes) == 1


def test_a_login_costs_one_hash(api, users, hashes):
    hashes.clear()
    assert api.login("alice@example.org", "the password of alice").status_code == 200
    assert len(hashes) == 1


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_each_of_them_asks_the_database_as_often(api, users, attempt, django_assert_num_queries):
    """Find the user, how they came in and how often it failed; lock them, note that it failed, and count it: for
    nobody as for somebody. Two open and close that."""
    with django_assert_num_queries(9):
        api.login(*ATTEMPTS[attempt])


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize(
    ("email", "password", "status", "number"),
    [
        ("dora@example.org", "correct horse battery", 201, 1),
        ("ALICE@example.org", "correct horse battery", 409, 0),
        ("dora@example.org", "short", 422, 0),
        ("dora@example.org", "x" * 129, 422, 0),
        ("dora@example.org", "password123", 422, 0),
        ("dora", "correct horse battery", 422, 0),
    ],
)
def test_registering_hashes_only_what_is_kept(api, users, hashes, email, password, status, number):
    hashes.clear()
    assert api.register(email, password).status_code == status
    assert len(hashes) == number


def test_nothing_else_hashes(api, alice, hashes):
    hashes.clear()
    api.login(alice.email, "x" * 129)
    api.login("no address", alice.password)
    api.check_session(alice.token)
    api.check_session("s_" + "x" * 86)
    api.call("PATCH", "/api/users/me", {"display_name": "Alice"}, token=alice.token)
    api.call("POST", "/api/auth/logout", token=alice.token)
    assert hashes == []
