"""The figures about sessions on the admin's front page. Each is one query that is fast with a million sessions.

No index was added for these queries, since each login would pay for it. `created_at` has no index and `expires_at` has
one, and a session expires `SESSION_LIFETIME` after it was created. So a session that was created under another
`SESSION_LIFETIME` appears on an earlier day or not at all. Revoked sessions are not counted, since they are deleted.
The page says both.
"""

from datetime import date, datetime, timedelta
from itertools import pairwise

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Value
from django.utils import timezone

from sessions_api.adminkit.charts import last_days
from sessions_api.adminkit.large_tables import AtLeast

from .admin import method_title
from .models import Session

COUNTED_SESSIONS = 1_000_000  # live ones, at most: so the time of the page has a bound while the table grows
AGES = {"within a day": 1, "within a week": 7, "within 30 days": 30}  # in days


def created_by_day() -> dict[date, int]:
    """How many sessions were created on each day, oldest first.

    One statement: the database reads a range of the index for each day.
    """
    days = last_days()
    first, *others = (
        created_since(day)
        .filter(expires_at__lt=day + timedelta(days=1) + settings.SESSION_LIFETIME)
        .values(number=Value(number))
        .annotate(created=Count("*"))
        .values_list("number", "created")
        for number, day in enumerate(days)
    )
    counts = dict(first.union(*others, all=True))
    return {day.date(): counts.get(number, 0) for number, day in enumerate(days)}


def created_by_method() -> dict[str, int]:
    """How many sessions were created on these days, by the title of their method; the most used method first."""
    methods = created_since(last_days()[0]).values("method").annotate(created=Count("*")).order_by("-created", "method")
    return {method_title(method): created for method, created in methods.values_list("method", "created")}


def live_by_last_seen() -> tuple[int, dict[str, int]]:
    """How many sessions are live, and how many of them were last seen within each of `AGES` or earlier.

    At most `COUNTED_SESSIONS` are counted; then the first number is an `AtLeast`.
    """
    now = timezone.now()
    seen = [Count("pk", filter=Q(last_seen_at__gt=now - timedelta(days=age))) for age in AGES.values()]
    counted = Session.objects.live()[:COUNTED_SESSIONS].aggregate(
        **{f"seen_{number}": count for number, count in enumerate(seen)}, live=Count("*")
    )
    live = counted["live"]
    split = [later - earlier for earlier, later in pairwise([0, *counted.values()])]
    return AtLeast(live) if live == COUNTED_SESSIONS else live, dict(zip([*AGES, "longer ago"], split, strict=True))


def created_since(start: datetime) -> QuerySet[Session]:
    """The index on `expires_at` finds the rows; the second condition leaves out sessions with a longer lifetime."""
    return Session.objects.filter(expires_at__gte=start + settings.SESSION_LIFETIME, created_at__gte=start)
