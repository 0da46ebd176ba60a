"""What the admin's front page says of mail, to those who may see the queue."""

from typing import Any

from django import template
from django.contrib import admin

from sessions_api.admin import MOST, AtLeast

from ..admin import FAILED
from ..models import QueuedMail

register = template.Library()


@register.inclusion_tag("admin/failed_mails.html", takes_context=True)
def failed_mails(context: dict[str, Any]) -> dict[str, Any]:
    """How many mails nobody will send until somebody has looked; MOST are counted."""
    if not admin.site.get_model_admin(QueuedMail).has_view_permission(context["request"]):
        return {}
    number = QueuedMail.objects.filter(FAILED)[: MOST + 1].count()
    return {"number": AtLeast(MOST) if number > MOST else number}
