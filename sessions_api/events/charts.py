"""The number of events on each of the last days: one query, whose work does not grow with the table.

The charts tell events apart by their tags. No index has the tags, since each login would pay for it. So the query reads
the newest events up to a number, and the page says so.
"""

from collections import Counter
from datetime import UTC, date

from django.db.models import Count, F, Subquery
from django.db.models.functions import TruncDate

from sessions_api.adminkit.charts import last_days

from .models import Event
from .tags import Tag

COUNTED_EVENTS = 200_000  # the newest ones: a month of 6,600 events a day
KINDS = {Tag.LOGIN: "Logins", Tag.ADMIN_LOGIN: "Logins", Tag.LOGIN_FAILED: "Failed logins"}
REST = "All other events"


def events_by_day() -> dict[str, dict[date, int]]:
    """The number of events of each kind on each day, oldest first."""
    days = last_days()
    newest = Subquery(Event.objects.order_by("-pk").values("pk")[:1])
    recent = Event.objects.filter(happened_at__gte=days[0], pk__gt=newest - COUNTED_EVENTS)
    counts: Counter[tuple[str, date]] = Counter()
    of_each_tag = recent.values(day=TruncDate("happened_at", tzinfo=UTC), what=F("tag")).annotate(number=Count("*"))
    for day, tag, number in of_each_tag.values_list("day", "what", "number"):
        counts[KINDS.get(tag, REST), day] += number
    return {kind: {day.date(): counts[kind, day.date()] for day in days} for kind in (*KINDS.values(), REST)}
