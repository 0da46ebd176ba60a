"""What the admin's front page and the page of a user show of sessions, to administrators who may view sessions."""

from typing import Any

from django import template
from django.contrib import admin

from sessions_api.admin import SessionAdmin, method_title
from sessions_api.admin_sessions.models import AdminSession
from sessions_api.adminkit.charts import bars, day_chart
from sessions_api.adminkit.columns import list_page
from sessions_api.adminkit.permissions import may_administer
from sessions_api.charts import created_by_day, created_by_method, live_by_last_seen
from sessions_api.models import Session

SHOWN = 20  # sessions on the page of a user, which shows other things as well; a link leads to all

register = template.Library()
register.filter("method_title", method_title)


@register.inclusion_tag("admin/session_charts.html", takes_context=True)
def session_charts(context: dict[str, Any]) -> dict[str, Any]:
    if not session_admin().has_view_permission(context["request"]):
        return {}
    live, by_last_seen = live_by_last_seen()
    return {
        "visible": True,
        "by_day": day_chart("Sessions created", created_by_day()),
        "by_method": bars(created_by_method()),
        "live": live,
        "by_last_seen": bars(by_last_seen),
    }


@register.inclusion_tag("admin/sessions_of.html", takes_context=True)
def sessions_of(context: dict[str, Any], user: Any) -> dict[str, Any]:
    """The sessions of this user that were seen last, and a form that revokes them."""
    request, session_pages = context["request"], session_admin()
    if not session_pages.has_view_permission(request):
        return {}
    live = Session.objects.live().filter(user=user)
    return {
        "user": user,
        "sessions": live.order_by("-last_seen_at", "-created_at")[:SHOWN],
        "stored": Session.objects.filter(user=user).count(),
        "page": list_page(Session, q=user.pk),
        "admin_page": list_page(AdminSession, q=user.pk),
        "may_revoke": session_pages.has_delete_permission(request) and may_administer(request, user),
    }


def session_admin() -> SessionAdmin:
    return admin.site.get_model_admin(Session)  # type: ignore[return-value]
