"""Bars for the admin's pages, drawn as inline SVG."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

DAYS = 30  # up to today, in UTC


@dataclass(frozen=True)
class Bar:
    label: str
    count: int
    percent: float  # of the longest

    @property
    def rest(self) -> float:
        return 100 - self.percent


def bars(counts: dict[str, int]) -> list[Bar]:
    """Whatever is more than nothing can be seen."""
    longest = max(counts.values(), default=0) or 1
    return [Bar(label, count, max(count * 100 / longest, 1) if count else 0) for label, count in counts.items()]


@dataclass(frozen=True)
class Days:
    what: str
    bars: list[Bar]
    total: int
    most: int


def in_days(what: str, counts: dict[date, int]) -> Days:
    """A bar for each day."""
    labelled = {f"{day:%Y-%m-%d}": count for day, count in counts.items()}
    return Days(what, bars(labelled), sum(counts.values()), max(counts.values()))


def last_days() -> list[datetime]:
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return [midnight - timedelta(days=ago) for ago in reversed(range(DAYS))]
