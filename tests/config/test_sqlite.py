"""SQLite keeps new rows in a log beside the database's file, until a checkpoint moves them into the file."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from ..server import manage, serving

pytestmark = pytest.mark.once


@pytest.fixture
def file(tmp_path):
    return tmp_path / "db.sqlite3"


@pytest.fixture
def env(file):
    env = {"DATABASE_URL": f"sqlite:///{file}"}
    manage("migrate", "-v0", **env)
    return env


def users_in_copy(file):
    """The users in a copy of this file alone, without its log."""
    copy = shutil.copy(file, file.with_name("copy.sqlite3"))
    with closing(sqlite3.connect(copy)) as found:
        return [email for (email,) in found.execute("SELECT email FROM accounts_user")]


def test_stopped_server_leaves_all_data_in_the_file(file, env, tmp_path):
    # A killed process leaves its log. On a machine with much other work, a stop takes longer than elsewhere.
    patient = {"GRANIAN_WORKERS_KILL_TIMEOUT": "18"}
    with serving(log=tmp_path / "log", MAIL_IN_PROCESS="true", **patient, **env) as server:
        alice = {"email": "alice@example.org", "password": "correct horse battery"}
        assert server.call("POST", "/api/auth/register", alice).status_code == 201
        assert server.call("GET", "/readyz").status_code == 200
    assert users_in_copy(file) == ["alice@example.org"]


def test_management_command_leaves_all_data_in_the_file(file, env):
    manage("createsuperuser", "--noinput", "--email", "root@example.org", DJANGO_SUPERUSER_PASSWORD="x", **env)
    assert users_in_copy(file) == ["root@example.org"]
