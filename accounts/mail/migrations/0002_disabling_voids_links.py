"""Disabling a person makes the links void that were mailed to them, whoever does it: as with their sessions.

Not those of warnings, by which an address is reserved: the owner of the mailbox may need them after the person is
enabled again, and until then they open nothing.
"""

from django.db import migrations

POSTGRESQL = [
    """
    CREATE FUNCTION accounts_void_links() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM accounts_mail_link WHERE user_id = NEW.id AND purpose <> 'secure';
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER accounts_user_disabled_links AFTER UPDATE OF is_active ON accounts_user
    FOR EACH ROW WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION accounts_void_links()
    """,
]
SQLITE = [
    """
    CREATE TRIGGER accounts_user_disabled_links AFTER UPDATE OF is_active ON accounts_user
    FOR EACH ROW WHEN OLD.is_active AND NOT NEW.is_active
    BEGIN
        DELETE FROM accounts_mail_link WHERE user_id = NEW.id AND purpose <> 'secure';
    END
    """
]


def create(apps, schema_editor):
    for statement in POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER accounts_user_disabled_links ON accounts_user")
        schema_editor.execute("DROP FUNCTION accounts_void_links()")
    else:
        schema_editor.execute("DROP TRIGGER accounts_user_disabled_links")


class Migration(migrations.Migration):
    dependencies = [("accounts_mail", "0001_initial"), ("accounts", "0002_disabling_ends_sessions")]
    operations = [migrations.RunPython(create, drop)]
