"""Pauses that grow with each failure."""

from datetime import timedelta
from typing import NamedTuple


class BackOff(NamedTuple):
    """Pauses that double with each failure in a row, from `first` up to `longest`."""

    first: timedelta
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        """The pause after this number of failures in a row. Fewer than one count as one."""
        doublings = (self.longest // self.first).bit_length()  # reaches `longest`; many more would overflow
        return min(self.first * 2 ** min(max(failures, 1) - 1, doublings), self.longest)
