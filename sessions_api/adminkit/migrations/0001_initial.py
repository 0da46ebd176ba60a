"""The table of administrators' actions, a trigger that copies the admin's history into it, and one against updates.

The history is written in several ways, also by bulk inserts that send no signal. A trigger sees them all.
"""

from django.db import migrations, models

from sessions_api.vendor_sql import vendor_sql

COPY = """
INSERT INTO adminkit_adminaction (happened_at, administrator, kind, object_id, action, message)
SELECT NEW.action_time, NEW.user_id, COALESCE(kinds.app_label || '.' || kinds.model, ''), COALESCE(NEW.object_id, ''),
       NEW.action_flag, NEW.change_message
FROM (SELECT 1 AS one) AS once LEFT JOIN django_content_type AS kinds ON kinds.id = NEW.content_type_id;
"""
TRIGGER = {
    "postgresql": [
        f"""
        CREATE FUNCTION adminkit_copy_action() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
        BEGIN
            {COPY}
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER adminkit_copy_action AFTER INSERT ON django_admin_log
        FOR EACH ROW EXECUTE FUNCTION adminkit_copy_action()
        """,
        """
        CREATE FUNCTION adminkit_refuse_update() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'actions are append-only' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        """
        CREATE TRIGGER adminkit_append_only BEFORE UPDATE ON adminkit_adminaction
        FOR EACH ROW EXECUTE FUNCTION adminkit_refuse_update()
        """,
    ],
    "sqlite": [
        f"CREATE TRIGGER adminkit_copy_action AFTER INSERT ON django_admin_log BEGIN {COPY} END",
        """
        CREATE TRIGGER adminkit_append_only BEFORE UPDATE ON adminkit_adminaction
        BEGIN
            SELECT RAISE(ABORT, 'actions are append-only');
        END
        """,
    ],
}
DROP = {
    "postgresql": [
        "DROP TRIGGER adminkit_append_only ON adminkit_adminaction",
        "DROP FUNCTION adminkit_refuse_update()",
        "DROP TRIGGER adminkit_copy_action ON django_admin_log",
        "DROP FUNCTION adminkit_copy_action()",
    ],
    "sqlite": ["DROP TRIGGER adminkit_append_only", "DROP TRIGGER adminkit_copy_action"],
}


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="AdminAction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("happened_at", models.DateTimeField(db_index=True)),
                ("administrator", models.UUIDField(verbose_name="administrator's user id")),
                ("kind", models.CharField(max_length=201)),
                ("object_id", models.TextField()),
                (
                    "action",
                    models.PositiveSmallIntegerField(choices=[(1, "Addition"), (2, "Change"), (3, "Deletion")]),
                ),
                ("message", models.TextField()),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        vendor_sql(forwards=TRIGGER, backwards=DROP),
    ]
