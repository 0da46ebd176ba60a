"""Checks of the database itself, of what no connection can ask for."""

from typing import Any

from django.core.checks import CheckMessage, Error, Warning
from django.db.backends.base.validation import BaseDatabaseValidation

# `reset_val` is the default of the database or the role; a connection through PgBouncer may keep it.
SERVER = """
SELECT current_setting('server_encoding'), reset_val FROM pg_settings WHERE name = 'default_transaction_isolation'
"""


class Validation(BaseDatabaseValidation):
    """For `check --database default`, `migrate` and `/readyz`."""

    def check(self, **options: Any) -> list[CheckMessage]:
        """Raises django.db.Error."""
        found: list[CheckMessage] = super().check(**options)
        with self.connection.cursor() as cursor:
            cursor.execute(SERVER)
            encoding, isolation = cursor.fetchone()
        if encoding != "UTF8":
            hint = "Create the database with ENCODING 'UTF8' TEMPLATE template0."
            found.append(Error("The database does not store all characters.", hint=hint, id="postgresql.E001"))
        if isolation != "read committed":
            hint = "Behind PgBouncer, ALTER DATABASE … SET default_transaction_isolation TO 'read committed'."
            found.append(Warning("Transactions are not read committed by default.", hint=hint, id="postgresql.W001"))
        return found
