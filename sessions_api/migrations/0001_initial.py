"""The table of sessions, and the trigger that revokes the sessions of a user who is disabled.

The trigger also covers `QuerySet.update()` and SQL by hand. Without it, enabling the user again would make tokens valid
again that were not sent meanwhile. SQLite drops the trigger when a later migration rebuilds accounts_user: that
migration has to create it again, and tests/accounts/test_disabling.py fails where it does not.
"""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from sessions_api.vendor_sql import vendor_sql

TRIGGER = {
    "postgresql": [
        """
        CREATE FUNCTION sessions_api_revoke_sessions() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            DELETE FROM sessions_api_session WHERE user_id = NEW.id;
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER sessions_api_user_disabled AFTER UPDATE OF is_active ON accounts_user
        FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION sessions_api_revoke_sessions()
        """,
    ],
    "sqlite": [
        """
        CREATE TRIGGER sessions_api_user_disabled AFTER UPDATE OF is_active ON accounts_user
        FOR EACH ROW WHEN OLD.is_active AND NOT NEW.is_active
        BEGIN
            DELETE FROM sessions_api_session WHERE user_id = NEW.id;
        END
        """
    ],
}
DROP = {
    "postgresql": [
        "DROP TRIGGER sessions_api_user_disabled ON accounts_user",
        "DROP FUNCTION sessions_api_revoke_sessions()",
    ],
    "sqlite": ["DROP TRIGGER sessions_api_user_disabled"],
}


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Session",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False, verbose_name="session id"
                    ),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("last_seen_at", models.DateTimeField()),
                ("authenticated_at", models.DateTimeField()),
                ("method", models.CharField(choices=[("password", "Password")], max_length=32)),
                ("ip_address", models.GenericIPAddressField(null=True, verbose_name="IP address")),
                ("user_agent", models.CharField(max_length=512)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="sessions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        vendor_sql(forwards=TRIGGER, backwards=DROP),
    ]
