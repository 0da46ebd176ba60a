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
def test_purging_deletes_what_has_expired_and_nothing_else(api, old_and_new, capsys):
    _expired, live = old_and_new
    call_command("purge_sessions", batch_size=2)
    assert capsys.readouterr().out.splitlines() == ["5 expired sessions deleted.", "0 old events deleted."]
    assert Session.objects.count() == len(live)
    assert all(api.opens(token) for token in live)


@pytest.mark.parametrize("size", [1, 2, 5, 6])
def test_sessions_that_end_at_one_moment_are_purged_in_any_batches(old_and_new, size):
    Session.objects.expired().update(expires_at=timezone.now() - timedelta(seconds=1))
    assert set(Session.objects.expired().revoke_in_batches(size)) - {0} <= {size, 5 % size, 5}
    assert Session.objects.count() == 3


def test_purging_again_finds_nothing(old_and_new, capsys):
    call_command("purge_sessions")
    call_command("purge_sessions")
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if "sessions" in line] == [
        "5 expired sessions deleted.",
        "0 expired sessions deleted.",
    ]


def test_a_dry_run_only_counts(old_and_new, capsys):
    call_command("purge_sessions", "--dry-run")
    assert capsys.readouterr().out == "5 expired sessions and 0 old events, none deleted.\n"
    assert Session.objects.count() == 8


def test_sessions_that_nobody_used_are_purged_where_they_end_by_that(old_and_new, settings, capsys):
    settings.SESSION_IDLE = timedelta(days=30)
    idle = Session.objects.live().order_by("created_at")[:2].values_list("pk", flat=True)
    Session.objects.filter(pk__in=list(idle)).update(last_seen_at=timezone.now() - timedelta(days=30))
    call_command("purge_sessions", batch_size=3)
    assert Session.objects.count() == 1


def test_a_batch_of_nothing_is_refused(db):
    with pytest.raises(CommandError, match="at least 1"):
        call_command("purge_sessions", batch_size=0)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_session_that_somebody_has_locked_is_left_to_them(old_and_new, capsys):
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"]) as other:
        other.execute("SELECT FROM sessions_api_session ORDER BY expires_at LIMIT 1 FOR UPDATE")
        call_command("purge_sessions", batch_size=2)
    call_command("purge_sessions", batch_size=2)
    said = [line for line in capsys.readouterr().out.splitlines() if "sessions" in line]
    assert said == ["4 expired sessions deleted.", "1 expired sessions deleted."]
