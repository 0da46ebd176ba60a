"""Sessions and their tokens, from login to expiry."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from sessions_api.http.errors import SessionExpired
from sessions_api.models import Session
from sessions_api.tokens import digest

from ..users import problem

DAY = 86400


def test_session_response_describes_the_session_and_its_user(api, alice):
    token = alice.logs_in(api, User_Agent="Firefox")
    answer = api.check_session(token).json()
    session = Session.objects.get(digest=digest(token))
    assert answer["handle"] == str(session.pk)
    assert (answer["method"], answer["ip_address"], answer["user_agent"]) == ("password", "127.0.0.1", "Firefox")
    assert answer["current"] is True
    assert answer["user"]["email"] == alice.email
    assert all(answer[f"{name}_at"].endswith("Z") for name in ("created", "last_seen", "authenticated", "expires"))


@pytest.mark.asvs("7.4.1")
def test_logout_revokes_the_current_session_only(api, alice):
    other = alice.logs_in(api)
    answer = api.call("POST", "/api/auth/logout", token=other)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not api.is_live(other)
    assert api.is_live(alice.token)
    assert problem(api.call("POST", "/api/auth/logout", token=other)) == (401, "session_expired")


@pytest.mark.asvs("7.3.2")
def test_session_expires_at_its_absolute_expiry_though_it_is_used(api, clock, settings):
    token = api.register("alice@example.org").json()["token"]
    for _ in range(365):
        assert api.is_live(token)
        clock.shift(DAY - 1)
    clock.shift(364)
    assert api.check_session(token).json()["expires_in"] == 1
    clock.shift(1)
    assert not api.is_live(token)  # at the very moment of its expiry


@pytest.mark.asvs("7.3.1")
def test_session_expires_unused_if_an_idle_expiry_is_set(api, clock, settings):
    settings.SESSION_IDLE *= 0
    token = api.register("alice@example.org").json()["token"]
    clock.shift(30 * DAY)
    assert api.use(token) == 200
    settings.SESSION_IDLE = settings.SESSION_LIFETIME / 365 * 30
    clock.shift(30 * DAY - 1)
    assert api.use(token) == 200  # which postpones the idle expiry
    assert api.check_session(token).json()["expires_in"] == 30 * DAY
    clock.shift(30 * DAY)
    assert not api.is_live(token)


def test_expired_session_stays_invalid_after_the_clock_was_set_back(api, clock):
    token = api.register("alice@example.org").json()["token"]
    clock.shift(365 * DAY)
    assert not api.is_live(token)
    clock.shift(-2 * DAY)
    assert not api.is_live(token)


def test_idle_session_stays_invalid_after_the_clock_was_set_back(api, clock, settings):
    settings.SESSION_IDLE = settings.SESSION_LIFETIME / 365 * 30
    token = api.register("alice@example.org").json()["token"]
    clock.shift(30 * DAY)
    assert api.use(token) == 401
    clock.shift(-2 * DAY)
    assert api.use(token) == 401
    settings.SESSION_IDLE *= 0
    assert api.use(token) == 401


@pytest.mark.parametrize("deleted_by", ["login", "list"])
@pytest.mark.parametrize("idle", [0, 30])
def test_expired_session_is_deleted_by_a_login_and_by_the_session_list(api, alice, clock, settings, deleted_by, idle):
    settings.SESSION_LIFETIME = timedelta(days=60)
    phone = alice.logs_in(api)
    settings.SESSION_LIFETIME = timedelta(days=365)
    laptop = alice.logs_in(api)
    for _ in range(3):
        clock.shift(20 * DAY)
        assert api.use(laptop) == 200
    settings.SESSION_IDLE = timedelta(days=idle)
    if deleted_by == "login":
        alice.logs_in(api)
    else:
        assert api.call("GET", "/api/auth/sessions", token=laptop).status_code == 200
    settings.SESSION_IDLE = timedelta(0)
    clock.shift(-59 * DAY)
    assert not api.is_live(phone)
    assert api.is_live(laptop)
    assert api.is_live(alice.token) is not bool(idle)


def test_session_expires_in_is_never_negative(api, clock):
    api.register("alice@example.org")
    clock.shift(366 * DAY)
    assert Session.objects.get().expires_in == 0


def test_last_seen_is_written_at_most_once_in_the_touch_interval(api, clock, settings, django_assert_num_queries):
    token = api.register("alice@example.org").json()["token"]
    start = Session.objects.get().last_seen_at
    clock.shift(299)
    api.use(token)
    assert Session.objects.get().last_seen_at == start
    clock.shift(1)
    api.use(token)
    seen = Session.objects.get()
    assert (seen.last_seen_at - start).total_seconds() == 300
    assert seen.updated_at == seen.last_seen_at


def test_session_limit_revokes_the_least_recently_seen(api, alice, clock, settings):
    settings.SESSION_MAX_PER_USER = 2
    clock.shift(300)
    second = alice.logs_in(api)
    clock.shift(300)
    api.use(alice.token)
    third = alice.logs_in(api)
    assert [api.is_live(token) for token in (alice.token, second, third)] == [True, False, True]


def test_touch_tells_the_caller_when_the_session_was_seen(api, clock):
    """A route that reads `request.auth` sees the time that is stored."""
    api.register("alice@example.org")
    session = Session.objects.get()
    clock.shift(300)
    session.touch()
    assert session.last_seen_at == Session.objects.get().last_seen_at > session.created_at


def test_session_check_does_not_postpone_the_idle_expiry(api, clock, settings):
    settings.SESSION_IDLE = settings.SESSION_LIFETIME / 365 * 30
    token = api.register("alice@example.org").json()["token"]
    start = Session.objects.get().last_seen_at
    clock.shift(30 * DAY - 1)
    assert api.check_session(token).json()["expires_in"] == 1
    assert Session.objects.get().last_seen_at == start
    clock.shift(1)
    assert not api.is_live(token)


def test_touch_does_not_restore_a_revoked_session(api, alice):
    session = Session.objects.get()
    Session.objects.update(last_seen_at="2020-01-01T00:00Z")
    session.refresh_from_db()
    Session.objects.all().revoke()
    session.touch()
    assert not Session.objects.exists()


def test_token_is_renewed_by_one_of_two_callers_that_found_it(alice, clock):
    """Both have authenticated with the old token. The second must not make the first one's new token invalid."""
    first, second = Session.objects.get(), Session.objects.get()
    clock.shift(100)
    assert first.renew()
    with pytest.raises(SessionExpired):
        second.renew()
    renewed = Session.objects.get()
    now = timezone.now()
    assert (renewed.authenticated_at, renewed.last_seen_at, renewed.updated_at) == (now, now, now)


def test_touch_does_not_restore_a_session_past_its_idle_expiry(api, clock, settings):
    """Between the look and the touch of a request the idle expiry can pass."""
    settings.SESSION_IDLE = settings.SESSION_LIFETIME / 365 * 30
    token = api.register("alice@example.org").json()["token"]
    clock.shift(30 * DAY - 1)
    session = Session.objects.authenticate(token)
    clock.shift(1)
    session.touch()
    assert not api.is_live(token)


@pytest.mark.parametrize("fields", [None, ["user_agent"]])
def test_save_does_not_restore_a_revoked_session(alice, fields):
    session, copy = Session.objects.get(), Session.objects.get()
    session.user_agent = "seen"
    session.save(update_fields=fields)
    assert Session.objects.get().user_agent == "seen"
    Session.objects.all().revoke()
    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save(update_fields=fields)
    assert not Session.objects.exists()


@pytest.mark.asvs("7.2.3", "14.2.6")
def test_token_is_stored_as_its_digest_only(api, alice):
    assert alice.token.startswith("s_")
    assert len(alice.token) == 88
    row = Session.objects.values().get()
    assert bytes(row["digest"]) == digest(alice.token)
    assert alice.token not in str(row)


@pytest.mark.asvs("7.2.1")
def test_digest_and_handle_do_not_authenticate(api, alice):
    session = Session.objects.get()
    stored = bytes(session.digest)
    for text in (str(session.pk), stored.hex(), "s_" + stored.hex(), "s_" + "A" * 86):
        assert not api.is_live(text)
