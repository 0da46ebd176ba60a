"""Each attempt to log in costs one hash and the same statements, so that its time tells nothing."""

import pytest

from accounts.login.models import LoginFailures
from accounts.models import User

from ...users import problem
from .conftest import UNKNOWN


@pytest.fixture
def users(api, alice, bob):
    """Alice has a password, Bob is disabled, Charlie registered with a provider."""
    User.objects.filter(email=bob.email).update(is_active=False)
    User.objects.create_user("charlie@example.org")


ATTEMPTS = {
    "an unknown address": (UNKNOWN, "the password of alice"),
    "a wrong password": ("alice@example.org", "the password of alicf"),
    "an empty password": ("alice@example.org", ""),
    "the longest password": ("alice@example.org", "x" * 128),
    "no password": ("charlie@example.org", "the password of alice"),
    "the stored text for no password": ("charlie@example.org", "!"),
    "a disabled user": ("bob@example.org", "the password of bob"),
    "a disabled user and a wrong password": ("bob@example.org", "the password of bobby"),
}


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize(("email", "password"), ATTEMPTS.values(), ids=ATTEMPTS)
def test_refused_login_costs_one_hash_whatever_the_reason(api, users, hashes, email, password):
    hashes.clear()
    assert problem(api.login(email, password)) == (401, "authentication_failed")
    assert len(hashes) == 1


def test_login_costs_one_hash(api, users, hashes):
    hashes.clear()
    assert api.login("alice@example.org", "the password of alice").status_code == 200
    assert len(hashes) == 1


@pytest.mark.asvs("6.3.8")
def test_refused_login_asks_the_same_statements_whatever_the_reason(api, users, questions):
    """Find the user, whether the network is known, and the failures; lock the user, record an event, count."""
    asked = []
    for email, password in ATTEMPTS.values():
        LoginFailures.objects.all().delete()
        asked.append(questions.of(lambda email=email, password=password: api.login(email, password))[1:])
    assert all(each == asked[0] for each in asked)
    verbs = [statement.split()[0] for statement in asked[0][0]]
    written = ["SAVEPOINT", "SELECT", "INSERT", "SAVEPOINT", "SELECT", "INSERT", "RELEASE", "RELEASE"]
    assert verbs == ["SELECT", "SELECT", "SELECT", *written]


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
def test_registration_hashes_a_password_only_to_store_it(api, users, hashes, email, password, status, number):
    hashes.clear()
    assert api.register(email, password).status_code == status
    assert len(hashes) == number


def test_requests_that_need_no_password_hash_nothing(api, alice, hashes):
    hashes.clear()
    api.login(alice.email, "x" * 129)
    api.login("no address", alice.password)
    api.check_session(alice.token)
    api.check_session("s_" + "x" * 86)
    api.call("PATCH", "/api/users/me", {"display_name": "Alice"}, token=alice.token)
    api.call("POST", "/api/auth/logout", token=alice.token)
    assert hashes == []
