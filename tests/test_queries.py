"""The SQL statements of a request, counted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User


@pytest.fixture
def statements():
    """A function that runs a call and returns the first words of its statements, without those of transactions."""

    def run(call):
        with CaptureQueriesContext(connection) as captured:
            assert call().status_code < 400
        sent = [query["sql"].split()[0] for query in captured]
        return [word for word in sent if word not in {"BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"}]

    return run


@pytest.mark.parametrize("path", ["/api/auth/session", "/api/users/me"])
def test_bearer_check_needs_one_query(api, alice, statements, path):
    assert statements(lambda: api.call("GET", path, token=alice.token)) == ["SELECT"]


def test_session_list_needs_three_queries(api, alice, statements):
    """Find the session, the user's sessions, and those at the admin."""
    assert statements(lambda: api.call("GET", "/api/auth/sessions", token=alice.token)) == ["SELECT"] * 3


def test_bearer_check_of_a_malformed_token_needs_no_query(api, alice, django_assert_num_queries):
    with django_assert_num_queries(0):
        api.check_session("s_tooshort")


def test_login_needs_eleven_queries(api, alice, statements):
    """Find the user, known networks and failures; lock the user, set last_login, delete expired sessions, insert the
    session, look for surplus sessions, insert the event, count recent failures, and look for the device."""
    expected = ["SELECT", "SELECT", "SELECT", "SELECT", "UPDATE", "DELETE", "INSERT", "DELETE", "INSERT"]
    expected += ["SELECT", "SELECT"]
    assert statements(lambda: api.login(alice.email, alice.password)) == expected


def test_registration_needs_fourteen_queries(api, statements):
    """Look whether the address is taken or reserved, insert the user, the event and the mail, and log the user in."""
    login = ["SELECT", "UPDATE", "DELETE", "INSERT", "DELETE", "INSERT", "SELECT", "SELECT", "SELECT"]
    expected = ["SELECT", "INSERT", "SELECT", "INSERT", "INSERT", *login]
    assert statements(lambda: api.register("alice@example.org")) == expected


def test_logout_needs_five_queries(api, alice, statements):
    """Find the session, lock its user, look whether it still exists, delete it, and insert the event."""
    expected = ["SELECT", "SELECT", "SELECT", "DELETE", "INSERT"]
    assert statements(lambda: api.call("POST", "/api/auth/logout", token=alice.token)) == expected


def addresses():
    """An address of each kind of user, and one without a user."""
    proven = "2026-01-01T00:00Z"
    User.objects.create_user("proven@example.org", "the password of one", email_verified_at=proven)
    User.objects.create_user("unproven@example.org", "the password of one")
    User.objects.create_user("disabled@example.org", "the password of one", is_active=False, email_verified_at=proven)
    User.objects.create_user("google@example.org", email_verified_at=proven)
    return [f"{kind}@example.org" for kind in ("unknown", "proven", "unproven", "disabled", "google")]


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("path", ["password/reset", "register"])
def test_request_for_a_mail_needs_one_query_for_any_address_and_no_hash(api, db, statements, hashes, settings, path):
    settings.REGISTRATION = "verified"
    users = addresses()
    hashes.clear()
    for email in users:
        assert statements(lambda email=email: api.call("POST", f"/api/auth/{path}", {"email": email})) == ["INSERT"]
    assert hashes == []


@pytest.mark.asvs("6.3.8")
def test_request_for_a_new_address_or_another_mail_needs_the_same_queries_for_any_user(api, alice, statements, hashes):
    users = addresses()
    hashes.clear()
    for email in users:
        asked = ("POST", "/api/auth/email/change", {"email": email})
        assert statements(lambda asked=asked: api.call(*asked, token=alice.token)) == ["SELECT", "INSERT"]
    for verified in (None, "2026-01-01T00:00Z"):
        User.objects.filter(email=alice.email).update(email_verified_at=verified)
        again = ("POST", "/api/auth/email/verify/resend")
        assert statements(lambda again=again: api.call(*again, token=alice.token)) == ["SELECT", "INSERT"]
    assert hashes == []
