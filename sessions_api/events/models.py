"""What happened, to whom, from where: written in the transaction of what it tells, and never changed."""

import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from sessions_api.http.client import DEVICE_LENGTH, ClientInfo

from .signals import recorded
from .tags import Tag

KEEP_FAILURES_OF_UNKNOWN = timedelta(days=30)

logger = logging.getLogger(__name__)


class EventQuerySet(models.QuerySet["Event"]):
    def expired(self) -> "EventQuerySet":
        """What is older than `EVENTS_KEEP_DAYS`; failed logins of nobody need not be kept for so long."""
        now = timezone.now()
        nobodys = Q(tag=Tag.LOGIN_FAILED, user=None, happened_at__lte=now - KEEP_FAILURES_OF_UNKNOWN)
        return self.filter(Q(happened_at__lte=now - settings.EVENTS_KEEP) | nobodys)


class EventManager(models.Manager.from_queryset(EventQuerySet)):  # type: ignore[misc]
    def record(
        self,
        tag: Tag,
        user: Any,
        *,
        client: ClientInfo | None = None,
        session: UUID | None = None,
        **data: str | int,
    ) -> "Event":
        """Note that this happened, now. `user` is None for a stranger; `data` tells a little more, never a secret."""
        event: Event = self.create(
            tag=tag,
            user=user,
            ip_address=client.address if client else None,
            network=client.network if client else "",
            device=client.device if client else "",
            session=session,
            data=data,
        )
        transaction.on_commit(event.announce)
        return event

    def record_each(self, tag: Tag, told: Iterable[tuple[UUID | None, Mapping[str, str | int]]]) -> None:
        """The same of many users, by their keys, each with its data; from nowhere, for none of them was there."""
        for event in self.bulk_create(Event(tag=tag, user_id=user, data=dict(data)) for user, data in told):
            transaction.on_commit(event.announce)


class Event(models.Model):
    tag = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="events", db_index=False)
    happened_at = models.DateTimeField(default=timezone.now, db_index=True)
    ip_address = models.GenericIPAddressField("IP address", null=True)
    network = models.CharField(max_length=43)
    device = models.CharField(max_length=DEVICE_LENGTH)
    session = models.UUIDField("handle of the session", null=True)
    data = models.JSONField(default=dict)

    objects = EventManager()

    class Meta:
        indexes = [models.Index(fields=["user", "-id"], name="events_of_a_user")]

    def __str__(self) -> str:
        return self.tag

    @property
    def label(self) -> str:
        """What users would say of it."""
        return dict(Tag.choices).get(self.tag, self.tag)

    def details(self) -> str:
        """The little that it tells beside, in one line."""
        return ", ".join(f"{name}: {value}" for name, value in self.data.items())

    def announce(self) -> None:
        """A line for operators, and the signal for other code."""
        where = {"ip": self.ip_address, "device": self.device, "session_id": self.session}
        logger.info("%s", self.tag, extra={"user": self.user_id, **where, "data": self.data})
        recorded.send_robust(sender=Event, event=self)
