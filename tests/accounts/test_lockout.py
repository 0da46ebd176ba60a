"""Wrong passwords in a row: pauses that grow, then the password is shut. Nobody is kept out of their own account."""

import pytest
from django.core.cache import cache

from accounts.lockout import PAUSES_FROM, SHUT_FROM, pause_after
from accounts.models import FailedAttempts, User

from ..people import problem

ELSEWHERE, HOME = "203.0.113.7", "198.51.100.7"
SAME_NETWORK = "198.51.100.200"


@pytest.fixture(autouse=True)
def behind_a_proxy(settings):
    """So that a header says where a call comes from. Limits by time are another story, and off."""
    settings.TRUSTED_PROXY_COUNT, settings.RATE_LIMITS = 1, 0


def attempt(api, person, password="a wrong password", here=ELSEWHERE):
    email = person if isinstance(person, str) else person.email
    return api.login(email, password, X_Forwarded_For=here)


def fail(api, clock, person, times, here=ELSEWHERE):
    """So many failures in a row, each as soon as it may be."""
    for number in range(times):
        answer = attempt(api, person, here=here)
        if answer.status_code == 429:
            clock.shift(int(answer.headers["Retry-After"]))
            answer = attempt(api, person, here=here)
        assert problem(answer) == (401, "authentication_failed"), number


@pytest.mark.asvs("6.3.1", "6.1.1")
@pytest.mark.parametrize("who", ["alice@example.org", "nobody@example.org"])
def test_from_ten_failures_on_each_attempt_waits_longer(api, alice, clock, hashes, who):
    fail(api, clock, who, PAUSES_FROM)
    hashes.clear()
    waited = []
    for _ in range(4):
        answer = attempt(api, who)
        assert problem(answer) == (429, "rate_limited")
        waited.append(int(answer.headers["Retry-After"]))
        clock.shift(waited[-1] - 1)
        assert problem(attempt(api, who)) == (429, "rate_limited")
        clock.shift(1)
        assert problem(attempt(api, who)) == (401, "authentication_failed")
    assert waited == [30, 60, 120, 240]
    assert len(hashes) == 4


def test_a_pause_is_an_hour_at_most():
    assert pause_after(PAUSES_FROM).total_seconds() == 30
    assert {pause_after(number).total_seconds() for number in range(17, SHUT_FROM + 50)} == {3600}


def test_spellings_of_an_address_are_one_account(api, alice, clock):
    fail(api, clock, "Alice@EXAMPLE.org", 5)
    fail(api, clock, " alice@example.org", 5)
    assert problem(attempt(api, alice)) == (429, "rate_limited")


@pytest.mark.asvs("6.3.1")
def test_after_a_pause_one_of_many_may_try(api, alice, clock, user):
    fail(api, clock, alice, PAUSES_FROM)
    clock.shift(30)
    assert problem(attempt(api, alice)) == (401, "authentication_failed")
    assert problem(attempt(api, alice)) == (429, "rate_limited")
    assert user.failed_attempts.get().number == PAUSES_FROM + 1


def test_the_right_password_ends_the_row(api, alice, clock, user):
    fail(api, clock, alice, PAUSES_FROM)
    clock.shift(30)
    assert attempt(api, alice, alice.password).status_code == 200
    fail(api, clock, alice, 1)
    assert not FailedAttempts.objects.filter(number__gt=1).exists()


@pytest.mark.asvs("6.3.5")
def test_the_owner_is_told_at_ten_and_at_a_hundred(api, alice, clock, mailbox, user):
    User.objects.update(email_verified_at=user.created_at)
    mailbox.new()
    fail(api, clock, alice, PAUSES_FROM - 1)
    assert mailbox.new() == []
    fail(api, clock, alice, 1)
    assert ELSEWHERE in mailbox.the_one(alice.email, "Wrong passwords").body
    fail(api, clock, alice, SHUT_FROM - PAUSES_FROM)
    mailbox.the_one(alice.email, "no longer works")
    fail(api, clock, alice, 3)
    assert mailbox.new() == []


@pytest.fixture
def shut(api, alice, clock):
    """Alice's account after a hundred failures of strangers, while she is logged in and has been at home."""
    alice.token = attempt(api, alice, alice.password, here=HOME).json()["token"]
    fail(api, clock, alice, SHUT_FROM)
    clock.shift(3600)
    return alice


@pytest.mark.asvs("6.3.1")
def test_at_a_hundred_the_password_is_shut_and_nobody_can_tell(api, shut, clock):
    right = attempt(api, shut, shut.password)
    clock.shift(3600)
    assert right.content == attempt(api, shut, "a wrong password").content
    fail(api, clock, "nobody@example.org", SHUT_FROM)
    clock.shift(3600)
    assert right.content == attempt(api, "nobody@example.org").content


def test_whoever_is_in_stays_in_and_whoever_was_here_before_comes_in(api, shut):
    assert api.opens(shut.token)
    assert attempt(api, shut, shut.password, here=HOME).status_code == 200
    assert attempt(api, shut, shut.password, here=SAME_NETWORK).status_code == 200


def test_a_success_at_home_does_not_reopen_it_elsewhere(api, shut):
    assert attempt(api, shut, shut.password, here=HOME).status_code == 200
    assert problem(attempt(api, shut, shut.password)) == (401, "authentication_failed")


@pytest.mark.asvs("6.4.1")
def test_a_new_password_by_mail_reopens_it(api, shut, mailbox):
    api.call("POST", "/api/auth/password/reset", {"email": shut.email})
    token, chosen = mailbox.token(shut.email, "new password"), "another password of alice"
    body = {"token": token, "new_password": chosen}
    assert api.call("POST", "/api/auth/password/reset/confirm", body).status_code == 204
    assert attempt(api, shut, chosen).status_code == 200


def test_home_has_a_budget_of_its_own_which_ends_as_well(api, shut, clock):
    fail(api, clock, shut, SHUT_FROM, here=HOME)
    clock.shift(3600)
    assert problem(attempt(api, shut, shut.password, here=HOME)) == (401, "authentication_failed")


def test_guesses_by_somebody_who_is_in_count_as_well(api, alice, clock, user):
    for _ in range(PAUSES_FROM):
        answer = api.call("POST", "/api/auth/reauthenticate", {"password": "wrong"}, token=alice.token)
        assert problem(answer) == (403, "invalid_password")
    body = {"current_password": alice.password, "new_password": "another password of alice"}
    assert problem(api.call("POST", "/api/auth/password", body, token=alice.token)) == (429, "rate_limited")
    assert user.failed_attempts.get().number == PAUSES_FROM


def test_a_lost_store_opens_no_account(api, alice, clock):
    """What is counted against somebody is in the database."""
    fail(api, clock, alice, PAUSES_FROM)
    cache.clear()
    assert problem(attempt(api, alice)) == (429, "rate_limited")


def test_strangers_use_up_nothing_of_what_home_may_try(api, alice, settings):
    settings.RATE_LIMITS = 1
    attempt(api, alice, alice.password, here=HOME)
    for number in range(30):
        attempt(api, alice, here=f"203.0.113.{number}")
    assert problem(attempt(api, alice, here="192.0.2.1")) == (429, "rate_limited")
    assert attempt(api, alice, alice.password, here=HOME).status_code == 200
