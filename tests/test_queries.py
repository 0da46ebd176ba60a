"""What a request costs the database, counted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext


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
def test_a_bearer_costs_one_query_from_token_to_person(api, alice, statements, path):
    assert statements(lambda: api.call("GET", path, token=alice.token)) == ["SELECT"]


def test_a_bearer_that_could_not_be_one_costs_none(api, alice, django_assert_num_queries):
    with django_assert_num_queries(0):
        api.check_session("s_tooshort")


def test_a_login_costs_nine(api, alice, statements):
    """Find the person, how they came in and how often it failed; lock them, note the login, write the session, look
    for surplus ones, say that it happened, and look whether the device is known."""
    expected = ["SELECT", "SELECT", "SELECT", "SELECT", "UPDATE", "INSERT", "DELETE", "INSERT", "SELECT"]
    assert statements(lambda: api.login(alice.email, alice.password)) == expected


def test_a_registration_costs_twelve(api, statements):
    """Look whether the address is taken or reserved, write the person, note it, queue a mail, and log them in."""
    login = ["SELECT", "UPDATE", "INSERT", "DELETE", "INSERT", "SELECT", "SELECT"]
    expected = ["SELECT", "INSERT", "SELECT", "INSERT", "INSERT", *login]
    assert statements(lambda: api.register("alice@example.org")) == expected


def test_a_logout_costs_four(api, alice, statements):
    """Find the session, lock its person, end it, and say so."""
    expected = ["SELECT", "SELECT", "DELETE", "INSERT"]
    assert statements(lambda: api.call("POST", "/api/auth/logout", token=alice.token)) == expected
