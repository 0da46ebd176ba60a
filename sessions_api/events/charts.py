"""How much happened on each of the last days: one query, whose work does not grow with the table.

The days are told apart by their tags, which no index has, for every login would pay for it: so the newest are read, up
to a number that takes a fraction of a second, and the page says so.
"""

from collections import Counter
from datetime import UTC, date

from django.db.models import Count, F, Subquery
from django.db.models.functions import TruncDate

from sessions_api.adminkit.charts import last_days

from .models import Event
from .tags import Tag

COUNTED = 200_000  # the newest events
KINDS = {Tag.LOGIN: "Logins", Tag.ADMIN_LOGIN: "Logins", Tag.LOGIN_FAILED: "Failed logins"}
REST = "Everything else"


def events_by_day() -> dict[str, dict[date, int]]:
    """Of each kind, the oldest day first."""
    days = last_days()
    newest = Subquery(Event.objects.order_by("-pk").values("pk")[:1])
    recent = Event.objects.filter(happened_at__gte=days[0], pk__gt=newest - COUNTED)
    counts: Counter[tuple[str, date]] = Counter()
    of_each = recent.values(day=TruncDate("happened_at", tzinfo=UTC), what=F("tag")).annotate(number=Count("*"))
    for day, tag, number in of_each.values_list("day", "what", "number"):
        counts[KINDS.get(tag, REST), day] += number
    return {kind: {day.date(): counts[kind, day.date()] for day in days} for kind in (*KINDS.values(), REST)}
