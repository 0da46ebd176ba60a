"""The conftest.py of a mutation run: each mutant gets a copy of one migrated SQLite in memory, which takes no time."""

import json
from pathlib import Path

import pytest
from django.db import connection

from tests.accounts.social import conftest as social
from tests.mutation import warm

STATS = Path(__file__).with_name("mutmut-stats.json")

social.start_provider = warm.Provider


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker):
    with django_db_blocker.unblock():
        migrated = warm.migrated()
        connection.settings_dict["NAME"] = "file:mutants?mode=memory&cache=shared"
        connection.ensure_connection()
        migrated.backup(connection.connection)


def pytest_collection_modifyitems(items):
    """The fastest first, since the first that fails ends the run of a mutant."""
    if STATS.exists():
        seconds = json.loads(STATS.read_text())["duration_by_test"]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0))
