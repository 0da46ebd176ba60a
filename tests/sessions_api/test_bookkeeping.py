"""Writes that a request can go without."""

from datetime import timedelta

from django.db import OperationalError

from sessions_api import bookkeeping
from sessions_api.bookkeeping import write_if_possible
from sessions_api.outbound.circuit_breaker import CircuitBreaker


def refused():
    raise OperationalError("the words of the database")


def test_refused_write_is_logged_once_and_the_next_ones_wait(transactional_db, monkeypatch, caplog, clock):
    breaker = CircuitBreaker(pause=timedelta(seconds=1), failed="It fails", works="It works")
    monkeypatch.setattr(bookkeeping, "breaker", breaker)
    assert [write_if_possible(refused), write_if_possible(lambda: 1)] == [None, None]
    assert caplog.messages == ["It fails: OperationalError"]
    clock.shift(1)
    assert write_if_possible(lambda: 1) == 1
    assert caplog.messages[1:] == ["It works"]
