"""The table of events, and the trigger that refuses updates. Events are deleted with their user, or when they are old."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from sessions_api.vendor_sql import vendor_sql

TRIGGER = {
    "postgresql": [
        """
        CREATE FUNCTION events_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        """
        CREATE TRIGGER events_append_only BEFORE UPDATE ON events_event
        FOR EACH ROW EXECUTE FUNCTION events_refuse_update()
        """,
    ],
    "sqlite": [
        """
        CREATE TRIGGER events_append_only BEFORE UPDATE ON events_event
        BEGIN
            SELECT RAISE(ABORT, 'events are append-only');
        END
        """
    ],
}
DROP = {
    "postgresql": ["DROP TRIGGER events_append_only ON events_event", "DROP FUNCTION events_refuse_update()"],
    "sqlite": ["DROP TRIGGER events_append_only"],
}


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tag", models.CharField(max_length=64)),
                ("happened_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("ip_address", models.GenericIPAddressField(null=True, verbose_name="IP address")),
                ("network", models.CharField(max_length=43)),
                ("device", models.CharField(max_length=100)),
                ("session", models.UUIDField(null=True, verbose_name="session id")),
                ("data", models.JSONField(default=dict)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="events",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["user", "-id"], name="events_of_a_user")],
            },
        ),
        vendor_sql(forwards=TRIGGER, backwards=DROP),
    ]
