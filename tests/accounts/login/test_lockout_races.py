"""Many wrong passwords at once, on PostgreSQL at READ COMMITTED: the count is exact for known and unknown addresses."""

import os
from collections import Counter
from threading import Barrier

import pytest
from django.db import connection

from accounts.hash_pool import HashPool, hash_pool
from accounts.login.lockout import COOL_OFF_FROM, LOCKED_FROM
from accounts.login.models import LoginFailures
from accounts.mail.queue import MailType, QueuedMail
from accounts.models import User

from ...races import at_once
from ...users import ApiClient, ApiUser
from .conftest import UNKNOWN, attempt

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
THREADS = 8  # each holds a connection of the pool, which has nine
KNOWN = "alice@example.org"


@pytest.fixture(autouse=True)
def setting(behind_proxy, transactional_db, monkeypatch):
    """Nothing but the rows decides how many callers pass: neither limits by time nor the pool of hashes."""
    monkeypatch.setattr(hash_pool, "__dict__", vars(HashPool(2 * THREADS)))
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("read committed",)


@pytest.fixture(params=[KNOWN, UNKNOWN], ids=["known address", "unknown address"])
def email(request):
    ApiUser.registers(ApiClient(), "alice")
    return request.param


def wrong_passwords(email, number=THREADS):
    """How many were answered with each status."""
    return Counter(at_once(*[lambda: attempt(ApiClient(), email).status_code] * number))


def row():
    return LoginFailures.objects.get()


@pytest.mark.asvs("15.4.2")
def test_first_failures_at_once_make_one_row_with_the_exact_count(email):
    for _ in range(ROUNDS):
        LoginFailures.objects.all().delete()
        assert wrong_passwords(email) == {401: THREADS}
        assert row().count == THREADS


@pytest.mark.asvs("15.4.2")
def test_later_failures_at_once_are_counted_exactly(email):
    attempt(ApiClient(), email)
    for _ in range(ROUNDS):
        LoginFailures.objects.update(count=1)
        assert wrong_passwords(email) == {401: THREADS}
        assert row().count == 1 + THREADS


@pytest.mark.asvs("6.3.1", "15.4.2")
@pytest.mark.parametrize("before", [COOL_OFF_FROM, LOCKED_FROM])
def test_of_many_attempts_at_once_after_a_cool_off_one_is_made(email, before, clock, hashes):
    attempt(ApiClient(), email)
    LoginFailures.objects.update(count=before)
    for turn in range(1, ROUNDS + 1):
        clock.shift(3600)
        hashes.clear()
        assert wrong_passwords(email) == {401: 1, 429: THREADS - 1}
        assert row().count == before + turn
        assert len(hashes) == 1


@pytest.mark.asvs("6.3.1", "15.4.2")
def test_of_many_callers_that_have_all_seen_the_end_of_a_cool_off_one_takes_the_turn(email, clock, hashes, monkeypatch):
    """Each caller has read the same row before any of them writes it."""
    attempt(ApiClient(), email)
    LoginFailures.objects.update(count=COOL_OFF_FROM)
    clock.shift(3600)
    hashes.clear()
    all_have_read, take = Barrier(THREADS, timeout=30), LoginFailures.replace_last_at
    monkeypatch.setattr(LoginFailures, "replace_last_at", lambda *values: all_have_read.wait() < 0 or take(*values))
    assert wrong_passwords(email) == {401: 1, 429: THREADS - 1}
    assert len(hashes) == 1


@pytest.mark.asvs("6.3.5", "15.4.2")
def test_tenth_failure_among_many_at_once_queues_one_mail():
    alice = ApiUser.registers(ApiClient(), "alice")
    for _ in range(ROUNDS):
        QueuedMail.objects.all().delete()
        attempt(ApiClient(), alice)
        LoginFailures.objects.update(count=COOL_OFF_FROM - THREADS // 2)
        answers = wrong_passwords(alice.email)  # a caller that comes after the tenth failure has to wait
        assert answers[401] + answers[429] == THREADS
        assert row().count == COOL_OFF_FROM - THREADS // 2 + answers[401]
        assert QueuedMail.objects.get().type == MailType.FAILED_LOGINS
        LoginFailures.objects.all().delete()


@pytest.mark.asvs("15.4.2")
def test_login_beside_failures_at_once_disturbs_neither():
    alice = ApiUser.registers(ApiClient(), "alice")
    for _ in range(ROUNDS):
        attempt(ApiClient(), alice)
        log_in = lambda: attempt(ApiClient(), alice, alice.password).status_code  # noqa: E731
        guess = lambda: attempt(ApiClient(), alice).status_code  # noqa: E731
        assert Counter(at_once(log_in, *[guess] * (THREADS - 1))) == {200: 1, 401: THREADS - 1}
        assert sum(LoginFailures.objects.values_list("count", flat=True)) <= THREADS
        LoginFailures.objects.all().delete()
        User.objects.get().events.all().delete()  # so that this network is unknown again
