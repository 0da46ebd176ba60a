from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from sessions_api.events.models import Event
from sessions_api.models import SessionQuerySet


@pytest.mark.asvs("7.4.5")
def test_revoke_sessions_of_one_user(api, alice, bob, capsys):
    phone = alice.logs_in(api)
    call_command("revoke_sessions", user="Alice@EXAMPLE.org")
    assert capsys.readouterr().out == "2 sessions revoked.\n"
    assert not any(api.is_live(token) for token in (alice.token, phone))
    assert api.is_live(bob.token)


@pytest.mark.asvs("7.4.5")
def test_revoke_sessions_of_all_users(api, alice, bob):
    call_command("revoke_sessions", "--all")
    assert not any(api.is_live(token) for token in (alice.token, bob.token))


def test_revoke_sessions_before_a_time_keeps_later_ones(api, alice, clock):
    clock.shift(3600)
    later = alice.logs_in(api)
    leaked = timezone.now() - timedelta(minutes=30)
    call_command("revoke_sessions", "--all", before=leaked.isoformat())
    assert not api.is_live(alice.token)
    assert api.is_live(later)


@pytest.mark.parametrize("when", ["2100-01-01", "2100-01-01T00:00", "2100-01-01T00:00Z", "2100-01-01 00:00+02:00"])
def test_revoke_sessions_accepts_times_in_several_forms(api, alice, when):
    call_command("revoke_sessions", "--all", before=when)
    assert not api.is_live(alice.token)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"user": "unknown@example.org"}, "No user"),
        ({"user": "unknown"}, "No user"),
        ({"user": ""}, "No user"),
        ({"user": "alice@example.org", "before": "yesterday"}, "--before"),
        ({"user": "alice@example.org", "before": "2026-13-01"}, "--before"),
        ({"user": "alice@example.org", "before": ""}, "--before"),
        ({"all": True, "before": ""}, "--before"),
    ],
)
def test_revoke_sessions_with_invalid_arguments_revokes_none(api, alice, arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("revoke_sessions", **arguments)
    assert api.is_live(alice.token)


def test_revoke_sessions_of_one_user_records_one_event(api, alice, bob):
    alice.logs_in(api)
    call_command("revoke_sessions", user=alice.email)
    call_command("revoke_sessions", user=alice.email)
    event = Event.objects.get(tag="session:end")
    assert (event.user.email, event.data) == (alice.email, {"by": "operator", "number": 2})


def test_revoke_sessions_of_all_users_records_one_event_without_a_user(api, alice, bob):
    alice.logs_in(api)
    call_command("revoke_sessions", "--all", before="2100-01-01")
    call_command("revoke_sessions", "--all")
    limited, unlimited = Event.objects.filter(tag="session:end").order_by("pk")
    assert limited.user is unlimited.user is None
    assert limited.data == {"by": "operator", "number": 3, "before": "2100-01-01T00:00:00+00:00"}
    assert unlimited.data == {"by": "operator", "number": 0}


def test_revoke_sessions_revokes_skipped_rows_user_by_user(api, alice, bob, monkeypatch):
    """Each user's sessions are revoked under the lock of the user, in the order of the keys."""
    alice.logs_in(api)
    monkeypatch.setattr(SessionQuerySet, "revoke_in_batches", lambda self, size: iter([]))  # as if all rows were locked
    with CaptureQueriesContext(connection) as captured:
        call_command("revoke_sessions", "--all")
    deleted = [query["sql"] for query in captured if query["sql"].startswith("DELETE")]
    assert len(deleted) == 2
    if connection.features.has_select_for_update:
        assert sum("FOR NO KEY UPDATE" in query["sql"] for query in captured) == 2
    assert not any(api.is_live(token) for token in (alice.token, bob.token))


def test_revoke_sessions_needs_a_user_or_all(db):
    with pytest.raises(CommandError):
        call_command("revoke_sessions")
