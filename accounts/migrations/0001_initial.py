import uuid

from django.db import migrations, models

import accounts.fields
from sessions_api.vendor_sql import vendor_sql

# Disabling a user revokes the device tokens, however it is done. A row that was read before does not revive them when it
# is saved. SQLite drops the trigger when a later migration rebuilds accounts_user: that migration has to create it again.
TRIGGER = {
    "postgresql": [
        """
        CREATE FUNCTION accounts_raise_device_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.device_epoch := GREATEST(
                NEW.device_epoch, OLD.device_epoch + (OLD.is_active AND NOT NEW.is_active)::integer
            );
            RETURN NEW;
        END $$
        """,
        """
        CREATE TRIGGER accounts_user_device_epoch BEFORE UPDATE ON accounts_user
        FOR EACH ROW WHEN (NEW.device_epoch < OLD.device_epoch OR (OLD.is_active AND NOT NEW.is_active))
        EXECUTE FUNCTION accounts_raise_device_epoch()
        """,
    ],
    "sqlite": [
        """
        CREATE TRIGGER accounts_user_device_epoch AFTER UPDATE ON accounts_user
        FOR EACH ROW WHEN NEW.device_epoch < OLD.device_epoch OR (OLD.is_active AND NOT NEW.is_active)
        BEGIN
            UPDATE accounts_user
            SET device_epoch = MAX(NEW.device_epoch, OLD.device_epoch + (OLD.is_active AND NOT NEW.is_active))
            WHERE id = NEW.id;
        END
        """
    ],
}
DROP = {
    "postgresql": [
        "DROP TRIGGER accounts_user_device_epoch ON accounts_user",
        "DROP FUNCTION accounts_raise_device_epoch()",
    ],
    "sqlite": ["DROP TRIGGER accounts_user_device_epoch"],
}


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "email",
                    accounts.fields.EmailAddressField(max_length=254, unique=True, verbose_name="email address"),
                ),
                (
                    "display_name",
                    models.CharField(blank=True, max_length=255, validators=[accounts.fields.require_one_line]),
                ),
                ("email_verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="A disabled user cannot log in. Disabling revokes all sessions at once.",
                        verbose_name="active",
                    ),
                ),
                ("device_epoch", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("email__regex", "^[!-?\\[-~]+@[a-z0-9-]+(\\.[a-z0-9-]+)+\\Z")),
                        name="accounts_user_email_is_canonical",
                    )
                ],
            },
        ),
        vendor_sql(forwards=TRIGGER, backwards=DROP),
    ]
