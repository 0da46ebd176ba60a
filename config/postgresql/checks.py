"""Checks of the database itself, of what no connection can ask for."""

from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning
from django.core.management.color import no_style
from django.db.backends.base.validation import BaseDatabaseValidation
from django.db.models import AutoField, Model

# `reset_val` is the default of the database or the role; a connection through PgBouncer may keep it.
SERVER = """
SELECT current_setting('server_encoding'), current_setting('session_replication_role'), reset_val
FROM pg_settings WHERE name = 'default_transaction_isolation'
"""
# A row that is inserted meanwhile is not ahead: the statement does not see it, and sees the sequence as it is now.
# A sequence that the role may not read says nothing: the role inserts without this right.
SEQUENCES = """
WITH sequences AS MATERIALIZED (
    SELECT format('%I.%I', schemaname, sequencename) AS name, last_value FROM pg_sequences
    WHERE has_sequence_privilege(format('%I.%I', schemaname, sequencename), 'USAGE, SELECT')
)
"""
AHEAD = """SELECT '{table}' FROM sequences WHERE name = pg_get_serial_sequence('"{table}"', '{column}')
    AND (SELECT max({column}) FROM "{table}") > coalesce(last_value, 0)"""


class Validation(BaseDatabaseValidation):
    """For `check --database default`, `migrate` and `/readyz`."""

    def check(self, **options: Any) -> list[CheckMessage]:
        """Raises django.db.Error."""
        found: list[CheckMessage] = super().check(**options)
        with self.connection.cursor() as cursor:
            cursor.execute(SERVER)
            encoding, role, isolation = cursor.fetchone()
        if encoding != "UTF8":
            hint = "Create the database with ENCODING 'UTF8' TEMPLATE template0."
            found.append(Error("The database does not store all characters.", hint=hint, id="postgresql.E001"))
        if role != "origin":  # only a superuser may ask for another
            hint = "ALTER DATABASE … RESET session_replication_role."
            found.append(Error("No trigger of the database fires.", hint=hint, id="postgresql.E003"))
        if isolation != "read committed":
            hint = "Behind PgBouncer, ALTER DATABASE … SET default_transaction_isolation TO 'read committed'."
            found.append(Warning("Transactions are not read committed by default.", hint=hint, id="postgresql.W001"))
        for model in self.models_that_lag():
            repair = self.connection.ops.sequence_reset_sql(no_style(), [model])
            problem = f"The sequence of {model._meta.db_table} is behind its rows, as after a restore."
            found.append(Error(problem, hint=f"Run this SQL: {' '.join(repair)}", id="postgresql.E002"))
        return found

    def models_that_lag(self) -> list[type[Model]]:
        """The models whose next row would get an id that exists. One look into each index of keys."""
        with self.connection.cursor() as cursor:
            existing = self.connection.introspection.table_names(cursor)
            counted = {
                model._meta.db_table: model
                for model in apps.get_models(include_auto_created=True)
                if isinstance(model._meta.pk, AutoField) and model._meta.db_table in existing
            }
            if not counted:
                return []
            statement = all_ahead(counted)
            cursor.execute(statement)
            return [counted[table] for (table,) in cursor.fetchall()]


def all_ahead(counted: dict[str, type[Model]]) -> str:
    """The statement that finds those of these tables, by name, whose rows are ahead of their sequence."""
    each = (AHEAD.format(table=table, column=model._meta.pk.column) for table, model in counted.items())
    return SEQUENCES + " UNION ALL ".join(each)
