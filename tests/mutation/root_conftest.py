"""The conftest.py of a mutation run: each mutant gets a copy of one migrated SQLite in memory, which takes no time."""

import sqlite3

import pytest
from django.db import connection

migrated = sqlite3.connect(":memory:", check_same_thread=False)  # a mutant's process is a fork, and inherits it


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker, request):
    with django_db_blocker.unblock():
        connection.settings_dict["NAME"] = "file:mutants?mode=memory&cache=shared"
        connection.close()
        connection.ensure_connection()
        if migrated.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            connection.creation.create_test_db(verbosity=0, serialize=False)
            connection.connection.backup(migrated)
        else:
            migrated.backup(connection.connection)
