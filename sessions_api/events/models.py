"""Events: what happened to a user, and from where. Written in the transaction they describe, and never changed."""

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
from .tags import ADMINISTRATOR, OPERATOR, Tag

__all__ = ["ADMINISTRATOR", "OPERATOR", "Event", "Tag"]

# Failed logins at addresses without an account tell of attacks, which operators look into within days. Strangers can
# cause any number of them.
KEEP_FAILURES_OF_UNKNOWN = timedelta(days=30)
TAG_LENGTH = 64  # ours have at most 30 characters; tags of other apps may be longer
NETWORK_LENGTH = 43  # the longest IPv6 address of 39 characters, and `/128`

logger = logging.getLogger(__name__)


class EventQuerySet(models.QuerySet["Event"]):
    def expired(self) -> "EventQuerySet":
        """Events that are older than `EVENTS_KEEP_DAYS`, and old failed logins at addresses without an account."""
        now = timezone.now()
        of_unknown = Q(tag=Tag.LOGIN_FAILED, user=None, happened_at__lte=now - KEEP_FAILURES_OF_UNKNOWN)
        return self.filter(Q(happened_at__lte=now - settings.EVENTS_KEEP) | of_unknown)


class EventManager(models.Manager.from_queryset(EventQuerySet)):  # type: ignore[misc]
    def record(
        self,
        tag: Tag,
        user: Any,
        *,
        client: ClientInfo | None = None,
        session: UUID | None = None,
        administrator: UUID | None = None,
        **data: str | int,
    ) -> "Event":
        """Write that this happened now, and announce it after the commit.

        `user` is None where no user is known, `client` is None for a command. `session` is the id of the session that
        was created or that caused the event. `data` holds details for the user to read, and no secret.
        `administrator` is the id of the user who acted in the admin; the account's own user does not see it.
        """
        event: Event = self.create(
            tag=tag,
            user=user,
            ip_address=client.address if client else None,
            network=client.network if client else "",
            device=client.device if client else "",
            session=session,
            administrator=administrator,
            data=data,
        )
        transaction.on_commit(event.announce)
        return event

    def record_each(
        self, tag: Tag, users: Iterable[tuple[UUID | None, Mapping[str, Any]]], *, administrator: UUID | None = None
    ) -> None:
        """Write one event for each user: pairs of the user's key, or None, and the data. They have no client."""
        events = (Event(tag=tag, user_id=user, data=dict(data), administrator=administrator) for user, data in users)
        for event in self.bulk_create(events):
            transaction.on_commit(event.announce)


class Event(models.Model):
    tag = models.CharField(max_length=TAG_LENGTH)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="events", db_index=False)
    happened_at = models.DateTimeField(default=timezone.now, db_index=True)
    ip_address = models.GenericIPAddressField("IP address", null=True)
    network = models.CharField(max_length=NETWORK_LENGTH)
    device = models.CharField(max_length=DEVICE_LENGTH)
    session = models.UUIDField("session id", null=True)
    administrator = models.UUIDField(null=True)  # no foreign key: it names who acted after that user is deleted
    data = models.JSONField(default=dict)

    objects = EventManager()

    class Meta:
        indexes = [models.Index(fields=["user", "-id"], name="events_of_a_user")]

    def __str__(self) -> str:
        return self.tag

    @property
    def label(self) -> str:
        """The tag in words, or the tag itself where it is unknown, such as one of an older release."""
        return dict(Tag.choices).get(self.tag, self.tag)

    def details(self) -> str:
        """The data in one line: `method: password, number: 2`."""
        return ", ".join(f"{name}: {value}" for name, value in self.data.items())

    def announce(self) -> None:
        """Log a line for operators, and send the signal `recorded` to other code."""
        client = {"ip": self.ip_address, "device": self.device, "session_id": self.session}
        logger.info("%s", self.tag, extra={"user": self.user_id, **client, "data": self.data})
        recorded.send_robust(sender=Event, event=self)
