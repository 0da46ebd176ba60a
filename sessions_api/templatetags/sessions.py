"""What other pages of the admin show of sessions, to those who may see sessions."""

from typing import Any

from django import template
from django.contrib import admin

from sessions_api.admin import SessionAdmin, method_name, sessions_page
from sessions_api.adminkit.charts import bars, in_days
from sessions_api.adminkit.columns import minute
from sessions_api.adminkit.large_tables import AtLeast
from sessions_api.adminkit.permissions import may_administer
from sessions_api.charts import live_by_last_seen, opened_by_day, opened_by_method
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
def sessions_of(context: dict[str, Any], user: Any) -> dict[str, Any]:
    """The sessions of this user that were seen last, and a form that ends them."""
    request, sessions = context["request"], manager()
    if not sessions.has_view_permission(request):
        return {}
    live = Session.objects.live().filter(user=user)
    return {
        "user": user,
        "sessions": live.order_by("-last_seen_at", "-created_at")[:SHOWN],
        "stored": Session.objects.filter(user=user).count(),
        "page": sessions_page(user),
        "may_end": sessions.has_delete_permission(request) and may_administer(request, user),
    }


def manager() -> SessionAdmin:
    return admin.site.get_model_admin(Session)  # type: ignore[return-value]
