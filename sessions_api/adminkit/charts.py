"""Bar charts for the admin, drawn as inline SVG."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

DAYS = 30  # in UTC, today included: a month fits into the width of a page
LEAST_PERCENT = 1  # the shortest bar of a count above zero, so that it can be seen beside a long one


@dataclass(frozen=True)
class Bar:
    label: str
    count: int
    percent: float  # of the longest bar

    @property
    def rest(self) -> float:
        return 100 - self.percent


def bars(counts: dict[str, int]) -> list[Bar]:
    """A bar for each label, relative to the largest count."""
    longest = max(counts.values(), default=0) or 1
    return [
        Bar(label, count, max(count * 100 / longest, LEAST_PERCENT) if count else 0) for label, count in counts.items()
    ]


@dataclass(frozen=True)
class DayChart:
    """A bar for each day, oldest first. `what` names what is counted."""

    what: str
    bars: list[Bar]
    total: int
    most: int  # of one day


def day_chart(what: str, counts: dict[date, int]) -> DayChart:
    """`counts` has at least one day, and the oldest comes first."""
    labelled = {f"{day:%Y-%m-%d}": count for day, count in counts.items()}
    return DayChart(what, bars(labelled), sum(counts.values()), max(counts.values()))


def last_days() -> list[datetime]:
    """The beginnings of the last `DAYS` days in UTC, oldest first."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return [midnight - timedelta(days=ago) for ago in reversed(range(DAYS))]
