"""Pauses that grow with each failure."""

from datetime import timedelta

import pytest

from sessions_api.outbound.back_off import BackOff

pytestmark = pytest.mark.once


def test_back_off_doubles_with_each_failure_up_to_the_longest():
    back_off = BackOff(first=timedelta(seconds=30), longest=timedelta(minutes=5))
    assert [back_off.after(failures).total_seconds() for failures in range(1, 7)] == [30, 60, 120, 240, 300, 300]
    assert back_off.after(0) == back_off.after(1)


@pytest.mark.parametrize("first", [timedelta(microseconds=1), timedelta(days=300), timedelta(days=700)])
def test_back_off_stays_at_the_longest_for_any_number_of_failures(first):
    back_off = BackOff(first=first, longest=timedelta(days=365))
    assert back_off.after(10**9) == timedelta(days=365)
    assert back_off.after(1) == min(first, timedelta(days=365))
