"""What happened, to whom, from where: written in the transaction of what it tells, and never changed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from sessions_api.client import DEVICE_LENGTH, client_ip, device, user_agent
from sessions_api.models import Session


class Tag(models.TextChoices):
    LOGIN = "account:login:success", "logged in"


class EventManager(models.Manager["Event"]):
    def record(
        self,
        tag: Tag,
        user: Any,
        *,
        request: HttpRequest | None = None,
        session: Session | None = None,
        **data: str | int,
    ) -> "Event":
        """Note that this happened, now. `data` is a little more to tell, and never a secret."""
        return self.create(
            tag=tag,
            user=user,
            ip_address=client_ip(request) if request else None,
            device=device(user_agent(request)) if request else "",
            session=session.pk if session else None,
            data=data,
        )


class Event(models.Model):
    tag = models.CharField(max_length=64, choices=Tag)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="events")
    happened_at = models.DateTimeField(default=timezone.now, db_index=True)
    ip_address = models.GenericIPAddressField("IP address", null=True)
    device = models.CharField(max_length=DEVICE_LENGTH)
    session = models.UUIDField("handle of the session", null=True)
    data = models.JSONField(default=dict)

    objects = EventManager()

    class Meta:
        indexes = [models.Index(fields=["user", "tag", "-happened_at"], name="events_of_a_person")]

    def __str__(self) -> str:
        return self.tag
