"""The table of the admin's sessions, and the trigger that revokes those of a user who is disabled.

It does what the trigger of `sessions_api` does for the API's sessions; see there.
"""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from sessions_api.vendor_sql import vendor_sql

TRIGGER = {
    "postgresql": [
        """
        CREATE FUNCTION admin_sessions_revoke_sessions() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            DELETE FROM admin_sessions_adminsession WHERE user_id = NEW.id;
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER admin_sessions_user_disabled AFTER UPDATE OF is_active ON accounts_user
        FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION admin_sessions_revoke_sessions()
        """,
    ],
    "sqlite": [
        """
        CREATE TRIGGER admin_sessions_user_disabled AFTER UPDATE OF is_active ON accounts_user
        FOR EACH ROW WHEN OLD.is_active AND NOT NEW.is_active
        BEGIN
            DELETE FROM admin_sessions_adminsession WHERE user_id = NEW.id;
        END
        """
    ],
}
DROP = {
    "postgresql": [
        "DROP TRIGGER admin_sessions_user_disabled ON accounts_user",
        "DROP FUNCTION admin_sessions_revoke_sessions()",
    ],
    "sqlite": ["DROP TRIGGER admin_sessions_user_disabled"],
}


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AdminSession",
            fields=[
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="session id"
                    ),
                ),
                ("session_key", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("last_seen_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ip_address", models.GenericIPAddressField(null=True, verbose_name="IP address")),
                ("user_agent", models.CharField(max_length=512)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="admin_sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "admin session",
                "verbose_name_plural": "admin sessions",
            },
        ),
        vendor_sql(forwards=TRIGGER, backwards=DROP),
    ]
