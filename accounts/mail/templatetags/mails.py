"""What the admin's index shows about mails."""

from datetime import timedelta
from typing import Any

from django import template
from django.contrib import admin
from django.db.models import Min
from django.utils import timezone

from accounts.mail.admin import FAILED
from accounts.mail.queue import QueuedMail
from sessions_api.adminkit.large_tables import bounded_count

# By then a worker has tried a mail five times (BACK_OFF). A mail that still waits means that the mail server is down,
# or that no worker runs.
LATE_AFTER = timedelta(minutes=15)

register = template.Library()


@register.inclusion_tag("admin/failed_mails.html", takes_context=True)
def failed_mails(context: dict[str, Any]) -> dict[str, Any]:
    """How many mails failed, and how many have waited for longer than LATE_AFTER and since when.

    Empty for an administrator without permission to view the queue.
    """
    if not admin.site.get_model_admin(QueuedMail).has_view_permission(context["request"]):
        return {}
    late = QueuedMail.objects.exclude(FAILED).filter(requested_at__lt=timezone.now() - LATE_AFTER)
    since = late.aggregate(since=Min("requested_at"))["since"]
    return {
        "number": bounded_count(QueuedMail.objects.filter(FAILED)),
        "late": since and bounded_count(late),
        "since": since,
    }
