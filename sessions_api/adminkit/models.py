"""What administrators did: a copy of the admin's history that no deletion of a user takes along."""

from django.conf import settings
from django.contrib.admin.models import ACTION_FLAG_CHOICES
from django.db import models
from django.utils import timezone


class AdminActionQuerySet(models.QuerySet["AdminAction"]):
    def expired(self) -> "AdminActionQuerySet":
        """Actions that are older than `EVENTS_KEEP_DAYS`."""
        return self.filter(happened_at__lte=timezone.now() - settings.EVENTS_KEEP)


class AdminAction(models.Model):
    """One entry of the admin's history. A trigger inserts it, another refuses updates: see the migration.

    Django deletes the history of an administrator with the administrator. These rows refer to no other row, so they
    stay. They hold ids, and neither names nor addresses. `kind` is the label of a model.
    """

    happened_at = models.DateTimeField(db_index=True)
    administrator = models.UUIDField("administrator's user id")
    kind = models.CharField(max_length=201)
    object_id = models.TextField()
    action = models.PositiveSmallIntegerField(choices=ACTION_FLAG_CHOICES)
    message = models.TextField()

    objects = AdminActionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.kind}"
