"""Whose identity at a provider is whose, what waits for a front end to fetch it, and what is spent."""

import base64
import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import User
from sessions_api.tokens import digest

from .errors import InvalidCode

LIFETIME = timedelta(seconds=60)


class Identity(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="identities")
    provider = models.CharField(max_length=32)
    uid = models.CharField(max_length=255)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(fields=["provider", "uid"], name="identity_is_one_persons"),
            models.CheckConstraint(condition=~models.Q(uid=""), name="identity_has_uid"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.uid}"


class HandoverManager(models.Manager["Handover"]):
    def begin(self, user: User, *, provider: str, code_challenge: str) -> str:
        """A code that is good once and for a minute, for whoever knows the verifier (RFC 7636, S256)."""
        code = secrets.token_urlsafe(32)
        expires_at = timezone.now() + LIFETIME
        self.create(
            digest=digest(code), user=user, provider=provider, code_challenge=code_challenge, expires_at=expires_at
        )
        return code

    def redeem(self, code: str, code_verifier: str) -> "Handover":
        """The hand-over of this code, which is spent by the attempt. Raises InvalidCode."""
        handover = self.filter(digest=digest(code)).select_related("user").first()
        if handover is None or not self.filter(pk=handover.pk).delete()[0]:  # of many at once, one deletes the row
            raise InvalidCode
        if handover.expires_at <= timezone.now() or not constant_time_compare(
            s256(code_verifier), handover.code_challenge
        ):
            raise InvalidCode
        return handover

    def expired(self) -> "models.QuerySet[Handover]":
        return self.filter(expires_at__lte=timezone.now())


class Handover(models.Model):
    digest = models.BinaryField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    provider = models.CharField(max_length=32)
    code_challenge = models.CharField(max_length=43)
    expires_at = models.DateTimeField(db_index=True)

    objects = HandoverManager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


class Spent(models.Model):
    purpose = models.CharField(max_length=255)
    digest = models.BinaryField(max_length=32)
    until = models.BigIntegerField(db_index=True)  # seconds since 1970

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["purpose", "digest"], name="spent_once")]

    def __str__(self) -> str:
        return str(self.pk)


def s256(verifier: str) -> str:
    """The code challenge of this verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
