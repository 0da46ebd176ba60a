"""Events of an account: for the user in the API, for operators in the log, for other code by a signal."""

import logging

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.events.signals import recorded
from sessions_api.models import Session

from ...users import problem

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


def tags(api, user, **query):
    return [event["tag"] for event in events(api, user, **query)]


def events(api, user, before=""):
    answer = api.call("GET", f"/api/users/me/events{before and f'?before={before}'}", token=user.token)
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.asvs("16.3.1", "16.2.1")
def test_event_list_is_newest_first(api, alice):
    api.login(alice.email, "a wrong password")
    alice.logs_in(api, User_Agent=FIREFOX)
    failure, login = "account:login:failure", "account:login:success"
    assert tags(api, alice) == [login, failure, login, "account:register"]
    latest = events(api, alice)[0]
    assert (latest["ip_address"], latest["device"], latest["data"]) == (
        "127.0.0.1",
        "Firefox on Linux",
        {"method": "password"},
    )


def test_event_list_contains_no_events_of_other_users(api, alice, bob):
    api.login(bob.email, "a wrong password")
    assert tags(api, alice) == ["account:login:success", "account:register"]


def test_event_list_has_pages_of_fifty(api, alice, user):
    Event.objects.bulk_create([Event(tag="account:logout", user=user) for _ in range(60)])
    first = events(api, alice)
    second = events(api, alice, before=first[-1]["id"])
    assert (len(first), len(second)) == (50, 12)
    assert second[-1]["tag"] == "account:register"


@pytest.mark.parametrize("before", ["0", "-1", "x", str(2**63)])
def test_event_list_refuses_an_invalid_page(api, alice, before):
    assert problem(api.call("GET", f"/api/users/me/events?before={before}", token=alice.token))[0] == 422


@pytest.mark.asvs("16.2.5")
def test_event_of_a_failed_login_contains_no_unknown_address(api, alice):
    api.login("unknown@example.org", "a wrong password")
    event = Event.objects.get(tag="account:login:failure")
    assert (event.user, event.data) == (None, {})
    assert "unknown" not in str(Event.objects.values_list())


def test_event_of_revoked_sessions_has_their_number(api, alice):
    alice.logs_in(api)
    alice.logs_in(api)
    api.call("DELETE", "/api/auth/sessions", token=alice.token)
    assert (events(api, alice)[0]["tag"], events(api, alice)[0]["data"]) == ("session:end", {"number": 2})
    event = Event.objects.get(tag="session:end")
    assert (event.ip_address, event.session) == ("127.0.0.1", Session.objects.get().pk)


def test_event_is_recorded_when_a_session_is_evicted(api, alice, settings):
    settings.SESSION_MAX_PER_USER = 1
    alice.token = alice.logs_in(api)
    assert tags(api, alice)[:2] == ["account:login:success", "session:evict"]
    event = Event.objects.get(tag="session:evict")
    assert (event.ip_address, event.session) == ("127.0.0.1", Session.objects.get().pk)
    assert event.data == {"number": 1}


@pytest.mark.asvs("16.3.1")
def test_events_are_recorded_for_password_change_reauthentication_and_logout(api, alice, user):
    body = {"password": alice.password}
    alice.token = api.call("POST", "/api/auth/reauthenticate", body, token=alice.token).json()["token"]
    api.call("POST", "/api/auth/reauthenticate", {"password": "wrong"}, token=alice.token)
    body = {"current_password": alice.password, "new_password": "another password of alice"}
    alice.token = api.call("POST", "/api/auth/password", body, token=alice.token).json()["token"]
    api.call("POST", "/api/auth/logout", token=alice.token)
    assert [event.tag for event in user.events.order_by("-pk")[:4]] == [
        "account:logout",
        "account:password:change",
        "account:reauthenticate:failure",
        "account:reauthenticate:success",
    ]


@pytest.mark.asvs("16.2.1")
def test_event_of_a_reauthentication_names_user_session_method_and_client(api, alice, user, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    body, session = {"password": alice.password}, user.sessions.get()
    alice.token = api.call(
        "POST", "/api/auth/reauthenticate", body, token=alice.token, X_Forwarded_For="203.0.113.7"
    ).json()["token"]
    event = user.events.get(tag="account:reauthenticate:success")
    assert (event.session, event.ip_address, event.data["method"]) == (session.pk, "203.0.113.7", "password")


def test_event_cannot_be_updated(api, alice):
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.update(tag="account:logout")
    event = Event.objects.first()
    event.tag = "account:logout"
    with pytest.raises(DatabaseError), transaction.atomic():
        event.save()


def test_events_are_deleted_with_their_user(api, alice, bob):
    api.call("DELETE", "/api/users/me", token=alice.token)
    assert set(Event.objects.values_list("user__email", flat=True)) == {bob.email, None}
    assert Event.objects.get(user=None).tag == "account:delete"


@pytest.mark.asvs("14.2.7")
def test_events_are_purged_when_they_are_old(api, alice, clock, settings, capsys):
    clock.shift(settings.EVENTS_KEEP.total_seconds() - 1)
    call_command("purge_sessions")
    assert Event.objects.count() == 2
    clock.shift(1)
    call_command("purge_sessions")
    assert Event.objects.count() == 0
    assert "2 old events deleted." in capsys.readouterr().out


@pytest.mark.asvs("14.2.7")
def test_events_of_unknown_addresses_are_purged_after_thirty_days(api, alice, clock, capsys):
    api.login("unknown@example.org", "wrong")
    api.login(alice.email, "wrong")
    clock.shift(30 * 24 * 3600 - 1)
    call_command("purge_sessions")
    assert Event.objects.filter(tag="account:login:failure").count() == 2
    clock.shift(1)
    call_command("purge_sessions")
    assert Event.objects.get(tag="account:login:failure").user.email == alice.email
    assert "1 old events deleted." in capsys.readouterr().out


@pytest.fixture
def received():
    """The tags of the events that a receiver of the signal got."""
    tags = []

    def receive(event, **more):
        tags.append(event.tag)

    recorded.connect(receive)
    yield tags
    recorded.disconnect(receive)


@pytest.mark.asvs("16.2.1")
def test_event_is_logged_and_sent_after_the_commit(api, alice, received, caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.INFO)
    with django_capture_on_commit_callbacks(execute=True):
        alice.logs_in(api)
        assert received == []
    assert received == ["account:login:success"]
    assert "account:login:success" in caplog.text


def test_event_that_is_rolled_back_is_not_sent(user, received, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        Event.objects.record("account:logout", user)
        transaction.set_rollback(True)
    assert received == []
    assert not Event.objects.filter(tag="account:logout").exists()


def test_event_signal_survives_a_receiver_that_raises(api, alice, django_capture_on_commit_callbacks):
    def fail(**arguments):
        raise RuntimeError

    recorded.connect(fail)
    with django_capture_on_commit_callbacks(execute=True):
        assert api.login(alice.email, alice.password).status_code == 200
    recorded.disconnect(fail)
    assert User.objects.get().events.filter(tag="account:login:success").count() == 2
