"""What pages of the admin show of events, to those who may see them."""

from typing import Any

from django import template
from django.contrib import admin
from django.urls import reverse

from sessions_api.adminkit.charts import in_days
from sessions_api.events.charts import COUNTED, events_by_day
from sessions_api.events.models import Event

SHOWN = 20

register = template.Library()


@register.inclusion_tag("admin/events/charts.html")
def event_charts() -> dict[str, Any]:
    return {"charts": [in_days(kind, counts) for kind, counts in events_by_day().items()], "counted": COUNTED}


@register.inclusion_tag("admin/events/events_of.html", takes_context=True)
def events_of(context: dict[str, Any], user: Any) -> dict[str, Any]:
    """What happened to this user last, as a timeline."""
    if not admin.site.get_model_admin(Event).has_view_permission(context["request"]):
        return {}
    return {
        "page": reverse("admin:events_event_changelist", query={"user__id__exact": user.pk}),
        "events": Event.objects.filter(user=user).order_by("-pk")[:SHOWN],
    }
