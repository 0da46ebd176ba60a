"""Failures under keyed digests: what a rotation of SECRET_KEY leaves, and what the table tells its readers."""

import pytest
from django.utils import timezone

from accounts.login.lockout import COOL_OFF_FROM, LOCKED_FROM, clear_failures, failures_of
from accounts.login.models import FailureKey, LoginFailures
from accounts.models import User
from sessions_api.http.client import ClientInfo

from ...races import at_once
from ...users import problem
from .conftest import UNKNOWN, attempt, fail

pytestmark = pytest.mark.usefixtures("behind_proxy")

FORMER, TODAY = "the former key " * 4, "the key of today " * 4


@pytest.fixture
def server(settings):
    """From now on, the server that answers has this key, and these fallbacks."""

    def answers(key, *fallbacks):
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = key, list(fallbacks)

    answers(FORMER)
    return answers


@pytest.mark.asvs("6.3.1", "11.2.2")
@pytest.mark.parametrize("who", ["alice@example.org", UNKNOWN])
def test_locked_password_stays_locked_after_a_rotation_of_the_key(api, alice, clock, server, who):
    attempt(api, who)
    LoginFailures.objects.update(count=LOCKED_FROM)
    server(TODAY, FORMER)
    assert problem(attempt(api, who)) == (429, "rate_limited")
    clock.shift(3600)
    assert problem(attempt(api, who, alice.password)) == (401, "authentication_failed")
    server(TODAY)  # the attempt re-keyed the row, so the former key is no longer needed
    clock.shift(3600)
    assert problem(attempt(api, who, alice.password)) == (401, "authentication_failed")
    assert LoginFailures.objects.get().count == LOCKED_FROM + 2


@pytest.mark.asvs("6.3.1", "11.2.2")
@pytest.mark.parametrize("who", ["alice@example.org", UNKNOWN])
def test_servers_count_together_while_the_key_is_rotated(api, alice, clock, server, who):
    for number in range(COOL_OFF_FROM):
        server(*((TODAY, FORMER) if number % 2 else (FORMER, TODAY)))
        assert problem(attempt(api, who)) == (401, "authentication_failed")
    for keys in ((TODAY, FORMER), (FORMER, TODAY)):
        server(*keys)
        assert problem(attempt(api, who)) == (429, "rate_limited")
    assert LoginFailures.objects.get().count == COOL_OFF_FROM


def test_login_forgets_what_former_keys_counted(api, alice, clock, server):
    fail(api, clock, alice, COOL_OFF_FROM - 1)
    server(TODAY, FORMER)
    assert attempt(api, alice, alice.password).status_code == 200
    assert not LoginFailures.objects.exists()


def test_failures_under_a_former_key_are_found_and_cleared_with_the_user(api, alice, user, clock, server):
    fail(api, clock, alice, 3)
    server(TODAY, FORMER)
    assert [(scope, failures.count) for scope, failures in failures_of(user)] == [("", 3)]
    clear_failures(user, ClientInfo())
    assert not LoginFailures.objects.exists()


@pytest.mark.asvs("6.3.8")
def test_refusal_with_fallbacks_asks_as_many_statements_as_without(api, alice, server, questions):
    server(FORMER)
    _, without, _ = questions.of(lambda: attempt(api, UNKNOWN))
    server(TODAY, FORMER, "another key " * 6)
    _, with_fallbacks, _ = questions.of(lambda: attempt(api, "another@example.org"))
    assert [statement.split()[0] for statement in with_fallbacks] == [statement.split()[0] for statement in without]


@pytest.mark.asvs("14.2.4")
def test_table_of_failures_holds_neither_address_nor_id(api, alice, user, server):
    for who in (alice.email, UNKNOWN):
        attempt(api, who)
    stored = str(list(LoginFailures.objects.values()))
    assert not any(text in stored for text in (alice.email, UNKNOWN, str(user.pk), user.pk.hex))


@pytest.fixture
def keys(server):
    """The key of one user, as a server that still signs with the former key has it, and as one with today's."""
    pair = []
    for configured in ((FORMER, TODAY), (TODAY, FORMER)):
        server(*configured)
        key = FailureKey("00000000-0000-0000-0000-000000000000", "")
        assert len(key.digests) == 2  # computed here, since the threads below share the settings
        pair.append(key)
    return pair


def test_failure_makes_one_row_of_those_that_servers_with_different_keys_have_inserted(db, keys):
    for key in keys:
        LoginFailures.objects.create(digest=key.digests[0], count=2, last_at=timezone.now())
    assert LoginFailures.objects.add(keys[1]) == 5
    assert LoginFailures.objects.get().digest == keys[1].digests[0]


@pytest.mark.postgres
@pytest.mark.asvs("15.4.2")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", [0, 1])
def test_servers_with_different_keys_count_exactly_at_once(keys, before):
    add = LoginFailures.objects.add
    for _ in range(10):
        LoginFailures.objects.all().delete()
        for key in keys * before:
            add(key)
        at_once(*[lambda: add(keys[0]), lambda: add(keys[1])] * 4)
        counts = {LoginFailures.objects.under(key).count for key in keys}
        assert counts == {8 + 2 * before}
        assert add(keys[1]) == 9 + 2 * before
        assert LoginFailures.objects.get().digest == keys[1].digests[0]


def test_users_of_one_scope_and_scopes_of_one_user_count_apart(db):
    User.objects.create_user("alice@example.org")
    keys = [FailureKey(subject, scope) for subject in ("a", "b") for scope in ("", "198.51.100.0/24")]
    assert [LoginFailures.objects.add(key) for key in keys] == [1, 1, 1, 1]
