"""The user."""

import logging
import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from sessions_api.admin_sessions.models import AdminSession
from sessions_api.http.errors import SessionExpired
from sessions_api.models import Session, TimestampMixin

from .fields import MAX_LENGTH, NAME_LENGTH, EmailAddressField, canonical_email, require_one_line

logger = logging.getLogger(__name__)


class UserQuerySet(models.QuerySet["User"]):
    """Code that deletes, disables or re-keys users locks their rows first, as each login does: see `complete_login`.

    Several rows are locked in the order of their keys, so that two callers do not deadlock.
    """

    def lock(self) -> "models.QuerySet[User]":
        """FOR NO KEY UPDATE excludes every other writer of the row; sessions and events can still refer to it."""
        return self.select_for_update(no_key=True)

    def lock_all(self, **strength: bool) -> list[uuid.UUID]:
        """Lock the rows of these users, and return their keys.

        The subquery lets any queryset in: PostgreSQL cannot lock the rows of a DISTINCT or of an outer join.
        """
        users = self.model.objects.filter(pk__in=self.order_by().values("pk")).order_by("pk")
        return list(users.select_for_update(**strength).values_list("pk", flat=True))

    def update(self, **values: Any) -> int:
        """As Django's. A new `password` also revokes the sessions of these users, as in `User.save`."""
        if "password" not in values:
            return super().update(**values)
        with transaction.atomic():
            users = self.lock_all(no_key=True)
            updated = super(UserQuerySet, self.model.objects.filter(pk__in=users)).update(**values)
            Session.objects.filter(user__in=users).revoke()
            AdminSession.objects.filter(user__in=users).revoke()
        return updated

    def store_hash(self, encoded: str) -> int:
        """Store this hash and revoke no session; returns the number of users.

        It is for an upgraded hash of the same password, and for stories that decide themselves what to revoke.
        """
        return super().update(password=encoded, updated_at=timezone.now())

    def delete(self) -> tuple[int, dict[str, int]]:
        """As Django's, with the rows locked first."""
        with transaction.atomic():
            self.lock_all()
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new user; without a password, the user gets an unusable one.

        Raises Django's ValidationError for an invalid address, IntegrityError for one that is taken, or ServerBusy.
        """
        user = self.model(email=canonical_email(email), **fields)
        user.set_password(password)
        user.save(force_insert=True)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new administrator. The address counts as verified: an operator typed it. Raises like `create_user`."""
        trusted = {"is_staff": True, "is_superuser": True, "email_verified_at": timezone.now()}
        return self.create_user(email, password, **trusted | fields)


class User(TimestampMixin, AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = EmailAddressField("email address", max_length=MAX_LENGTH, unique=True)
    display_name = models.CharField(max_length=NAME_LENGTH, blank=True, validators=[require_one_line])
    email_verified_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(
        "active", default=True, help_text="A disabled user cannot log in. Disabling revokes all sessions at once."
    )
    # Raised by a reset, an undo and a trigger for disabled users; the trigger also keeps a stale row from lowering it.
    device_epoch = models.PositiveIntegerField(default=0, editable=False)  # of `accounts/login/devices.py`
    is_staff = models.BooleanField(
        "staff status", default=False, help_text="Designates whether the user can log into this admin site."
    )

    objects = UserManager()

    USERNAME_FIELD = EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            # Holds for every writer of the table: printable ASCII without capitals, one @, labels joined by dots.
            models.CheckConstraint(
                condition=Q(email__regex=r"^[!-?\[-~]+@[a-z0-9-]+(\.[a-z0-9-]+)+\Z"),
                name="accounts_user_email_is_canonical",
            )
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None

    @property
    def has_password(self) -> bool:
        return self.has_usable_password()

    def check_password(self, raw_password: str | None) -> bool:
        """Whether this is the password. Raises ServerBusy.

        Always computes one hash, so timing reveals nothing. Computes a second one when the stored hash uses outdated
        parameters and is upgraded.
        """
        try:
            if self.password and self.has_password:
                identify_hasher(self.password)
            return check_password(raw_password, self.password, self._upgrade_hash)
        except (ValueError, OverflowError) as failure:  # an unreadable hash counts as none, and costs as much
            logger.error("A stored password hash cannot be read: %s", type(failure).__name__, extra={"user": self.pk})
            return check_password(None, "")

    def _upgrade_hash(self, raw_password: str) -> None:
        row, upgraded = User.objects.filter(pk=self.pk), make_password(raw_password)
        if row.filter(password=self.password).store_hash(upgraded):
            self.password = upgraded
            return
        # Another login upgraded it first. If it still is the same password, this login goes on with that hash.
        stored = row.values_list("password", flat=True).first() or ""
        if check_password(raw_password, stored):
            self.password = stored

    def rename(self, display_name: str) -> "User":
        """Store another display name. Raises SessionExpired where the user was deleted meanwhile."""
        if not User.objects.filter(pk=self.pk).update(display_name=display_name, updated_at=timezone.now()):
            raise SessionExpired
        self.display_name = display_name
        return self

    def reset_credentials(self, *, encoded: str = "") -> None:
        """Replace the password, revoke all sessions and device tokens, and mark the address as verified.

        It is for a user who has just proven the mailbox: a stranger may have set up the earlier credentials. `encoded`
        is the hash of the new password; without it, the user has none. Call it inside a transaction that holds the row.
        """
        self.password = encoded or make_password(None)
        self.email_verified_at = self.email_verified_at or timezone.now()
        self.device_epoch += 1
        fields = ["password", "email_verified_at", "device_epoch", "updated_at"]
        self.save(update_fields=fields)  # which revokes the sessions

    def save(self, **options: Any) -> None:
        """As Django's. A new password revokes every session of the user, in the same transaction.

        Raises Django's ValidationError for an invalid address.
        """
        fields = options.get("update_fields")
        if self._state.adding or (fields is not None and "password" not in fields):
            super().save(**options)
            return
        with transaction.atomic():
            before = User.objects.filter(pk=self.pk).lock().values_list("password", flat=True).first()
            super().save(**options)
            if self.password != before:
                self.sessions.revoke()
                self.admin_sessions.revoke()

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """As Django's, with the row locked first."""
        with transaction.atomic():
            User.objects.select_for_update().filter(pk=self.pk).first()
            return super().delete(using, keep_parents)
