"""What happened is not changed afterwards, whoever tries. It is deleted with its person, and when it is old."""

from django.db import migrations

POSTGRESQL = [
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
]
SQLITE = [
    """
    CREATE TRIGGER events_append_only BEFORE UPDATE ON events_event
    BEGIN
        SELECT RAISE(ABORT, 'events are append-only');
    END
    """
]


def create(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER events_append_only ON events_event")
        schema_editor.execute("DROP FUNCTION events_refuse_update()")
    else:
        schema_editor.execute("DROP TRIGGER events_append_only")


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
