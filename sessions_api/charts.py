"""What the admin's front page tells of sessions: three figures, each from one query that is fast at a million rows.

No index was added for them, for every login would pay for it. `created_at` has none, but `expires_at` has, and a
session ends `SESSION_LIFETIME` after it was opened. So what was opened under another lifetime appears at an earlier
day or not at all, and nothing is left to count of what was ended: the page says both.
"""

from datetime import date, datetime, timedelta
from itertools import pairwise

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Value
from django.utils import timezone

from sessions_api.adminkit.charts import last_days
from sessions_api.adminkit.large_tables import AtLeast

from .admin import method_name
from .models import Session

COUNTED = 1_000_000  # live sessions, of however many there are
AGES = {"within a day": 1, "within a week": 7, "within 30 days": 30}  # in days


def opened_by_day() -> dict[date, int]:
    """The oldest day first. Each is a stretch of the index, and together they are one statement."""
    days = last_days()
    first, *others = (
        opened_since(day)
        .filter(expires_at__lt=day + timedelta(days=1) + settings.SESSION_LIFETIME)
        .values(number=Value(number))
        .annotate(opened=Count("*"))
        .values_list("number", "opened")
        for number, day in enumerate(days)
    )
    counts = dict(first.union(*others, all=True))
    return {day.date(): counts.get(number, 0) for number, day in enumerate(days)}


def opened_by_method() -> dict[str, int]:
    """Since the first of these days; the most used method first."""
    counts = opened_since(last_days()[0]).values("method").annotate(opened=Count("*")).order_by("-opened", "method")
    return {method_name(method): opened for method, opened in counts.values_list("method", "opened")}


def live_by_last_seen() -> tuple[int, dict[str, int]]:
    """How many are live, and how long ago they were seen; at most `COUNTED` are looked at."""
    now = timezone.now()
    seen = [Count("pk", filter=Q(last_seen_at__gt=now - timedelta(days=age))) for age in AGES.values()]
    counted = Session.objects.live()[:COUNTED].aggregate(
        **{f"seen_{number}": count for number, count in enumerate(seen)}, live=Count("*")
    )
    live = counted["live"]
    split = [later - earlier for earlier, later in pairwise([0, *counted.values()])]
    return AtLeast(live) if live == COUNTED else live, dict(zip([*AGES, "longer ago"], split, strict=True))


def opened_since(start: datetime) -> QuerySet[Session]:
    """Found by their end; those that were opened earlier, with a longer lifetime, are left out of what was found."""
    return Session.objects.filter(expires_at__gte=start + settings.SESSION_LIFETIME, created_at__gte=start)
