"""What a request costs the database, counted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User


@pytest.fixture
def statements():
    """Runs a call and returns its statements, without those that only open or close a transaction."""

    def run(call):
        with CaptureQueriesContext(connection) as captured:
            assert call().status_code < 400
        sent = [query["sql"].split()[0] for query in captured]
        return [word for word in sent if word not in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}]

    return run


@pytest.mark.parametrize("path", ["/api/auth/session", "/api/users/me"])
def test_a_bearer_costs_one_query_from_token_to_user(api, alice, statements, path):
    assert statements(lambda: api.call("GET", path, token=alice.token)) == ["SELECT"]


def test_a_bearer_that_could_not_be_one_costs_none(api, alice, django_assert_num_queries):
    with django_assert_num_queries(0):
        api.check_session("s_tooshort")


def test_a_login_costs_ten(api, alice, statements):
    """Find the user, how they came in and how often it failed; lock them, note the login, forget what has expired,
    write the session, look for surplus ones, say that it happened, and look whether the device is known."""
    expected = ["SELECT", "SELECT", "SELECT", "SELECT", "UPDATE", "DELETE", "INSERT", "DELETE", "INSERT", "SELECT"]
    assert statements(lambda: api.login(alice.email, alice.password)) == expected


def test_a_registration_costs_thirteen(api, statements):
    """Look whether the address is taken or reserved, write the user, note it, queue a mail, and log them in."""
    login = ["SELECT", "UPDATE", "DELETE", "INSERT", "DELETE", "INSERT", "SELECT", "SELECT"]
    expected = ["SELECT", "INSERT", "SELECT", "INSERT", "INSERT", *login]
    assert statements(lambda: api.register("alice@example.org")) == expected


def test_a_logout_costs_five(api, alice, statements):
    """Find the session, lock its user, look whether it is still there, end it, and say so."""
    expected = ["SELECT", "SELECT", "SELECT", "DELETE", "INSERT"]
    assert statements(lambda: api.call("POST", "/api/auth/logout", token=alice.token)) == expected


def everybody():
    """A user of each kind that an address could belong to, and nobody."""
    proven = "2026-01-01T00:00Z"
    User.objects.create_user("proven@example.org", "the password of one", email_verified_at=proven)
    User.objects.create_user("unproven@example.org", "the password of one")
    User.objects.create_user("disabled@example.org", "the password of one", is_active=False, email_verified_at=proven)
    User.objects.create_user("google@example.org", email_verified_at=proven)
    return [f"{kind}@example.org" for kind in ("nobody", "proven", "unproven", "disabled", "google")]


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("path", ["password/reset", "register"])
def test_asking_by_mail_costs_one_whoever_has_the_address_and_no_hash(api, db, statements, hashes, settings, path):
    settings.REGISTRATION = "verified"
    users = everybody()
    hashes.clear()
    for email in users:
        assert statements(lambda email=email: api.call("POST", f"/api/auth/{path}", {"email": email})) == ["INSERT"]
    assert hashes == []


@pytest.mark.asvs("6.3.8")
def test_so_does_asking_for_another_address_or_for_the_mail_once_more(api, alice, statements, hashes):
    users = everybody()
    hashes.clear()
    for email in users:
        asked = ("POST", "/api/auth/email/change", {"email": email})
        assert statements(lambda asked=asked: api.call(*asked, token=alice.token)) == ["SELECT", "INSERT"]
    for verified in (None, "2026-01-01T00:00Z"):
        User.objects.filter(email=alice.email).update(email_verified_at=verified)
        again = ("POST", "/api/auth/email/verify/resend")
        assert statements(lambda again=again: api.call(*again, token=alice.token)) == ["SELECT", "INSERT"]
    assert hashes == []
