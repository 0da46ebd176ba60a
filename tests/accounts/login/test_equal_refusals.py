"""A refused login does not tell whether the address has an account: not by what it asks, and not by its answer."""

import pytest
from django.core.management import call_command

from accounts.login.lockout import COOL_OFF_FROM, LOCKED_FROM
from accounts.login.models import KEPT, LoginFailures
from accounts.models import User

from ...users import comparable, problem
from .conftest import HOME, UNKNOWN, attempt, fail

pytestmark = pytest.mark.usefixtures("behind_proxy")


def failures(api, clock, who, number, settings):
    """This number of failures of this address, and no cool-off; all but the first by the shortest way."""
    settings.RATE_LIMIT_FACTOR = 0
    LoginFailures.objects.all().delete()
    if number:
        fail(api, clock, who, 1)
        LoginFailures.objects.update(count=number)
    settings.RATE_LIMIT_FACTOR = 1


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("seconds", [0, 3600], ids=["at once", "after a cool-off"])
@pytest.mark.parametrize("number", [0, 1, COOL_OFF_FROM - 2, COOL_OFF_FROM, 40, LOCKED_FROM - 2, LOCKED_FROM, 150])
def test_refused_login_asks_the_same_for_known_and_unknown_addresses(
    api, alice, clock, questions, settings, number, seconds
):
    asked = []
    for who in (alice, UNKNOWN):
        failures(api, clock, who, number, settings)
        clock.shift(seconds)
        answer, statements, store = questions.of(lambda who=who: attempt(api, who))
        asked.append((comparable(answer), statements, store))
    known, unknown = asked
    assert known == unknown
    assert known[1]
    assert known[2]
    assert known[0][0] == (429 if number >= COOL_OFF_FROM and not seconds else 401)


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("number", [COOL_OFF_FROM, LOCKED_FROM])
def test_refused_login_that_causes_a_mail_differs_by_its_mail_and_event_only(
    api, alice, clock, questions, settings, number, verified
):
    User.objects.update(email_verified_at="2026-01-01T00:00Z" if verified else None)
    asked = []
    for who in (alice, UNKNOWN):
        failures(api, clock, who, number - 1, settings)
        clock.shift(3600)
        asked.append(questions.of(lambda who=who: attempt(api, who)))
    (known_answer, known, known_store), (unknown_answer, unknown, unknown_store) = asked
    assert comparable(known_answer) == comparable(unknown_answer)
    tables = [statement.split('"')[1] for statement in surplus(known, unknown)]
    assert tables == ["accounts_mail_queuedmail", *["events_event"] * (number == LOCKED_FROM)]
    assert surplus(known_store, unknown_store) == ["hit"] * (not verified)


def test_login_leaves_no_failures_that_would_make_the_next_refusal_differ(api, alice, clock, questions):
    for _ in range(3):
        fail(api, clock, alice, COOL_OFF_FROM - 1)
        attempt(api, alice, alice.password)
    attempt(api, alice, alice.password)  # the network is known, so the next attempt counts in a scope of its own
    known = questions.of(lambda: attempt(api, alice))
    unknown = questions.of(lambda: attempt(api, UNKNOWN))
    assert comparable(known[0]) == comparable(unknown[0])
    assert known[1:] == unknown[1:]


@pytest.mark.asvs("6.3.8")
def test_failures_of_known_and_unknown_addresses_are_purged_alike(api, alice, clock):
    for who in (alice, UNKNOWN):
        fail(api, clock, who, COOL_OFF_FROM)
    clock.shift(KEPT.total_seconds() - 1)
    call_command("purge_sessions")
    answers = [attempt(api, who, "another wrong password") for who in (alice, UNKNOWN)]
    assert {problem(answer) for answer in answers} == {(401, "authentication_failed")}
    assert list(LoginFailures.objects.values_list("count", flat=True)) == [COOL_OFF_FROM + 1] * 2
    clock.shift(KEPT.total_seconds())
    call_command("purge_sessions")
    assert not LoginFailures.objects.exists()


@pytest.mark.asvs("6.3.1")
def test_purge_leaves_locked_rows(api, alice, clock):
    for who in (alice, UNKNOWN):
        attempt(api, who)
    LoginFailures.objects.update(count=LOCKED_FROM)
    clock.shift(10 * KEPT.total_seconds())
    call_command("purge_sessions")
    assert LoginFailures.objects.count() == 2
    assert problem(attempt(api, alice, alice.password)) == (401, "authentication_failed")


def test_strangers_make_one_row_for_each_address(api, alice, clock):
    attempt(api, alice, alice.password, here=HOME)
    for number in range(COOL_OFF_FROM - 1):
        attempt(api, alice, here=f"203.0.{number}.1")
        attempt(api, UNKNOWN, here=f"203.0.{number}.1")
    assert list(LoginFailures.objects.values_list("count", flat=True)) == [COOL_OFF_FROM - 1] * 2


def surplus(longer, shorter):
    """What the longer list has besides all of the shorter one."""
    rest = longer.copy()
    for each in shorter:
        rest.remove(each)
    return rest
