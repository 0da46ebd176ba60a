"""`manage.py purge_sessions` deletes what nothing needs any more, besides sessions and events."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.login.lockout import failures_of
from accounts.login.models import LOCKED_FROM, LoginFailures, SessionExchangeCode, s256
from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from accounts.single_use.models import ConsumedToken, consume_once

from .conftest import ask_to_change

DAY, MONTH = 24 * 3600, 30 * 24 * 3600  # seconds
CODE = {"provider": "google", "code_challenge": s256("v" * 43)}


def kept(rows, clock, seconds):
    """How many of these rows a purge leaves after so many seconds."""
    clock.shift(seconds)
    call_command("purge_sessions")
    return rows.count()


@pytest.mark.asvs("14.2.7")
def test_purge_deletes_login_failures_thirty_days_after_the_last_one(api, alice, clock):
    for email in (alice.email, "unknown@example.org"):
        api.login(email, "a wrong password")
    failures = LoginFailures.objects.all()
    assert kept(failures, clock, MONTH - 1) == 2
    api.login(alice.email, "a wrong password")
    assert kept(failures, clock, 1) == 1
    assert kept(failures, clock, MONTH - 2) == 1
    assert kept(failures, clock, 1) == 0


def test_purge_never_unlocks_a_password(api, alice, user, clock):
    for email in (alice.email, "unknown@example.org"):
        api.login(email, "a wrong password")
    LoginFailures.objects.update(count=LOCKED_FROM)
    assert kept(LoginFailures.objects.all(), clock, 10 * MONTH) == 2
    ((_, failures),) = failures_of(user)
    assert failures.count == LOCKED_FROM
    assert api.login(alice.email, alice.password).status_code == 401


def test_purge_deletes_consumed_tokens_an_hour_after_they_expired(db, clock):
    expires_at = timezone.now() + timedelta(minutes=10)
    assert consume_once(purpose="test", token="a token", expires_at=expires_at)
    consumed = ConsumedToken.objects.all()
    assert kept(consumed, clock, 70 * 60) == 1
    assert kept(consumed, clock, 1) == 0


def test_purge_deletes_expired_session_exchange_codes(user, clock):
    SessionExchangeCode.objects.issue(user, **CODE)
    codes = SessionExchangeCode.objects.all()
    assert kept(codes, clock, 59) == 1
    assert kept(codes, clock, 1) == 0


def test_purge_deletes_expired_one_time_tokens(api, owner, mailbox, clock):
    OneTimeToken.objects.all().delete()
    ask_to_change(api, owner, "elsewhere@example.org")
    mailbox.new()
    tokens = OneTimeToken.objects.all()
    assert kept(tokens, clock, DAY - 1) == 1
    assert kept(tokens, clock, 1) == 0


def test_purge_deletes_abandoned_mails_after_thirty_days(alice, clock):
    QueuedMail.objects.update(due_at=None, give_up_at=timezone.now())
    mails = QueuedMail.objects.all()
    assert kept(mails, clock, MONTH) == 1
    assert kept(mails, clock, 1) == 0


def test_purge_keeps_mails_that_are_not_abandoned(alice, clock):
    assert kept(QueuedMail.objects.all(), clock, 10 * MONTH) == 1


@pytest.fixture
def leftovers(api, user, clock):
    """Five rows for each model, of which a purge needs none. Returns the models."""
    now = timezone.now()
    for number in range(5):
        api.login(f"{number}@example.org", "a wrong password")
        consume_once(purpose="test", token=str(number), expires_at=now)
        SessionExchangeCode.objects.issue(user, **CODE)
        OneTimeToken.objects.create(
            type="revert", user=user, email=user.email, requested_at=now, expires_at=now + timedelta(days=7)
        )
        QueuedMail.objects.create(type="reset", email=f"{number}@example.org", due_at=None, give_up_at=now)
    clock.shift(2 * MONTH)
    return [LoginFailures, ConsumedToken, SessionExchangeCode, OneTimeToken, QueuedMail]


@pytest.mark.parametrize(("size", "statements"), [(1, 5), (2, 3), (5, 1), (100, 1)])
def test_purge_deletes_in_batches(leftovers, size, statements):
    with CaptureQueriesContext(connection) as captured:
        call_command("purge_sessions", batch_size=size)
    deleted = [query["sql"] for query in captured if query["sql"].startswith("DELETE")]
    for model in leftovers:
        table = f'"{model._meta.db_table}"'
        assert sum(f"DELETE FROM {table}" in sql for sql in deleted) == statements, table
    assert [QueuedMail.objects.count(), *(model.objects.count() for model in leftovers[:-1])] == [1, 0, 0, 0, 0]


def test_purge_dry_run_deletes_nothing(leftovers):
    call_command("purge_sessions", "--dry-run")
    assert [model.objects.count() for model in leftovers] == [5, 5, 5, 5, 6]
