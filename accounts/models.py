"""The user."""

import uuid
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.fields import EmailAddressField
from sessions_api.http.errors import SessionExpired
from sessions_api.models import Session, TimestampMixin

from .fields import MAX_LENGTH, canonical_email


class UserQuerySet(models.QuerySet["User"]):
    """Whatever deletes or re-keys users locks their rows first, as each login does: see `complete_login`.

    Several rows are locked in the order of their keys, so that two who do it at once do not wait for each other.
    """

    def lock(self) -> "models.QuerySet[User]":
        return self.select_for_update(no_key=True)

    def lock_all(self, **strength: bool) -> list[uuid.UUID]:
        """The keys of these users, whose rows are locked now; by way of a subquery, for a join cannot be."""
        users = self.model.objects.filter(pk__in=self.order_by().values("pk")).order_by("pk")
        return list(users.select_for_update(**strength).values_list("pk", flat=True))

    def update(self, **values: Any) -> int:
        """A password that changes ends the sessions of its users, here as in `User.save`."""
        if "password" not in values:
            return super().update(**values)
        with transaction.atomic():
            users = self.lock_all(no_key=True)
            updated = super(UserQuerySet, self.model.objects.filter(pk__in=users)).update(**values)
            Session.objects.filter(user__in=users).revoke()
        return updated

    def store_hash(self, encoded: str) -> int:
        """Without the end of any session: for the same password under today's parameters, and `change_password`."""
        return super().update(password=encoded, updated_at=timezone.now())

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            self.lock_all()
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=canonical_email(email), **fields)
        user.set_password(password)
        user.save(force_insert=True)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator; whoever can run this has no need to prove the address."""
        trusted = {"is_staff": True, "is_superuser": True, "email_verified_at": timezone.now()}
        return self.create_user(email, password, **trusted | fields)


class User(TimestampMixin, AbstractBaseUser, PermissionsMixin):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = EmailAddressField("e-mail address", max_length=MAX_LENGTH, unique=True)
    display_name = models.CharField(max_length=255, blank=True)
    email_verified_at = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(
        "active", default=True, help_text="Whoever is not active cannot log in; their sessions end at once."
    )
    is_staff = models.BooleanField("staff", default=False, help_text="Whether they may enter this site.")

    objects = UserManager()

    USERNAME_FIELD = EMAIL_FIELD = "email"

    class Meta:
        verbose_name = "user"
        verbose_name_plural = "users"
        constraints = [
            # Printable ASCII without capitals, one @, and labels with a dot between them: whoever writes.
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
        """Hashes once, whatever is stored; twice where a hash of other parameters than today's is renewed."""
        try:
            return check_password(raw_password, self.password, self._renew_hash)
        except (ValueError, OverflowError):  # a hash that nobody can read is none, and costs as much
            return check_password(None, "")

    def _renew_hash(self, raw_password: str) -> None:
        me, renewed = User.objects.filter(pk=self.pk), make_password(raw_password)
        if me.filter(password=self.password).store_hash(renewed):
            self.password = renewed
            return
        # Another login was first. If it is still the same password, this one may go on with the other's hash.
        stored = me.values_list("password", flat=True).first() or ""
        if check_password(raw_password, stored):
            self.password = stored

    def rename(self, display_name: str) -> "User":
        """Raises SessionExpired where the user has been deleted meanwhile."""
        if not User.objects.filter(pk=self.pk).update(display_name=display_name, updated_at=timezone.now()):
            raise SessionExpired
        self.display_name = display_name
        return self

    def reset_credentials(self) -> None:
        """For whoever has just proven the address: nothing that was set up before they did opens this account.

        Call it inside a transaction that holds the row.
        """
        self.set_unusable_password()
        self.email_verified_at = timezone.now()
        self.save(update_fields=["password", "email_verified_at", "updated_at"])  # which ends the sessions

    def save(self, **options: Any) -> None:
        """A password that changes, in whatever way, ends every session of the user in the same transaction."""
        fields = options.get("update_fields")
        if self._state.adding or (fields is not None and "password" not in fields):
            super().save(**options)
            return
        with transaction.atomic():
            before = User.objects.filter(pk=self.pk).lock().values_list("password", flat=True).first()
            super().save(**options)
            if self.password != before:
                self.sessions.revoke()

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            User.objects.select_for_update().filter(pk=self.pk).first()
            return super().delete(using, keep_parents)
