"""Transactions that the database undoes in favour of others. A trigger does it here as often as a test says."""

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from sessions_api.models import Session

from ..users import problem

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

TRIGGER = """
CREATE SEQUENCE conflicts;
CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('conflicts') <= {times} THEN RAISE EXCEPTION 'canary' USING ERRCODE = '{code}'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER conflict BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION conflict();
"""


@pytest.fixture
def conflicts():
    """Let the next inserts into this table fail, `times` of them, with this SQLSTATE."""

    def fail(table, *, times, code="40001"):
        with connection.cursor() as cursor:
            cursor.execute(TRIGGER.format(table=table, times=times, code=code))

    yield fail
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION IF EXISTS conflict CASCADE; DROP SEQUENCE IF EXISTS conflicts")


@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
def test_conflict_in_the_database_is_tried_again(api, alice, user, conflicts, code):
    conflicts("sessions_api_session", times=1, code=code)
    assert api.login(alice.email, alice.password).status_code == 200
    assert user.events.filter(tag="account:login:success").count() == 2
    assert Session.objects.count() == 2


def test_conflict_that_repeats_itself_is_server_busy_and_changes_nothing(api, alice, conflicts, caplog):
    conflicts("accounts_user", times=2)
    answer = api.register("bob@example.org")
    assert problem(answer) == (503, "server_busy")
    assert int(answer.headers["Retry-After"]) > 0
    assert not User.objects.filter(email="bob@example.org").exists()
    assert "cannot be used" not in caplog.text
    assert api.register("bob@example.org").status_code == 201


def test_conflict_in_the_admin_is_told_on_a_page(root, conflicts, caplog):
    browser = Client()
    conflicts("admin_sessions_adminsession", times=1)
    form = {"username": root.email, "password": "the password of root"}
    assert browser.post("/admin/login/", form).status_code == 503
    assert "cannot be used" not in caplog.text
    assert browser.post("/admin/login/", form).status_code == 302
