"""The hours around a switch of daylight saving time, where the database server and this machine are in such a zone."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from sessions_api.charts import created_by_day
from sessions_api.events.charts import events_by_day
from sessions_api.models import Session

from ..users import problem

# The moments in UTC: forwards and back in Berlin, and back at the local date before UTC's in St. John's.
SWITCHES = {
    "Europe/Berlin": [datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)],
    "America/St_Johns": [datetime(2027, 11, 7, 4, 30, tzinfo=UTC)],
}
CASES = [(zone, moment) for zone, moments in SWITCHES.items() for moment in moments]

pytestmark = pytest.mark.django_db(transaction=True)


def connect_anew():
    connection.close()
    if connection.vendor == "postgresql":
        connection.close_pool()


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]} {case[1]:%B}")
def switch(request, monkeypatch, clock):
    """The moment of the switch; the clock is half an hour before it, and each new connection is in the zone."""
    zone, moment = request.param
    for variable in ("PGTZ", "TZ"):
        monkeypatch.setenv(variable, zone)
    time.tzset()
    connect_anew()
    clock.move_to(moment - timedelta(minutes=30))
    yield moment
    monkeypatch.undo()
    time.tzset()
    connect_anew()


@pytest.mark.postgres
def test_connection_asks_for_utc_whatever_the_zone_of_the_server_is(switch):
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting, reset_val FROM pg_settings WHERE name = 'TimeZone'")
        asked_for, default = cursor.fetchone()
    assert (asked_for, default in SWITCHES) == ("UTC", True)


def test_session_lives_as_many_seconds_across_a_switch(switch, api, clock):
    token = api.register("alice@example.org").json()["token"]
    before = api.check_session(token).json()
    clock.move_to(switch + timedelta(minutes=30))
    after = api.check_session(token).json()
    assert after["expires_at"] == before["expires_at"]
    assert before["expires_in"] - after["expires_in"] == 3600
    clock.move_to(datetime.fromisoformat(before["expires_at"]) - timedelta(seconds=1))
    assert api.is_live(token)
    clock.shift(1)
    assert not api.is_live(token)


def test_recent_login_stays_recent_for_as_many_seconds_across_a_switch(switch, api, clock, settings):
    clock.move_to(switch - timedelta(minutes=5))
    token = api.register("alice@example.org").json()["token"]
    clock.shift(settings.REAUTHENTICATION)
    assert api.call("GET", "/api/users/me/export", token=token).status_code == 200
    clock.shift(1)
    assert problem(api.call("GET", "/api/users/me/export", token=token)) == (403, "reauthentication_required")


@pytest.mark.parametrize(("minutes", "status"), [(59, 204), (61, 400)])
def test_token_of_a_mail_is_valid_for_an_hour_across_a_switch(switch, api, alice, clock, mailbox, minutes, status):
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    body = {"token": mailbox.token(alice.email, "password"), "new_password": "another good password"}
    clock.shift(timedelta(minutes=minutes))
    assert api.call("POST", "/api/auth/password/reset/confirm", body).status_code == status


def test_cool_off_after_wrong_passwords_is_as_long_across_a_switch(switch, api, alice, clock):
    for minutes in range(9, -1, -1):
        clock.move_to(switch - timedelta(minutes=minutes, seconds=5))
        assert problem(api.login(alice.email, "wrong")) == (401, "authentication_failed")
    waits = int(api.login(alice.email, alice.password).headers["Retry-After"])
    assert waits == 30
    clock.shift(waits - 1)
    assert problem(api.login(alice.email, alice.password)) == (429, "rate_limited")
    clock.shift(1)
    assert api.login(alice.email, alice.password).status_code == 200


def test_charts_count_by_days_in_utc_across_a_switch(switch, api, clock):
    """In each zone, one of these moments has another local date than in UTC."""
    midnight = switch.replace(hour=0, minute=0)
    for hours in (-1, 1, 23, 25):
        clock.move_to(midnight + timedelta(hours=hours))
        api.register(f"alice{hours}@example.org")
    expected = {midnight.date() + timedelta(days=day): number for day, number in ((-1, 1), (0, 2), (1, 1))}
    assert {day: number for day, number in created_by_day().items() if number} == expected
    registered = events_by_day()["All other events"]
    assert {day: number for day, number in registered.items() if number} == expected


def test_export_has_the_moments_in_utc_across_a_switch(switch, api, clock):
    """Both of the hours that one clock on the wall shows twice."""
    moments = []
    for minutes in (-30, 30):
        clock.move_to(switch + timedelta(minutes=minutes))
        moments.append(f"{timezone.now():%Y-%m-%dT%H:%M:%S}.000Z")
        answer = api.login("alice@example.org") if len(moments) > 1 else api.register("alice@example.org")
    exported = json.loads(api.call("GET", "/api/users/me/export", token=answer.json()["token"]).getvalue())
    assert sorted(session["created_at"] for session in exported["sessions"]) == moments
    assert exported["user"]["created_at"] == moments[0]


def test_purge_deletes_what_has_expired_and_nothing_else_across_a_switch(switch, api, clock):
    api.register("alice@example.org")
    (session,) = Session.objects.all()
    Session.objects.update(expires_at=switch + timedelta(minutes=15))
    clock.move_to(switch + timedelta(minutes=14))
    assert Session.objects.live().exists()
    clock.shift(timedelta(minutes=1))
    assert not Session.objects.live().exists()
    assert User.objects.get().created_at == session.created_at == switch - timedelta(minutes=30)
