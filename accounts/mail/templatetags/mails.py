"""What the admin's front page says of mail, to those who may see the queue."""

from datetime import timedelta
from typing import Any

from django import template
from django.contrib import admin
from django.db.models import Min
from django.utils import timezone

from accounts.mail.admin import FAILED
from accounts.mail.queue import QueuedMail
from sessions_api.adminkit.large_tables import bounded_count

LONG = timedelta(minutes=15)  # by then a mail was tried five times; or nobody is there who would send it

register = template.Library()


@register.inclusion_tag("admin/failed_mails.html", takes_context=True)
def failed_mails(context: dict[str, Any]) -> dict[str, Any]:
    """How many mails nobody will send until somebody has looked, and how many have waited for LONG, since when."""
    if not admin.site.get_model_admin(QueuedMail).has_view_permission(context["request"]):
        return {}
    late = QueuedMail.objects.exclude(FAILED).filter(requested_at__lt=timezone.now() - LONG)
    since = late.aggregate(since=Min("requested_at"))["since"]
    return {
        "number": bounded_count(QueuedMail.objects.filter(FAILED)),
        "late": since and bounded_count(late),
        "since": since,
    }
