"""What other pages of the admin show of sessions, to those who may see sessions."""

from typing import Any

from django import template
from django.contrib import admin

from sessions_api.admin import AtLeast, SessionAdmin, may_touch, method_name, minute, sessions_page
from sessions_api.charts import bars, in_days, live_by_last_seen, opened_by_day, opened_by_method
from sessions_api.models import Session

SHOWN = 20

register = template.Library()
register.filter("minute", minute)
register.filter("method_name", method_name)


@register.filter
def thousands(count: int) -> str:
    """1,234,567; and 1,000,000+ where counting stopped."""
    return str(count) if isinstance(count, AtLeast) else f"{count:,}"


@register.inclusion_tag("admin/session_charts.html", takes_context=True)
def session_charts(context: dict[str, Any]) -> dict[str, Any]:
    if not manager().has_view_permission(context["request"]):
        return {}
    (live, split), methods = live_by_last_seen(), opened_by_method()
    return {
        "visible": True,
        "opened": in_days("Sessions opened", opened_by_day()),
        "live": live,
        "seen": bars(split),
        "methods": bars(methods),
    }


@register.inclusion_tag("admin/sessions_of.html", takes_context=True)
def sessions_of(context: dict[str, Any], person: Any) -> dict[str, Any]:
    """The sessions of this person that were seen last, and a form that ends them."""
    request, sessions = context["request"], manager()
    if not sessions.has_view_permission(request):
        return {}
    live = Session.objects.live().filter(user=person)
    return {
        "person": person,
        "sessions": live.order_by("-last_seen_at", "-created_at")[:SHOWN],
        "stored": Session.objects.filter(user=person).count(),
        "page": sessions_page(person),
        "may_end": sessions.has_delete_permission(request) and may_touch(request, person),
    }


def manager() -> SessionAdmin:
    return admin.site.get_model_admin(Session)  # type: ignore[return-value]
