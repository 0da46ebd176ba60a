"""What admin pages show of events, to administrators who may view them."""

from typing import Any

from django import template
from django.contrib import admin

from sessions_api.adminkit.charts import day_chart
from sessions_api.adminkit.columns import list_page
from sessions_api.events.charts import COUNTED_EVENTS, events_by_day
from sessions_api.events.models import Event

SHOWN = 20  # events on the page of a user, which shows other things as well; a link leads to all

register = template.Library()


@register.inclusion_tag("admin/events/charts.html")
def event_charts() -> dict[str, Any]:
    charts = [day_chart(kind, counts) for kind, counts in events_by_day().items()]
    return {"charts": charts, "counted": COUNTED_EVENTS}


@register.inclusion_tag("admin/events/events_of.html", takes_context=True)
def events_of(context: dict[str, Any], user: Any) -> dict[str, Any]:
    """The latest events of this user, as a timeline."""
    if not admin.site.get_model_admin(Event).has_view_permission(context["request"]):
        return {}
    return {
        "page": list_page(Event, user__id__exact=user.pk),
        "events": Event.objects.filter(user=user).order_by("-pk")[:SHOWN],
    }
