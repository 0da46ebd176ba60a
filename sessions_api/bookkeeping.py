"""Writes that a request can do without, such as `last_seen_at`: a read-only database fails no request for them."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from django.db import connection

from sessions_api.http.errors import DATABASE_FAILURES
from sessions_api.outbound.circuit_breaker import CircuitBreaker

T = TypeVar("T")

breaker = CircuitBreaker(
    pause=timedelta(seconds=1),  # so that a database that stays read-only is asked, and logged about, seldom
    failed="The last use of sessions cannot be recorded",
    works="The last use of sessions is recorded again",
    level=logging.WARNING,
)


def write_if_possible(write: Callable[[], T]) -> T | None:
    """What `write` returns, or None while the database refuses it. The request then continues on another connection.

    Raises DATABASE_FAILURES only inside a transaction, which the failed statement has ended.
    """
    if not breaker.allows():
        return None
    try:
        result = write()
    except DATABASE_FAILURES as failure:
        breaker.record_failure(failure)
        if connection.in_atomic_block:
            raise
        connection.close()
        return None
    breaker.record_success()
    return result
