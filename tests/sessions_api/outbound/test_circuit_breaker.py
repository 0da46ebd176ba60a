"""The circuit breaker and the back-off that every use of another service shares."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError

import pytest

from sessions_api.outbound import circuit_breaker
from sessions_api.outbound.circuit_breaker import CircuitBreaker

pytestmark = pytest.mark.once

LOGGER = "sessions_api.outbound.circuit_breaker"


@pytest.fixture(autouse=True)
def _stand_still(clock):
    """Only a test moves the clock."""


@pytest.fixture
def breaker():
    return CircuitBreaker(pause=timedelta(seconds=10), failed="The store is down", works="The store is back")


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.DEBUG, LOGGER)
    return lambda: [(record.levelname, record.getMessage()) for record in caplog.records if record.name == LOGGER]


def test_circuit_breaker_allows_every_call_while_calls_succeed(breaker, lines):
    for _ in range(5):
        assert breaker.allows()
        breaker.record_success()
    assert lines() == []


def test_circuit_breaker_refuses_all_calls_for_the_pause_after_one_failure(breaker, clock):
    breaker.record_failure(TimeoutError())
    assert not breaker.allows()
    clock.shift(9.9)
    assert not breaker.allows()
    clock.shift(0.1)
    assert breaker.allows()


def test_circuit_breaker_allows_one_call_in_each_pause_until_one_succeeds(breaker, clock):
    breaker.record_failure(TimeoutError())
    for _ in range(3):
        clock.shift(10)
        assert [breaker.allows() for _ in range(5)] == [True] + [False] * 4
    breaker.record_success()
    assert all(breaker.allows() for _ in range(5))


def test_circuit_breaker_lets_one_of_twenty_threads_try_again(breaker, clock):
    breaker.record_failure(TimeoutError())
    clock.shift(10)
    barrier = Barrier(20)

    def ask(_):
        barrier.wait()
        return breaker.allows()

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(ask, range(20))) == 1


class Moment(datetime):
    """The pause is over for each of two threads that compare times at once."""

    both = Barrier(2, timeout=0.2)

    def __sub__(self, other):
        with suppress(BrokenBarrierError):
            self.both.wait()  # in vain where only one of them compares
        return super().__sub__(other)


def test_circuit_breaker_lets_one_of_two_pass_that_compare_times_at_once(breaker, clock, monkeypatch):
    breaker.record_failure(TimeoutError())
    clock.shift(10)
    now = Moment.now(UTC)
    monkeypatch.setattr(circuit_breaker.timezone, "now", lambda: now)
    with ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(lambda _: breaker.allows(), range(2))) == 1


def test_circuit_breaker_begins_a_new_pause_with_each_failure(breaker, clock):
    breaker.record_failure(TimeoutError())
    clock.shift(10)
    assert breaker.allows()
    clock.shift(4)
    breaker.record_failure(TimeoutError())
    clock.shift(9)
    assert not breaker.allows()
    clock.shift(1)
    assert breaker.allows()


def test_circuit_breaker_asks_again_at_once_after_the_clock_was_set_back(breaker, clock):
    breaker.record_failure(TimeoutError())
    clock.shift(-3600)
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    clock.shift(10)
    assert breaker.allows()


def test_circuit_breaker_logs_once_that_it_opened_and_once_that_it_closed(breaker, lines):
    for failure in (TimeoutError("with a secret"), ConnectionError()):
        breaker.record_failure(failure)
    assert lines() == [("ERROR", "The store is down: TimeoutError")]
    for _ in range(2):
        breaker.record_success()
    assert lines()[1:] == [("WARNING", "The store is back")]


def test_circuit_breaker_logs_a_failure_at_the_level_it_was_given(lines):
    optional = CircuitBreaker(pause=timedelta(seconds=1), failed="No lookup", works="Lookup", level=logging.WARNING)
    optional.record_failure(ValueError())
    assert lines() == [("WARNING", "No lookup: ValueError")]
