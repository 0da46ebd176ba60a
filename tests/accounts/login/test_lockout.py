"""Wrong passwords in a row: pauses that grow, then the password is shut. Nobody is kept out of their own account."""

import pytest
from django.core.cache import cache

from accounts.login.lockout import COOL_OFF, COOL_OFF_FROM, failures_of
from accounts.login.models import LOCKED_FROM, LoginFailures
from accounts.models import User
from accounts.passwords.hashers import Argon2id
from sessions_api.http.errors import ServerBusy
from sessions_api.models import Session
from sessions_api.ratelimit.limits import store

from ...users import problem

ELSEWHERE, HOME, WORK = "203.0.113.7", "198.51.100.7", "192.0.2.7"
SAME_NETWORK = "198.51.100.200"


@pytest.fixture(autouse=True)
def behind_a_proxy(settings):
    """So that a header says where a call comes from. Limits by time are another story, and off."""
    settings.TRUSTED_PROXY_COUNT, settings.RATE_LIMIT_FACTOR = 1, 0


def attempt(api, user, password="a wrong password", here=ELSEWHERE):
    email = user if isinstance(user, str) else user.email
    return api.login(email, password, X_Forwarded_For=here)


def fail(api, clock, user, times, here=ELSEWHERE):
    """So many failures in a row, each as soon as it may be."""
    for number in range(times):
        answer = attempt(api, user, here=here)
        if answer.status_code == 429:
            clock.shift(int(answer.headers["Retry-After"]))
            answer = attempt(api, user, here=here)
        assert problem(answer) == (401, "authentication_failed"), number


@pytest.fixture
def asked(monkeypatch):
    """What the store of the counts has been asked, which is a network away where processes share one."""
    asked = []
    for name in ("hit", "get_window_stats", "clear"):
        ask = getattr(store, name)
        monkeypatch.setattr(store, name, lambda *what, name=name, ask=ask: asked.append(name) or ask(*what))
    return asked


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("failures", [0, 1, COOL_OFF_FROM])  # at the tenth, somebody is told
def test_a_refused_login_asks_the_store_as_often_whoever_it_is(api, alice, clock, asked, settings, failures):
    counts = []
    for who in (alice, "nobody@example.org"):
        settings.RATE_LIMIT_FACTOR = 0
        fail(api, clock, who, failures)
        settings.RATE_LIMIT_FACTOR = 1
        for seconds in (0, 30):  # in the pause, where there is one, and after it
            clock.shift(seconds)
            asked.clear()
            attempt(api, who)
            counts.append(asked.copy())
    assert counts[:2] == counts[2:]
    assert all(counts)


def test_who_comes_in_has_nothing_left_that_would_make_a_difference(api, alice, clock, asked):
    for _ in range(3):
        fail(api, clock, alice, COOL_OFF_FROM - 1)
        attempt(api, alice, alice.password)
    asked.clear()
    attempt(api, alice)
    of_somebody = asked.copy()
    asked.clear()
    attempt(api, "nobody@example.org")
    assert asked == of_somebody


@pytest.mark.asvs("6.3.1", "6.1.1")
@pytest.mark.parametrize("who", ["alice@example.org", "nobody@example.org"])
def test_from_ten_failures_on_each_attempt_waits_longer(api, alice, clock, hashes, who):
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


def test_a_pause_is_an_hour_at_most():
    assert COOL_OFF.after(1).total_seconds() == 30
    assert {COOL_OFF.after(number).total_seconds() for number in range(8, LOCKED_FROM + 50)} == {3600}


def test_spellings_of_an_address_are_one_account(api, alice, clock):
    fail(api, clock, "Alice@EXAMPLE.org", 5)
    fail(api, clock, " alice@example.org", 5)
    assert problem(attempt(api, alice)) == (429, "rate_limited")


@pytest.mark.asvs("6.3.1")
def test_after_a_pause_one_of_many_may_try(api, alice, clock, user):
    fail(api, clock, alice, COOL_OFF_FROM)
    clock.shift(30)
    assert problem(attempt(api, alice)) == (401, "authentication_failed")
    assert problem(attempt(api, alice)) == (429, "rate_limited")
    assert LoginFailures.objects.get().count == COOL_OFF_FROM + 1


def test_the_right_password_ends_the_row(api, alice, clock, user):
    fail(api, clock, alice, COOL_OFF_FROM)
    clock.shift(30)
    assert attempt(api, alice, alice.password).status_code == 200
    fail(api, clock, alice, 1)
    assert not LoginFailures.objects.filter(count__gt=1).exists()


@pytest.mark.asvs("6.3.5")
def test_the_owner_is_told_at_ten_and_at_a_hundred(api, alice, clock, mailbox, user):
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


@pytest.fixture
def shut(api, alice, clock):
    """Alice's account after a hundred failures of strangers, while she is logged in and has been at home."""
    alice.token = attempt(api, alice, alice.password, here=HOME).json()["token"]
    fail(api, clock, alice, LOCKED_FROM)
    clock.shift(3600)
    return alice


@pytest.mark.asvs("6.3.1")
def test_at_a_hundred_the_password_is_shut_and_nobody_can_tell(api, shut, clock):
    right = attempt(api, shut, shut.password)
    clock.shift(3600)
    assert right.content == attempt(api, shut, "a wrong password").content
    fail(api, clock, "nobody@example.org", LOCKED_FROM)
    clock.shift(3600)
    assert right.content == attempt(api, "nobody@example.org").content


def test_whoever_is_in_stays_in_and_whoever_was_here_before_comes_in(api, shut):
    assert api.opens(shut.token)
    assert attempt(api, shut, shut.password, here=HOME).status_code == 200
    assert attempt(api, shut, shut.password, here=SAME_NETWORK).status_code == 200


def test_a_success_at_home_does_not_reopen_it_elsewhere(api, shut):
    assert attempt(api, shut, shut.password, here=HOME).status_code == 200
    assert problem(attempt(api, shut, shut.password)) == (401, "authentication_failed")


@pytest.mark.asvs("6.4.1")
def test_a_new_password_by_mail_reopens_it(api, shut, mailbox):
    api.call("POST", "/api/auth/password/reset", {"email": shut.email})
    token, chosen = mailbox.token(shut.email, "new password"), "another password of alice"
    body = {"token": token, "new_password": chosen}
    assert api.call("POST", "/api/auth/password/reset/confirm", body).status_code == 204
    assert attempt(api, shut, chosen).status_code == 200


def test_home_has_a_budget_of_its_own_which_ends_as_well(api, shut, clock):
    fail(api, clock, shut, LOCKED_FROM, here=HOME)
    clock.shift(3600)
    assert problem(attempt(api, shut, shut.password, here=HOME)) == (401, "authentication_failed")


def reset(api, user, mailbox, here, chosen="another password of alice"):
    api.call("POST", "/api/auth/password/reset", {"email": user.email})
    body = {"token": mailbox.token(user.email, "new password"), "new_password": chosen}
    answer = api.call("POST", "/api/auth/password/reset/confirm", body, X_Forwarded_For=here)
    assert answer.status_code == 204
    user.password = chosen


@pytest.mark.asvs("6.1.1")
def test_each_network_that_somebody_comes_in_from_has_a_budget_of_its_own(api, alice, clock):
    """Whoever shares one with them, in a café say, keeps them out nowhere else."""
    for here in (HOME, WORK):
        assert attempt(api, alice, alice.password, here=here).status_code == 200
    fail(api, clock, alice, LOCKED_FROM, here=HOME)
    clock.shift(3600)
    assert problem(attempt(api, alice, alice.password, here=HOME)) == (401, "authentication_failed")
    assert attempt(api, alice, alice.password, here=WORK).status_code == 200


@pytest.mark.asvs("6.4.1")
def test_where_somebody_chose_a_password_by_mail_they_are_at_home(api, shut, clock, mailbox):
    reset(api, shut, mailbox, WORK)
    fail(api, clock, shut, LOCKED_FROM)
    clock.shift(3600)
    assert problem(attempt(api, shut, shut.password)) == (401, "authentication_failed")
    assert attempt(api, shut, shut.password, here=WORK).status_code == 200


def test_where_a_thief_came_in_before_that_is_elsewhere(api, shut, clock, mailbox):
    """HOME may have been theirs: what is tried there counts as tried by a stranger."""
    reset(api, shut, mailbox, WORK)
    attempt(api, shut, here=HOME)
    assert [scope for scope, _ in failures_of(User.objects.get())] == [""]


def test_whoever_is_in_can_prove_it_again_from_anywhere(api, shut):
    body = {"password": shut.password}
    answer = api.call("POST", "/api/auth/reauthenticate", body, token=shut.token, X_Forwarded_For=ELSEWHERE)
    assert answer.status_code == 200


def test_where_it_is_shut_at_home_the_mail_says_so(api, alice, clock, mailbox):
    attempt(api, alice, alice.password, here=HOME)
    mailbox.new()
    fail(api, clock, alice, LOCKED_FROM, here=HOME)
    told = [" ".join(mail.body.split()) for mail in mailbox.new()]
    assert len(told) == 2
    assert all("from where you have logged in before" in body for body in told)
    assert not any("never logged in before" in body for body in told)


@pytest.fixture
def meanwhile(monkeypatch):
    """Does this once, while the next password is hashed."""

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


@pytest.mark.parametrize("who", ["alice@example.org", "nobody@example.org"])
def test_whoever_finds_the_server_busy_has_not_had_their_turn(api, alice, clock, monkeypatch, who):
    fail(api, clock, who, COOL_OFF_FROM)
    clock.shift(30)
    with monkeypatch.context() as patch:
        patch.setattr(User, "check_password", lambda *_: refuse())
        assert problem(attempt(api, who)) == (503, "server_busy")
    assert problem(attempt(api, who)) == (401, "authentication_failed")
    assert problem(attempt(api, who)) == (429, "rate_limited")


def test_who_asks_in_a_pause_uses_up_nothing(api, alice, clock, settings):
    fail(api, clock, alice, COOL_OFF_FROM)
    settings.RATE_LIMIT_FACTOR = 1
    for number in range(40):
        assert problem(attempt(api, alice, here=f"203.0.113.{number}")) == (429, "rate_limited")
    clock.shift(30)
    assert problem(attempt(api, alice)) == (401, "authentication_failed")


def test_an_account_that_is_deleted_while_a_wrong_password_is_hashed_is_nobodys(api, alice, meanwhile):
    meanwhile(lambda: User.objects.filter(email=alice.email).delete())
    assert problem(attempt(api, alice)) == (401, "authentication_failed")
    assert LoginFailures.objects.get().count == 1


@pytest.mark.parametrize("path", ["reauthenticate", "password"])
def test_whose_password_is_changed_meanwhile_by_another_is_in_no_more(api, alice, user, meanwhile, path):
    def change():
        user.set_password("a password of somebody else")
        user.save()

    meanwhile(change)
    body = {"reauthenticate": {"password": alice.password}}.get(
        path, {"current_password": alice.password, "new_password": "another password of alice"}
    )
    answer = api.call("POST", f"/api/auth/{path}", body, token=alice.token)
    assert problem(answer) == (401, "session_expired")


@pytest.mark.asvs("6.3.5")
def test_a_warning_goes_to_the_address_that_somebody_has_now(api, alice, mailbox, meanwhile):
    attempt(api, alice, alice.password)
    mailbox.new()
    meanwhile(lambda: User.objects.filter(email=alice.email).update(email="new@example.org"))
    answer = api.login(alice.email, alice.password, User_Agent="curl/8", X_Forwarded_For=ELSEWHERE)
    assert answer.status_code == 200
    mailbox.the_one("new@example.org", "new device")


def test_guesses_by_somebody_who_is_in_count_as_well(api, alice, clock, user):
    for _ in range(COOL_OFF_FROM):
        answer = api.call("POST", "/api/auth/reauthenticate", {"password": "wrong"}, token=alice.token)
        assert problem(answer) == (403, "invalid_password")
    body = {"current_password": alice.password, "new_password": "another password of alice"}
    assert problem(api.call("POST", "/api/auth/password", body, token=alice.token)) == (429, "rate_limited")
    assert LoginFailures.objects.get().count == COOL_OFF_FROM
    assert [scope for scope, _ in failures_of(user)] == [str(Session.objects.get().pk)]


def test_a_lost_store_opens_no_account(api, alice, clock):
    """What is counted against somebody is in the database."""
    fail(api, clock, alice, COOL_OFF_FROM)
    cache.clear()
    assert problem(attempt(api, alice)) == (429, "rate_limited")


def test_strangers_use_up_nothing_of_what_home_may_try(api, alice, settings):
    settings.RATE_LIMIT_FACTOR = 1
    attempt(api, alice, alice.password, here=HOME)
    for number in range(30):
        attempt(api, alice, here=f"203.0.113.{number}")
    assert problem(attempt(api, alice, here="192.0.2.1")) == (429, "rate_limited")
    assert attempt(api, alice, alice.password, here=HOME).status_code == 200
