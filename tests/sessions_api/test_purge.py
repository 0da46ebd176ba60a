"""The command that deletes expired sessions."""

import os
from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from sessions_api.models import Session


@pytest.fixture
def old_and_new(api, alice, bob):
    """Five expired sessions and three live ones."""
    expired = [alice.logs_in(api) for _ in range(5)]
    Session.objects.filter(pk__in=Session.objects.order_by("-created_at").values("pk")[:5]).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    return expired, [alice.token, bob.token, bob.logs_in(api)]


@pytest.mark.asvs("14.2.7")
def test_purge_deletes_expired_sessions_only(api, old_and_new, capsys):
    _expired, live = old_and_new
    call_command("purge_sessions", batch_size=2)
    assert capsys.readouterr().out.splitlines() == ["5 expired sessions deleted.", "0 old events deleted."]
    assert Session.objects.count() == len(live)
    assert all(api.is_live(token) for token in live)


def test_purge_deletes_sessions_in_batches_by_expiry_in_whatever_order_they_were_stored(old_and_new, user):
    for session, minutes in zip(Session.objects.expired().order_by("created_at"), (5, 2, 4, 1, 3), strict=True):
        Session.objects.filter(pk=session.pk).update(expires_at=timezone.now() - timedelta(minutes=minutes))
    assert list(Session.objects.filter(user=user).revoke_in_batches(2)) == [2, 2, 2, 0]


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_purge_deletes_sessions_of_one_expiry_in_batches_of_any_size(old_and_new, size):
    Session.objects.expired().update(expires_at=timezone.now() - timedelta(seconds=1))
    assert set(Session.objects.expired().revoke_in_batches(size)) - {0} <= {size, 5 % size, 5}
    assert Session.objects.count() == 3


def test_purge_run_twice_finds_nothing_the_second_time(old_and_new, capsys):
    call_command("purge_sessions")
    call_command("purge_sessions")
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "sessions" in line] == [
        "5 expired sessions deleted.",
        "0 expired sessions deleted.",
    ]


def test_purge_dry_run_counts_and_deletes_nothing(old_and_new, capsys):
    call_command("purge_sessions", "--dry-run")
    assert capsys.readouterr().out == "5 expired sessions and 0 old events, none deleted.\n"
    assert Session.objects.count() == 8


@pytest.mark.asvs("7.3.1")
def test_purge_deletes_idle_sessions_if_an_idle_expiry_is_set(old_and_new, settings, capsys):
    settings.SESSION_IDLE = timedelta(days=30)
    idle = Session.objects.live().order_by("created_at")[:2].values_list("pk", flat=True)
    Session.objects.filter(pk__in=list(idle)).update(last_seen_at=timezone.now() - timedelta(days=30))
    call_command("purge_sessions", batch_size=3)
    assert Session.objects.count() == 1


def test_purge_refuses_a_batch_size_of_zero(db):
    with pytest.raises(CommandError, match="at least 1"):
        call_command("purge_sessions", batch_size=0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_purge_skips_a_session_that_another_transaction_has_locked(old_and_new, capsys):
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"]) as other:
        other.execute("SELECT FROM sessions_api_session ORDER BY expires_at LIMIT 1 FOR UPDATE")
        call_command("purge_sessions", batch_size=2)
    call_command("purge_sessions", batch_size=2)
    lines = [line for line in capsys.readouterr().out.splitlines() if "sessions" in line]
    assert lines == ["4 expired sessions deleted.", "1 expired sessions deleted."]
