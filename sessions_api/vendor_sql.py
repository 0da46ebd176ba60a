"""SQL for migrations that each database spells differently."""

from typing import Any

from django.db.migrations import RunPython

Statements = dict[str, list[str]]  # by the vendor of the connection: `postgresql`, `sqlite`


def vendor_sql(*, forwards: Statements, backwards: Statements) -> RunPython:
    """A migration operation that runs the statements of the connected database.

    The migration raises KeyError for a database without statements. A function of a trigger keeps the `search_path` of
    the migration, or it would look for its tables in the schemas of the caller that caused the change.
    """

    def run(statements: Statements) -> Any:
        def execute(apps: Any, schema_editor: Any) -> None:
            for statement in statements[schema_editor.connection.vendor]:
                schema_editor.execute(statement)

        return execute

    return RunPython(run(forwards), run(backwards))
