"""Users list and revoke their sessions."""

from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from sessions_api.admin_sessions.models import AdminSession
from sessions_api.events.tags import Tag
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import SessionExpired
from sessions_api.models import Session, SessionQuerySet
from sessions_api.revocation import revoke_by_admin, revoke_own
from sessions_api.tokens import digest

from ..users import problem

STALE = 601  # seconds: one more than REAUTHENTICATION_SECONDS


def sessions(api, token):
    answer = api.call("GET", "/api/auth/sessions", token=token)
    assert answer.status_code == 200
    return answer.json()


def revoke(api, token, handle):
    return api.call("DELETE", f"/api/auth/sessions/{handle}", token=token)


@pytest.mark.asvs("7.5.2", "14.2.6", "15.3.1")
def test_session_list_is_newest_first_and_contains_no_token(api, alice, bob):
    phone = alice.logs_in(api, User_Agent="Phone")
    newest, oldest = sessions(api, phone)
    assert (newest["user_agent"], newest["current"], oldest["current"]) == ("Phone", True, False)
    expected = {"handle", "method", "created_at", "last_seen_at", "authenticated_at", "expires_at", "expires_in"}
    assert newest.keys() == expected | {"ip_address", "user_agent", "device", "current"}
    assert phone not in str(newest)


def test_session_list_leaves_out_an_expired_session(api, alice, clock, settings):
    settings.SESSION_LIFETIME /= 365
    token = alice.logs_in(api)
    clock.shift(86400)
    assert not api.is_live(token)
    assert len(sessions(api, alice.token)) == 1


def test_session_list_deletes_an_expired_session_and_revocation_does_not_find_it(api, alice, clock, settings):
    """Its token was not sent since, so the row is still stored."""
    settings.SESSION_LIFETIME = timedelta(minutes=5)
    phone = alice.logs_in(api)
    handle = sessions(api, phone)[0]["handle"]
    clock.shift(300)
    assert problem(revoke(api, alice.token, handle)) == (404, "not_found")
    assert Session.objects.filter(pk=handle).exists()
    assert [session["current"] for session in sessions(api, alice.token)] == [True]
    assert not Session.objects.filter(pk=handle).exists()


def test_session_list_leaves_out_an_expired_session_that_is_locked(api, alice, clock, settings, monkeypatch):
    settings.SESSION_LIFETIME = timedelta(minutes=5)
    alice.logs_in(api)
    clock.shift(300)
    monkeypatch.setattr(SessionQuerySet, "revoke_in_batches", lambda self, size: iter([]))  # as if its row was locked
    assert [session["current"] for session in sessions(api, alice.token)] == [True]


@pytest.mark.asvs("7.5.2", "7.4.1")
def test_revoking_another_session_takes_effect_at_once(api, alice):
    phone = alice.logs_in(api)
    handle = sessions(api, phone)[0]["handle"]
    assert revoke(api, alice.token, handle).status_code == 204
    assert not api.is_live(phone)
    assert api.is_live(alice.token)
    assert problem(revoke(api, alice.token, handle)) == (404, "not_found")


@pytest.mark.asvs("8.2.2")
def test_revoking_a_session_of_another_user_is_not_found(api, alice, bob):
    theirs = sessions(api, bob.token)[0]["handle"]
    answers = [revoke(api, alice.token, handle) for handle in (theirs, uuid4())]
    assert {problem(answer) for answer in answers} == {(404, "not_found")}
    assert len({answer.content for answer in answers}) == 1
    assert api.is_live(bob.token)


@pytest.mark.parametrize("handle", ["x", "1", "../sessions", "%00", "39b1c462-56fc-4230-b122-2ea2dedcf8f4x"])
def test_revoking_an_invalid_handle_is_not_found(api, alice, handle):
    assert problem(revoke(api, alice.token, handle)) == (404, "not_found")


@pytest.mark.asvs("7.5.2")
def test_stolen_token_cannot_revoke_other_sessions_without_a_recent_login(api, alice, clock):
    alice.logs_in(api)
    clock.shift(STALE)
    owners = alice.logs_in(api)
    for handle in (session["handle"] for session in sessions(api, alice.token) if not session["current"]):
        assert problem(revoke(api, alice.token, handle)) == (403, "reauthentication_required")
    answer = api.call("DELETE", "/api/auth/sessions", token=alice.token)
    assert problem(answer) == (403, "reauthentication_required")
    assert api.is_live(owners)


def test_expired_session_is_not_found_where_sessions_have_an_idle_end_too(api, alice, settings):
    settings.SESSION_IDLE = settings.SESSION_LIFETIME
    handle, token = sessions(api, alice.token)[0]["handle"], alice.logs_in(api)
    Session.objects.filter(pk=handle).update(expires_at="2020-01-01T00:00Z")
    assert problem(revoke(api, token, handle)) == (404, "not_found")


def test_revoking_the_current_session_needs_no_recent_login(api, alice, clock):
    clock.shift(STALE)
    handle = sessions(api, alice.token)[0]["handle"]
    assert revoke(api, alice.token, handle).status_code == 204
    assert not api.is_live(alice.token)


@pytest.mark.asvs("7.4.3")
@pytest.mark.parametrize(
    ("query", "stays"), [("", True), ("?include_current=false", True), ("?include_current=true", False)]
)
def test_revoking_all_sessions_includes_the_current_one_on_request(api, alice, bob, query, stays):
    others = [alice.logs_in(api) for _ in range(3)]
    assert api.call("DELETE", f"/api/auth/sessions{query}", token=alice.token).status_code == 204
    assert not any(api.is_live(token) for token in others)
    assert api.is_live(alice.token) is stays
    assert api.is_live(bob.token)


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("meanwhile", ["revoked", "expired", "renewed", "deleted"])
def test_revocation_by_a_session_that_ended_meanwhile_is_refused(api, alice, user, clock, meanwhile):
    clock.shift(1)
    session = Session.objects.authenticate(alice.token)
    owners = alice.logs_in(api)
    if meanwhile == "revoked":
        api.call("DELETE", "/api/auth/sessions", token=owners)
    elif meanwhile == "expired":
        Session.objects.filter(digest=digest(alice.token)).update(expires_at="2020-01-01T00:00Z")
    elif meanwhile == "renewed":
        api.call("POST", "/api/auth/reauthenticate", {"password": alice.password}, token=alice.token)
    else:
        user.delete()
    with pytest.raises(SessionExpired):
        revoke_own(session.siblings(), by=session, tag=Tag.SESSIONS_REVOKED, client=ClientInfo())
    assert api.is_live(owners) is (meanwhile != "deleted")


@pytest.mark.parametrize(("seconds", "fresh"), [(601, False), (600, True), (-60, True), (-61, False)])
def test_login_is_recent_for_ten_minutes_and_not_in_the_future(clock, api, alice, seconds, fresh):
    clock.shift(seconds)
    answer = api.call("DELETE", "/api/auth/sessions", token=alice.token)
    assert answer.status_code == (204 if fresh else 403)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["sessions", "admin_sessions"])
def test_revocation_by_an_administrator_waits_for_the_lock_of_the_user(alice, user, kind):
    """A login that holds the lock can then not insert a session beside the revocation."""
    AdminSession.objects.create(user=user, session_key="x", expire_date=timezone.now(), user_agent="")
    rows = {"sessions": Session.objects.none(), "admin_sessions": AdminSession.objects.none()}
    rows[kind] = rows[kind].model.objects.filter(user=user)
    name, host, owner = (connection.settings_dict[key] for key in ("NAME", "HOST", "USER"))
    with psycopg.connect(dbname=name, host=host, user=owner) as login, connection.cursor() as cursor:
        login.execute("SELECT FROM accounts_user WHERE id = %s FOR NO KEY UPDATE", [user.pk])
        cursor.execute("SET lock_timeout = '100ms'")
        try:
            with pytest.raises(OperationalError, match="lock timeout"):
                revoke_by_admin(*rows.values(), by="administrator")
        finally:
            cursor.execute("RESET lock_timeout")
    assert getattr(user, kind).exists()
