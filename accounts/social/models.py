"""Which identity at a provider is linked to which user."""

from django.conf import settings
from django.db import models


class Identity(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="identities")
    provider = models.CharField(max_length=32)
    uid = models.CharField(max_length=255)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["provider", "uid"], name="identity_has_one_user"),
            models.CheckConstraint(condition=~models.Q(uid=""), name="identity_has_uid"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.uid}"
