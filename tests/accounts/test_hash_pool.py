"""The hash pool: a flood of logins takes neither all threads nor all memory, and a refused call changes nothing."""

import os
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from itertools import count, islice
from threading import Event, Semaphore, Thread

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts import hash_pool as module
from accounts.hash_pool import SHARE, WAITING, HashPool, hash_pool
from accounts.login.lockout import COOL_OFF_FROM
from accounts.login.models import LoginFailures
from accounts.models import User
from sessions_api.http.errors import ServerBusy
from sessions_api.models import Session
from sessions_api.ratelimit.limits import store

from ..load import resident
from ..server import database, serving
from ..users import problem

BUSY = (503, "server_busy")
MIB = 1024**2


@pytest.fixture
def no_free_place(monkeypatch):
    """From its call on, no place is free."""
    return lambda: monkeypatch.setattr(hash_pool.places, "places", 0)


# The pool itself


def works(pool):
    """Whether every place is free, and each of them can be taken, by several networks."""
    with ExitStack() as taken:
        for number in range(pool.places.places):
            taken.enter_context(in_a_thread(lambda number=number: pool.place(f"network {number}")))
        with pytest.raises(ServerBusy), pool.place("another network"):
            raise AssertionError
    return pool.run(lambda: True)


@contextmanager
def in_a_thread(enter):
    """Enters a context in a thread of its own, which holds it until the block ends. Raises what entering raises."""
    end, entered = Event(), Future()

    def hold():
        try:
            with enter():
                entered.set_result(None)
                end.wait(10)
        except ServerBusy as refusal:
            entered.set_exception(refusal)

    with ThreadPoolExecutor(1) as other:
        other.submit(hold)
        entered.result(5)
        try:
            yield
        finally:
            end.set()


@pytest.mark.once
@pytest.mark.asvs("15.2.2")
def test_hash_pool_of_two_runs_two_lets_three_wait_and_refuses_the_others():
    two, end, begun, networks = HashPool(2), Event(), Semaphore(0), count()

    def work():
        begun.release()
        return end.wait(10)

    def call():
        with two.place(f"network {next(networks)}"):
            return two.run(work)

    with ThreadPoolExecutor(10) as crowd:
        calls = [crowd.submit(call) for _ in range(10)]
        refused = list(islice(as_completed(calls, timeout=5), 5))
        assert {type(call.exception()) for call in refused} == {ServerBusy}
        assert begun.acquire(timeout=5)
        assert begun.acquire(timeout=5)
        assert not begun.acquire(timeout=0.05)  # the others have not begun
        end.set()
        assert [call.result() for call in calls if call not in refused] == [True] * 5
    assert works(two)


@pytest.mark.once
@pytest.mark.asvs("15.2.2", "15.4.4")
def test_hash_pool_keeps_a_place_for_another_network():
    one = HashPool(1)
    with ExitStack() as taken:
        for _ in range(1 + SHARE):
            taken.enter_context(in_a_thread(lambda: one.place("a flood")))
        with pytest.raises(ServerBusy), one.place("a flood"):
            raise AssertionError
        with one.place("another network"):
            pass
    assert works(one)


@pytest.mark.once
def test_hash_pool_refuses_after_a_long_wait_and_loses_no_place(monkeypatch):
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    one = HashPool(1)
    with in_a_thread(lambda: one.turn("")):
        for _ in range(2 * (1 + WAITING)):
            with pytest.raises(ServerBusy):
                one.run(lambda: "never")
    assert works(one)


@pytest.mark.once
def test_hash_pool_loses_no_place_to_work_that_fails():
    one = HashPool(1)
    for _ in range(2 * (1 + WAITING)):
        with pytest.raises(ZeroDivisionError):
            one.run(lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError), one.turn("a network"):
            1 / 0  # noqa: B018
    assert works(one)


@pytest.mark.once
def test_hash_pool_without_a_thread_keeps_neither_the_work_nor_the_place(monkeypatch):
    def fail(_):
        raise RuntimeError("can't start new thread")

    one, computed = HashPool(1), []
    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", fail)
        for _ in range(2 * (1 + WAITING)):
            with pytest.raises(RuntimeError):
                one.run(lambda: computed.append("late"))
    assert works(one)
    assert computed == []


@pytest.mark.once
@pytest.mark.asvs("15.4.4")
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot bind a thread to a core")
def test_hash_pool_threads_leave_one_core_free():
    mine = os.sched_getaffinity(0)
    theirs = HashPool(1).run(lambda: os.sched_getaffinity(0))
    assert theirs == (mine - {min(mine)} or mine)
    assert os.sched_getaffinity(0) == mine


# Through the front door


@pytest.mark.asvs("15.2.2", "16.5.3", "2.3.3")
def test_hash_pool_without_a_free_place_answers_server_busy_and_changes_nothing(api, alice, mailbox, no_free_place):
    mailbox.new()
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    reset_token = mailbox.token(alice.email)
    before = User.objects.values().get(), Session.objects.count()
    change = {"current_password": alice.password, "new_password": "a new password"}
    reset = {"token": reset_token, "new_password": "a new password"}
    calls = [
        ("/api/auth/login", {"email": alice.email, "password": alice.password}, ""),
        ("/api/auth/login", {"email": "unknown@example.org", "password": alice.password}, ""),
        ("/api/auth/register", {"email": "dora@example.org", "password": "correct horse"}, ""),
        ("/api/auth/password/reset/confirm", reset, ""),
        ("/api/auth/password", change, alice.token),
        ("/api/auth/reauthenticate", {"password": alice.password}, alice.token),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_pool.places, "places", 0)
        for path, body, token in calls:
            answer = api.call("POST", path, body, token=token)
            assert problem(answer) == BUSY
            assert int(answer.headers["Retry-After"]) > 0
        assert api.is_live(alice.token)
        assert (User.objects.values().get(), Session.objects.count()) == before
    assert mailbox.new() == []
    assert api.call("POST", "/api/auth/password/reset/confirm", reset).status_code == 204


@pytest.mark.asvs("2.3.3")
def test_server_busy_spreads_the_times_of_retries(api, alice, no_free_place):
    """Forty clients that were refused together would otherwise be refused together again."""
    no_free_place()
    waits = [int(api.login(alice.email, alice.password).headers["Retry-After"]) for _ in range(40)]
    assert set(waits) <= set(range(2, 10))
    assert max(waits.count(seconds) for seconds in waits) <= 20


def test_server_busy_leaves_the_token_of_a_registration_valid(api, settings, mailbox):
    settings.REGISTRATION = "verified"
    api.call("POST", "/api/auth/register", {"email": "dora@example.org"})
    body = {"token": mailbox.token("dora@example.org"), "password": "correct horse"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_pool.places, "places", 0)
        assert problem(api.call("POST", "/api/auth/register/confirm", body)) == BUSY
        assert not User.objects.exists()
    assert api.call("POST", "/api/auth/register/confirm", body).status_code == 201


def test_server_busy_during_a_password_change_keeps_the_old_password(api, alice, monkeypatch):
    """There is a turn to verify the old password, and none to hash the new one."""
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    monkeypatch.setattr(hash_pool, "turns", Semaphore(1))
    monkeypatch.setattr(hash_pool.turns, "release", lambda: None)
    body = {"current_password": alice.password, "new_password": "a new password"}
    assert problem(api.call("POST", "/api/auth/password", body, token=alice.token)) == BUSY
    monkeypatch.undo()
    assert api.is_live(alice.token)
    alice.logs_in(api)


@pytest.mark.asvs("15.2.2")
@pytest.mark.parametrize("hasher", ["argon2", "pbkdf2_sha256", "pbkdf2_sha1", "scrypt"])
def test_hash_pool_bounds_every_hasher(api, alice, user, no_free_place, hasher):
    User.objects.filter(pk=user.pk).store_hash(make_password(alice.password, hasher=hasher))
    no_free_place()
    assert problem(api.login(alice.email, alice.password)) == BUSY


@pytest.mark.asvs("6.3.1")
def test_attempts_refused_for_lack_of_room_count_for_no_limit(api, alice, client, root, mailbox):
    """A user who tries again during a flood gets in as soon as there is room."""
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    reset = {"token": mailbox.token(alice.email, "new password"), "new_password": "a new password"}
    change = {"current_password": alice.password, "new_password": "another password of alice"}
    calls = [
        ("/api/auth/login", {"email": alice.email, "password": alice.password}, ""),
        ("/api/auth/reauthenticate", {"password": alice.password}, alice.token),
        ("/api/auth/password", change, alice.token),
        ("/api/auth/password/reset/confirm", reset, ""),
        ("/api/auth/register", {"email": "dora@example.org", "password": "correct horse"}, ""),
    ]
    store.reset()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_pool.places, "places", 0)
        for path, body, token in calls:
            for _ in range(3):
                assert problem(api.call("POST", path, body, token=token)) == BUSY
        form = {"username": root.email, "password": "the password of root"}
        assert client.post("/admin/login/", form).status_code == 503
    assert store.hits == {}


@pytest.mark.asvs("6.3.1")
def test_attempt_without_a_turn_takes_no_turn_after_a_cool_off(api, alice, clock, settings, monkeypatch):
    settings.RATE_LIMIT_FACTOR = 0
    for _ in range(COOL_OFF_FROM):
        api.login(alice.email, "a wrong password", User_Agent="curl/8")
    clock.shift(30)
    before = LoginFailures.objects.values().get()
    with monkeypatch.context() as patch:
        patch.setattr(module, "WAIT_SECONDS", 0.05)
        patch.setattr(hash_pool, "turns", Semaphore(0))
        assert problem(api.login(alice.email, alice.password)) == BUSY
    assert LoginFailures.objects.values().get() == before
    assert api.login(alice.email, alice.password).status_code == 200


@pytest.mark.asvs("15.2.2")
def test_one_network_cannot_take_all_places(api, alice, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    guess = {"X_Forwarded_For": "203.0.113.7"}
    with ExitStack() as taken:
        for _ in range(hash_pool.share):
            taken.enter_context(in_a_thread(lambda: hash_pool.place("203.0.113.0/24")))
        assert problem(api.login("unknown@example.org", **guess)) == BUSY
        assert api.login(alice.email, alice.password, X_Forwarded_For="198.51.100.7").status_code == 200


def test_request_that_hashes_no_password_needs_no_place(api, settings, no_free_place, db):
    settings.REGISTRATION = "verified"
    no_free_place()
    assert api.call("POST", "/api/auth/register", {"email": "dora@example.org"}).status_code == 202


def test_server_busy_in_the_admin_is_a_page(root, no_free_place):
    browser = Client()
    no_free_place()
    for name in ("root@example.org", "unknown@example.org"):
        answer = browser.post("/admin/login/", {"username": name, "password": "the password of root"})
        assert answer.status_code == 503
        assert answer.headers["Content-Type"].startswith("text/html")
        assert int(answer.headers["Retry-After"]) > 0
        assert b"Too many users" in answer.content


def test_server_busy_in_the_admin_keeps_the_old_password(admin, root, no_free_place):
    no_free_place()
    new = {"new_password1": "correct horse battery", "new_password2": "correct horse battery"}
    answer = admin.post("/admin/password_change/", {"old_password": "the password of root", **new})
    assert answer.status_code == 503
    assert User.objects.get(pk=root.pk).password == root.password


@pytest.mark.asvs("15.2.2", "11.4.2", "6.3.1", "15.4.4")
def test_login_flood_takes_the_memory_of_two_hashes_and_leaves_sessions_working(tmp_path):
    cost = {"ARGON2_TIME_COST": "3", "ARGON2_MEMORY_COST": "65536", "ARGON2_PARALLELISM": "4"}
    env = cost | {"RATE_LIMIT_FACTOR": "1", "HASHES_AT_ONCE": "2", "TRUSTED_PROXY_COUNT": "1"}
    with database(tmp_path) as url, serving(log=tmp_path / "log", DATABASE_URL=url, **env) as server:
        credentials = {"email": "alice@example.org", "password": "correct horse battery"}
        token = server.call("POST", "/api/auth/register", credentials).json()["token"]
        before, peak, outcomes = resident(server), 0, Counter()

        def guess(number):
            body = {"email": f"p{number}@example.org", "password": "not the password"}
            return server.call("POST", "/api/auth/login", body, headers={"X-Forwarded-For": f"10.0.{number}.1"})

        with ThreadPoolExecutor(20) as crowd:
            logins = [crowd.submit(guess, number) for number in range(60)]
            while not all(login.done() for login in logins):
                assert server.call("GET", "/api/auth/session", token=token).status_code == 200
                peak = max(peak, resident(server))
                time.sleep(0.005)  # for another process
        for login in logins:
            outcomes[problem(login.result())] += 1
        assert outcomes.keys() == {BUSY, (401, "authentication_failed")}
        assert outcomes[BUSY] > 20
        assert peak - before < (2 * 64 + 40) * MIB
        assert server.call("GET", "/readyz").status_code == 200
        assert server.call("POST", "/api/auth/login", credentials).status_code == 200
