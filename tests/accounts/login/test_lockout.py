"""Wrong passwords in a row: cool-offs that grow, then a locked password. Strangers keep no user out of an account."""

from datetime import timedelta
from itertools import accumulate

import pytest
from django.core.cache import cache

from accounts.login.lockout import COOL_OFF, COOL_OFF_FROM, LOCKED_FROM, failures_of
from accounts.login.models import KEPT, LoginFailures
from accounts.models import User
from accounts.passwords.hashers import Argon2id
from sessions_api.http.errors import ServerBusy
from sessions_api.models import Session

from ...users import ApiUser, problem
from .conftest import ELSEWHERE, HOME, UNKNOWN, WORK, attempt, fail

SAME_NETWORK = "198.51.100.200"  # as HOME

pytestmark = pytest.mark.usefixtures("behind_proxy")


@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize("who", ["alice@example.org", UNKNOWN])
def test_cool_offs_grow_from_the_tenth_failure_on(api, alice, clock, hashes, who):
    fail(api, clock, who, COOL_OFF_FROM)
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


@pytest.mark.once
@pytest.mark.asvs("6.3.1")
def test_cool_offs_bound_the_guesses_of_a_stranger_who_never_rests():
    """39 in the first day, 24 in each day after it, the hundredth after 84 hours, and 99 in 33 days at best."""
    cool_offs = [COOL_OFF.after(number) for number in range(1, LOCKED_FROM - COOL_OFF_FROM + 1)]
    guessed_at = [timedelta(0)] * COOL_OFF_FROM + list(accumulate(cool_offs))
    assert len(guessed_at) == LOCKED_FROM
    days = [sum(at // timedelta(days=1) == day for at in guessed_at) for day in range(4)]
    assert days == [39, 24, 24, 13]
    assert guessed_at[-1] // timedelta(hours=1) == 84
    assert (guessed_at[-2] + KEPT) // timedelta(days=1) == 33
    assert (cool_offs[0], max(cool_offs)) == (timedelta(seconds=30), timedelta(hours=1))


def test_failures_of_all_spellings_of_an_address_count_together(api, alice, clock):
    fail(api, clock, "Alice@EXAMPLE.org", 5)
    fail(api, clock, " alice@example.org", 5)
    assert problem(attempt(api, alice)) == (429, "rate_limited")


@pytest.mark.asvs("6.3.1")
def test_cool_off_allows_one_attempt_then_begins_anew(api, alice, clock, user):
    fail(api, clock, alice, COOL_OFF_FROM)
    clock.shift(30)
    assert problem(attempt(api, alice)) == (401, "authentication_failed")
    assert problem(attempt(api, alice)) == (429, "rate_limited")
    assert LoginFailures.objects.get().count == COOL_OFF_FROM + 1


def test_login_forgets_the_failures_before_it(api, alice, clock, user):
    fail(api, clock, alice, COOL_OFF_FROM)
    clock.shift(30)
    assert attempt(api, alice, alice.password).status_code == 200
    fail(api, clock, alice, 1)
    assert not LoginFailures.objects.filter(count__gt=1).exists()


@pytest.mark.asvs("6.3.5")
def test_tenth_and_hundredth_failure_are_mailed_to_the_user(api, alice, clock, mailbox, user):
    User.objects.update(email_verified_at=user.created_at)
    mailbox.new()
    fail(api, clock, alice, COOL_OFF_FROM - 1)
    assert mailbox.new() == []
    fail(api, clock, alice, 1)
    assert ELSEWHERE in mailbox.the_one(alice.email, "Wrong passwords").body
    fail(api, clock, alice, LOCKED_FROM - COOL_OFF_FROM)
    mailbox.the_one(alice.email, "no longer works")
    fail(api, clock, alice, 3)
    assert mailbox.new() == []
    clock.shift(3600)
    assert problem(attempt(api, alice, alice.password)) == (401, "authentication_failed")


def lock(api, clock, user, here=ELSEWHERE):
    """The first and the hundredth failure in a row. Tests that send all hundred show that they end in the same."""
    fail(api, clock, user, 1, here)
    LoginFailures.objects.filter(count=1).update(count=LOCKED_FROM - 1)
    fail(api, clock, user, 1, here)
    clock.shift(3600)


@pytest.fixture
def locked(api, alice, clock):
    """Alice, logged in from HOME, after a hundred failures of strangers elsewhere."""
    alice.token = attempt(api, alice, alice.password, here=HOME).json()["token"]
    lock(api, clock, alice)
    return alice


@pytest.mark.asvs("6.3.1")
def test_locked_password_is_refused_like_a_wrong_one(api, locked, clock):
    right = attempt(api, locked, locked.password)
    clock.shift(3600)
    assert right.content == attempt(api, locked, "a wrong password").content
    fail(api, clock, UNKNOWN, LOCKED_FROM)
    clock.shift(3600)
    assert right.content == attempt(api, UNKNOWN).content


def test_lock_leaves_sessions_and_known_networks_alone(api, locked):
    assert api.is_live(locked.token)
    assert attempt(api, locked, locked.password, here=HOME).status_code == 200
    assert attempt(api, locked, locked.password, here=SAME_NETWORK).status_code == 200


def test_login_from_a_known_network_does_not_unlock_other_networks(api, locked):
    assert attempt(api, locked, locked.password, here=HOME).status_code == 200
    assert problem(attempt(api, locked, locked.password)) == (401, "authentication_failed")


def test_password_reset_unlocks_the_password(api, locked, mailbox):
    api.call("POST", "/api/auth/password/reset", {"email": locked.email})
    token, chosen = mailbox.token(locked.email, "new password"), "another password of alice"
    body = {"token": token, "new_password": chosen}
    assert api.call("POST", "/api/auth/password/reset/confirm", body).status_code == 204
    assert attempt(api, locked, chosen).status_code == 200


def test_known_network_is_locked_after_a_hundred_failures_of_its_own(api, locked, clock):
    lock(api, clock, locked, here=HOME)
    assert problem(attempt(api, locked, locked.password, here=HOME)) == (401, "authentication_failed")


def reset(api, user, mailbox, here, chosen="another password of alice"):
    api.call("POST", "/api/auth/password/reset", {"email": user.email})
    body = {"token": mailbox.token(user.email, "new password"), "new_password": chosen}
    answer = api.call("POST", "/api/auth/password/reset/confirm", body, X_Forwarded_For=here)
    assert answer.status_code == 204
    user.password = chosen


@pytest.mark.asvs("6.3.1")
def test_failures_in_one_known_network_do_not_lock_another(api, alice, clock):
    """A guest of the same café keeps its other guests out nowhere else."""
    for here in (HOME, WORK):
        assert attempt(api, alice, alice.password, here=here).status_code == 200
    fail(api, clock, alice, LOCKED_FROM, here=HOME)
    clock.shift(3600)
    assert problem(attempt(api, alice, alice.password, here=HOME)) == (401, "authentication_failed")
    assert attempt(api, alice, alice.password, here=WORK).status_code == 200


def test_network_of_a_password_reset_is_known(api, locked, clock, mailbox):
    reset(api, locked, mailbox, WORK)
    lock(api, clock, locked)
    assert problem(attempt(api, locked, locked.password)) == (401, "authentication_failed")
    assert attempt(api, locked, locked.password, here=WORK).status_code == 200


def test_networks_of_logins_before_a_password_reset_are_unknown(api, locked, clock, mailbox):
    """A thief may have logged in from HOME, so failures there count like those of strangers."""
    reset(api, locked, mailbox, WORK)
    attempt(api, locked, here=HOME)
    assert [scope for scope, _ in failures_of(User.objects.get())] == [""]


def test_reauthentication_counts_by_session_and_ignores_the_lock_of_strangers(api, locked):
    body = {"password": locked.password}
    answer = api.call("POST", "/api/auth/reauthenticate", body, token=locked.token, X_Forwarded_For=ELSEWHERE)
    assert answer.status_code == 200


def test_mails_about_a_known_network_say_so(api, alice, clock, mailbox):
    attempt(api, alice, alice.password, here=HOME)
    mailbox.new()
    fail(api, clock, alice, LOCKED_FROM, here=HOME)
    bodies = [" ".join(mail.body.split()) for mail in mailbox.new()]
    assert len(bodies) == 2
    assert all("from where you have logged in before" in body for body in bodies)
    assert not any("never logged in before" in body for body in bodies)


@pytest.fixture
def meanwhile(monkeypatch):
    """Calls a function once, while the next password is hashed."""

    def arrange(happens):
        verify, todo = Argon2id.verify, [happens]

        def verify_meanwhile(self, *values):
            while todo:
                todo.pop()()
            return verify(self, *values)

        monkeypatch.setattr(Argon2id, "verify", verify_meanwhile)

    return arrange


def refuse():
    raise ServerBusy


@pytest.mark.parametrize("who", ["alice@example.org", UNKNOWN])
def test_busy_server_gives_the_turn_after_a_cool_off_back(api, alice, clock, monkeypatch, who):
    fail(api, clock, who, COOL_OFF_FROM)
    clock.shift(30)
    with monkeypatch.context() as patch:
        patch.setattr(User, "check_password", lambda *_: refuse())
        assert problem(attempt(api, who)) == (503, "server_busy")
    assert problem(attempt(api, who)) == (401, "authentication_failed")
    assert problem(attempt(api, who)) == (429, "rate_limited")


def test_attempts_during_a_cool_off_use_up_no_limit(api, alice, clock, settings):
    fail(api, clock, alice, COOL_OFF_FROM)
    settings.RATE_LIMIT_FACTOR = 1
    for number in range(40):
        assert problem(attempt(api, alice, here=f"203.0.113.{number}")) == (429, "rate_limited")
    clock.shift(30)
    assert problem(attempt(api, alice)) == (401, "authentication_failed")


def test_user_deleted_while_a_wrong_password_is_hashed_is_refused_like_an_unknown_one(api, alice, meanwhile):
    meanwhile(lambda: User.objects.filter(email=alice.email).delete())
    assert problem(attempt(api, alice)) == (401, "authentication_failed")
    assert LoginFailures.objects.get().count == 1


@pytest.mark.parametrize("path", ["reauthenticate", "password"])
def test_password_changed_while_the_old_one_is_hashed_revokes_the_session(api, alice, user, meanwhile, path):
    def change():
        user.set_password("a password of another caller")
        user.save()

    meanwhile(change)
    body = {"reauthenticate": {"password": alice.password}}.get(
        path, {"current_password": alice.password, "new_password": "another password of alice"}
    )
    answer = api.call("POST", f"/api/auth/{path}", body, token=alice.token)
    assert problem(answer) == (401, "session_expired")


@pytest.mark.asvs("6.3.5")
def test_security_alert_goes_to_the_address_that_the_user_has_by_now(api, alice, mailbox, meanwhile):
    attempt(api, alice, alice.password)
    mailbox.new()
    meanwhile(lambda: User.objects.filter(email=alice.email).update(email="new@example.org"))
    answer = api.login(alice.email, alice.password, User_Agent="curl/8", X_Forwarded_For=ELSEWHERE)
    assert answer.status_code == 200
    mailbox.the_one("new@example.org", "new device")


def test_wrong_passwords_of_a_session_count_for_that_session(api, alice, clock, user):
    for _ in range(COOL_OFF_FROM):
        answer = api.call("POST", "/api/auth/reauthenticate", {"password": "wrong"}, token=alice.token)
        assert problem(answer) == (403, "invalid_password")
    body = {"current_password": alice.password, "new_password": "another password of alice"}
    assert problem(api.call("POST", "/api/auth/password", body, token=alice.token)) == (429, "rate_limited")
    assert LoginFailures.objects.get().count == COOL_OFF_FROM
    assert [scope for scope, _ in failures_of(user)] == [str(Session.objects.get().pk)]


def test_lost_store_of_the_limits_ends_no_cool_off(api, alice, clock):
    """Failures are counted in the database."""
    fail(api, clock, alice, COOL_OFF_FROM)
    cache.clear()
    assert problem(attempt(api, alice)) == (429, "rate_limited")


def test_strangers_use_up_no_limit_of_a_known_network(api, alice, settings):
    settings.RATE_LIMIT_FACTOR = 1
    attempt(api, alice, alice.password, here=HOME)
    for number in range(30):
        attempt(api, alice, here=f"203.0.113.{number}")
    assert problem(attempt(api, alice, here="192.0.2.1")) == (429, "rate_limited")
    assert attempt(api, alice, alice.password, here=HOME).status_code == 200


@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize("failures", [COOL_OFF_FROM, LOCKED_FROM])
def test_user_who_registers_an_address_starts_without_the_failures_of_strangers(api, clock, failures):
    attempt(api, "alice@example.org")
    LoginFailures.objects.update(count=failures)
    alice = ApiUser.registers(api, "alice")
    assert attempt(api, alice, alice.password, here=WORK).status_code == 200


def test_user_who_moves_to_an_address_starts_without_the_failures_of_strangers(api, alice, clock):
    attempt(api, "moved@example.org")
    LoginFailures.objects.update(count=LOCKED_FROM)
    User.objects.filter(email=alice.email).update(email="moved@example.org")
    assert attempt(api, "moved@example.org", alice.password).status_code == 200


@pytest.mark.asvs("6.3.1")
def test_failures_of_a_user_follow_to_another_address(api, alice, clock):
    """Otherwise a change of address would give strangers more guesses at the same password."""
    fail(api, clock, alice, COOL_OFF_FROM)
    User.objects.filter(email=alice.email).update(email="moved@example.org")
    assert problem(attempt(api, "moved@example.org", alice.password)) == (429, "rate_limited")
    assert problem(attempt(api, alice)) == (401, "authentication_failed")


def test_registration_of_a_taken_address_forgets_no_failures(api, alice, clock):
    fail(api, clock, alice, COOL_OFF_FROM)
    assert problem(api.register(alice.email)) == (409, "email_taken")
    assert problem(attempt(api, alice)) == (429, "rate_limited")
