"""Disabling a person ends their sessions for good, also when it is done by `update()` or by hand in SQL.

Without this, enabling them again would revive every token that was not presented in the meantime.
A later migration that makes SQLite rebuild accounts_user drops the trigger there, and has to add it again:
tests/accounts/test_disabling.py would say so.
"""

from django.db import migrations

POSTGRESQL = [
    """
    CREATE FUNCTION accounts_end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM sessions_api_session WHERE user_id = NEW.id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER accounts_user_disabled AFTER UPDATE OF is_active ON accounts_user
    FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION accounts_end_sessions()
    """,
]
SQLITE = [
    """
    CREATE TRIGGER accounts_user_disabled AFTER UPDATE OF is_active ON accounts_user
    FOR EACH ROW WHEN OLD.is_active AND NOT NEW.is_active
    BEGIN
        DELETE FROM sessions_api_session WHERE user_id = NEW.id;
    END
    """
]


def create(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER accounts_user_disabled ON accounts_user")
        schema_editor.execute("DROP FUNCTION accounts_end_sessions()")
    else:
        schema_editor.execute("DROP TRIGGER accounts_user_disabled")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("sessions_api", "0001_initial")]
    operations = [migrations.RunPython(create, drop)]
