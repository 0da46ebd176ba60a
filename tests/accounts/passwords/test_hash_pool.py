"""A flood of logins takes neither all threads nor all memory; whoever gets no turn is told so, and nothing is done."""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from threading import Event, Semaphore

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import User
from accounts.passwords import hash_pool as module
from accounts.passwords.hash_pool import HashPool, hash_pool
from sessions_api.http.errors import ServerBusy
from sessions_api.models import Session

from ...load import resident
from ...server import database, serving
from ...users import problem

BUSY = (503, "server_busy")
MIB = 1024**2


@pytest.fixture
def busy(monkeypatch):
    """All places are taken, from when it is called."""
    return lambda: monkeypatch.setattr(hash_pool, "places", Semaphore(0))


# Turns


@pytest.mark.once
@pytest.mark.asvs("15.2.2", "11.4.2")
def test_two_have_their_turn_two_wait_and_the_others_are_refused_at_once():
    two, end, begun = HashPool(2), Event(), Semaphore(0)

    def work():
        begun.release()
        return end.wait(10)

    with ThreadPoolExecutor(10) as crowd:
        calls = [crowd.submit(two.run, work) for _ in range(10)]
        refused = list(islice(as_completed(calls, timeout=5), 6))
        assert {type(call.exception()) for call in refused} == {ServerBusy}
        assert begun.acquire(timeout=5)
        assert begun.acquire(timeout=5)
        assert not begun.acquire(timeout=0.05)  # nobody else has begun
        end.set()
        assert [call.result() for call in calls if call not in refused] == [True] * 4
    assert two.run(lambda: "their places are free again") == "their places are free again"


@pytest.mark.once
def test_whoever_waits_too_long_is_refused_and_whoever_has_begun_is_not(monkeypatch):
    monkeypatch.setattr(module, "GIVE_UP_AFTER", 0.05)
    one, end, begun = HashPool(1), Event(), Event()
    with ThreadPoolExecutor(1) as other:
        first = other.submit(one.run, lambda: begun.set() or end.wait(10))
        assert begun.wait(5)
        with pytest.raises(ServerBusy):
            one.run(lambda: "never")
        end.set()
        assert first.result() is True


@pytest.mark.once
@pytest.mark.asvs("15.4.4")
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not say where a thread may run")
def test_those_who_hash_leave_one_core_to_all_others():
    mine = os.sched_getaffinity(0)
    theirs = HashPool(1).run(lambda: os.sched_getaffinity(0))
    assert theirs == (mine - {min(mine)} or mine)
    assert os.sched_getaffinity(0) == mine


# Through the front door


@pytest.mark.asvs("15.2.2", "16.5.3", "2.3.3")
def test_whoever_gets_no_turn_is_told_to_come_again_and_nothing_was_done(api, alice, mailbox, busy):
    mailbox.new()
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    link = mailbox.token(alice.email)
    before = User.objects.values().get(), Session.objects.count()
    change = {"current_password": alice.password, "new_password": "a new password"}
    reset = {"token": link, "new_password": "a new password"}
    calls = [
        ("/api/auth/login", {"email": alice.email, "password": alice.password}, ""),
        ("/api/auth/login", {"email": "nobody@example.org", "password": alice.password}, ""),
        ("/api/auth/register", {"email": "dora@example.org", "password": "correct horse"}, ""),
        ("/api/auth/password/reset/confirm", reset, ""),
        ("/api/auth/password", change, alice.token),
        ("/api/auth/reauthenticate", {"password": alice.password}, alice.token),
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_pool, "places", Semaphore(0))
        for path, body, token in calls:
            answer = api.call("POST", path, body, token=token)
            assert problem(answer) == BUSY
            assert int(answer.headers["Retry-After"]) > 0
        assert api.opens(alice.token)
        assert (User.objects.values().get(), Session.objects.count()) == before
    assert mailbox.new() == []
    assert api.call("POST", "/api/auth/password/reset/confirm", reset).status_code == 204


@pytest.mark.asvs("2.3.3")
def test_a_registration_by_mail_can_be_completed_later(api, settings, mailbox):
    settings.REGISTRATION = "verified"
    api.call("POST", "/api/auth/register", {"email": "dora@example.org"})
    body = {"token": mailbox.token("dora@example.org"), "password": "correct horse"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hash_pool, "places", Semaphore(0))
        assert problem(api.call("POST", "/api/auth/register/confirm", body)) == BUSY
        assert not User.objects.exists()
    assert api.call("POST", "/api/auth/register/confirm", body).status_code == 201


def test_a_password_that_is_changed_is_not_half_changed(api, alice, monkeypatch):
    """There is a turn for the old one, and none for the new one."""
    monkeypatch.setattr(hash_pool, "places", Semaphore(1))
    monkeypatch.setattr(hash_pool.places, "release", lambda: None)
    body = {"current_password": alice.password, "new_password": "a new password"}
    assert problem(api.call("POST", "/api/auth/password", body, token=alice.token)) == BUSY
    monkeypatch.undo()
    assert api.opens(alice.token)
    alice.logs_in(api)


@pytest.mark.asvs("11.2.2", "15.2.2")
@pytest.mark.parametrize("hasher", ["argon2", "pbkdf2_sha256", "pbkdf2_sha1", "scrypt"])
def test_hashes_from_elsewhere_take_turns_too(api, alice, user, busy, hasher):
    User.objects.filter(pk=user.pk).store_hash(make_password(alice.password, hasher=hasher))
    busy()
    assert problem(api.login(alice.email, alice.password)) == BUSY


def test_the_admin_says_so_on_a_page(root, busy):
    browser = Client()
    busy()
    for name in ("root@example.org", "nobody@example.org"):
        answer = browser.post("/admin/login/", {"username": name, "password": "the password of root"})
        assert answer.status_code == 503
        assert answer.headers["Content-Type"].startswith("text/html")
        assert int(answer.headers["Retry-After"]) > 0
        assert b"Too many users" in answer.content


def test_an_administrator_who_changes_their_password_meanwhile_keeps_the_old_one(admin, root, busy):
    busy()
    new = {"new_password1": "correct horse battery", "new_password2": "correct horse battery"}
    answer = admin.post("/admin/password_change/", {"old_password": "the password of root", **new})
    assert answer.status_code == 503
    assert User.objects.get(pk=root.pk).password == root.password


@pytest.mark.asvs("15.2.2", "11.4.2", "6.3.1")
def test_a_flood_takes_no_more_memory_than_two_hashes_and_those_who_are_in_notice_no_error(tmp_path):
    cost = {"ARGON2_TIME_COST": "3", "ARGON2_MEMORY_COST": "65536", "ARGON2_PARALLELISM": "4"}
    env = cost | {"RATE_LIMIT_FACTOR": "1", "HASHES_AT_ONCE": "2", "TRUSTED_PROXY_COUNT": "1"}
    with database(tmp_path) as url, serving(log=tmp_path / "log", DATABASE_URL=url, **env) as server:
        who = {"email": "alice@example.org", "password": "correct horse battery"}
        token = server.call("POST", "/api/auth/register", who).json()["token"]
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
        assert server.call("POST", "/api/auth/login", who).status_code == 200
