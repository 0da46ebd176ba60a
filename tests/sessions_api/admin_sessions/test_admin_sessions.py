"""A browser at the admin is a session of its user: listed, revoked and purged like the others."""

from threading import Thread

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.backends.base import UpdateError
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from sessions_api.admin_sessions.engine import SessionStore
from sessions_api.admin_sessions.models import AdminSession, digest
from sessions_api.events.models import Event

from ...users import problem

PASSWORD = "the password of root"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def browser(root):
    """A browser in which an administrator has logged in to the admin by the form."""
    client = Client(headers={"User-Agent": FIREFOX})
    answer = client.post("/admin/login/", {"username": root.email, "password": PASSWORD})
    assert answer.status_code == 302
    assert is_in(client)
    return client


@pytest.fixture
def token(api, root):
    return api.login(root.email, PASSWORD).json()["token"]


def is_in(client):
    return client.get("/admin/").status_code == 200


def listed(api, token):
    return api.call("GET", "/api/auth/sessions", token=token).json()


@pytest.mark.asvs("7.5.2")
def test_session_list_contains_the_admin_sessions(api, browser, token):
    newest, at_admin = listed(api, token)
    assert (newest["method"], newest["current"]) == ("password", True)
    assert (at_admin["method"], at_admin["current"], at_admin["device"]) == ("admin", False, "Firefox on Linux")
    assert at_admin["ip_address"] == "127.0.0.1"
    assert at_admin["handle"] == str(AdminSession.objects.get().pk)
    assert 0 < at_admin["expires_in"] <= settings.SESSION_COOKIE_AGE


@pytest.mark.asvs("14.2.6")
def test_admin_session_is_stored_without_the_secret_of_its_cookie(api, browser, token):
    secret = browser.cookies[settings.SESSION_COOKIE_NAME].value
    stored = AdminSession.objects.get()
    assert stored.session_key == digest(secret)
    assert secret not in str(AdminSession.objects.values().get())
    assert not {secret, stored.session_key} & set(str(listed(api, token)).split("'"))
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = stored.session_key
    assert not is_in(thief)


def by_disabling(api, token, root):
    User.objects.filter(pk=root.pk).update(is_active=False)
    User.objects.filter(pk=root.pk).update(is_active=True)


def by_password(api, token, root):
    body = {"current_password": PASSWORD, "new_password": "another password of root"}
    assert api.call("POST", "/api/auth/password", body, token=token).status_code == 200


def by_admin_action(api, token, root):
    other = User.objects.create_superuser("other@example.org")
    client = Client()
    client.force_login(other)
    client.post("/admin/accounts/user/", {"action": "revoke_sessions", "_selected_action": [root.pk]})
    assert is_in(client)


def by_user_page(api, token, root):
    other = User.objects.create_superuser("other@example.org")
    client = Client()
    client.force_login(other)
    form = {"action": "delete_selected", "_selected_action": root.pk, "user": root.pk, "select_across": "1"}
    client.post(f"/admin/sessions_api/session/?q={root.pk}", form)


def by_session_page(api, token, root):
    other = User.objects.create_superuser("other@example.org")
    client = Client()
    client.force_login(other)
    pk = root.admin_sessions.get().pk
    assert client.post(f"/admin/admin_sessions/adminsession/{pk}/delete/", {"post": "yes"}).status_code == 302
    assert LogEntry.objects.get().change_message == "Revoked admin sessions."
    assert root.events.filter(tag="session:end", data__number=1).exists()


ENDS = {
    "revocation of that session": lambda api, token, root: api.call(
        "DELETE", f"/api/auth/sessions/{root.admin_sessions.get().pk}", token=token
    ),
    "revocation of the others": lambda api, token, root: api.call("DELETE", "/api/auth/sessions", token=token),
    "logout everywhere": lambda api, token, root: api.call(
        "DELETE", "/api/auth/sessions?include_current=true", token=token
    ),
    "a new password": by_password,
    "reset credentials": lambda api, token, root: root.reset_credentials(),
    "a new hash by update": lambda api, token, root: User.objects.filter(pk=root.pk).update(password=root.password),
    "disabling, and enabling again": by_disabling,
    "deletion": lambda api, token, root: User.objects.get(pk=root.pk).delete(),
    "revoke_sessions --all": lambda api, token, root: call_command("revoke_sessions", "--all"),
    "revoke_sessions --before": lambda api, token, root: call_command("revoke_sessions", "--all", before="2100-01-01"),
    "revoke_sessions --user": lambda api, token, root: call_command("revoke_sessions", user=root.email),
    "an action on users": by_admin_action,
    "the button on the page of a user": by_user_page,
    "the page of the session": by_session_page,
}


@pytest.mark.asvs("7.4.1", "7.4.2", "7.4.3", "7.4.5", "7.5.2")
@pytest.mark.parametrize("end", ENDS)
def test_admin_session_is_dead_at_the_next_request_after(api, browser, token, root, end):
    ENDS[end](api, token, root)
    assert not AdminSession.objects.filter(user=root).exists()
    answer = browser.get("/admin/")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")


@pytest.mark.asvs("8.2.2")
def test_admin_session_of_another_user_is_not_found(api, browser, alice, root):
    answer = api.call("DELETE", f"/api/auth/sessions/{root.admin_sessions.get().pk}", token=alice.token)
    assert problem(answer) == (404, "not_found")
    assert api.call("DELETE", "/api/auth/sessions?include_current=true", token=alice.token).status_code == 204
    assert is_in(browser)


def test_admin_session_after_a_time_is_kept_by_revoke_sessions_before(browser):
    call_command("revoke_sessions", "--all", before="2020-01-01")
    assert is_in(browser)


def test_admin_session_revocation_is_counted_in_output_and_event(browser, token, root, capsys):
    call_command("revoke_sessions", user=root.email)
    assert capsys.readouterr().out == "2 sessions revoked.\n"
    assert Event.objects.get(tag="session:end").data == {"by": "operator", "number": 2}


def test_admin_sessions_do_not_count_for_the_maximum_of_sessions(api, browser, root, settings):
    settings.SESSION_MAX_PER_USER = 1
    token = api.login(root.email, PASSWORD).json()["token"]
    assert api.is_live(token)
    assert is_in(browser)


@pytest.mark.asvs("7.3.2")
def test_admin_session_ends_eight_hours_after_the_login_and_is_purged(api, browser, token, root, clock):
    clock.shift(settings.SESSION_COOKIE_AGE - 60)
    assert is_in(browser)
    clock.shift(61)
    assert not is_in(browser)
    assert [session["method"] for session in listed(api, token)] == ["password"]
    assert AdminSession.objects.exists()
    call_command("purge_sessions")
    assert not AdminSession.objects.exists()


def test_admin_session_records_when_it_was_last_seen_once_in_five_minutes(browser, clock):
    clock.shift(400)
    assert is_in(browser)
    seen = AdminSession.objects.get().last_seen_at
    assert seen == timezone.now()
    clock.shift(200)
    assert is_in(browser)
    assert AdminSession.objects.get().last_seen_at == seen


@pytest.mark.asvs("7.2.4", "7.4.1")
def test_admin_logout_and_login_end_the_former_session(browser, root):
    former = AdminSession.objects.get().pk
    browser.post("/admin/logout/")
    assert not AdminSession.objects.exists()
    browser.post("/admin/login/", {"username": root.email, "password": PASSWORD})
    assert AdminSession.objects.get().pk != former


def test_strangers_store_no_admin_session(db):
    client = Client()
    for path in ("/admin/", "/admin/login/", "/admin/password_change/"):
        client.get(path)
    client.post("/admin/login/", {"username": "stranger@example.org", "password": "x"})
    store = SessionStore()
    store["anything"] = "at all"
    store.save()
    assert not AdminSession.objects.exists()


@pytest.mark.asvs("7.4.1", "15.4.2")
def test_admin_session_that_was_revoked_during_a_request_is_not_stored_again(browser, root):
    """The action revokes the administrator's own sessions, then the page stores its message in the session."""
    answer = browser.post("/admin/accounts/user/", {"action": "revoke_sessions", "_selected_action": [root.pk]})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/login/")
    assert not AdminSession.objects.exists()
    assert not is_in(browser)


@pytest.mark.asvs("7.4.1", "15.4.2")
@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "!another"}])
def test_admin_login_of_a_user_who_was_disabled_or_rekeyed_meanwhile_stores_no_session(root, change):
    """The password was verified before; the session is stored at the end of the request."""
    store = SessionStore()
    store.create()
    client = Client()
    client.force_login(root)
    data = SessionStore(client.cookies[settings.SESSION_COOKIE_NAME].value).load()
    User.objects.filter(pk=root.pk).update(**change)
    store.update(data)
    with pytest.raises(UpdateError):
        store.save()
    assert not AdminSession.objects.exists()


@pytest.mark.asvs("7.4.1")
def test_admin_password_change_by_a_session_that_was_revoked_meanwhile_changes_nothing(browser, root, monkeypatch):
    """A revocation between the start of the request and its transaction wins."""
    form = {"old_password": PASSWORD, "new_password1": "a new password", "new_password2": "a new password"}
    monkeypatch.setattr(
        "accounts.passwords.change.make_password", lambda new: (AdminSession.objects.all().revoke() and "!") or "!"
    )
    assert browser.post("/admin/password_change/", form).status_code == 401
    assert User.objects.get(pk=root.pk).password == root.password
    assert not AdminSession.objects.exists()


@pytest.mark.postgres
@pytest.mark.asvs("15.4.2")
@pytest.mark.django_db(transaction=True)
def test_admin_session_save_waits_for_a_concurrent_revocation_and_does_not_undo_it(browser, root):
    """A request stores its session while another transaction has deleted the row and has not committed yet."""
    store = SessionStore(browser.cookies[settings.SESSION_COOKIE_NAME].value)
    store["message"] = "stored late"
    refused = []

    def save():
        try:
            store.save()
        except Exception as error:
            refused.append(type(error).__name__)
        connection.close()

    saving = Thread(target=save)
    with transaction.atomic(), connection.cursor() as cursor:
        AdminSession.objects.all().revoke()
        saving.start()
        waiting = False
        while saving.is_alive() and not waiting:
            cursor.execute("SELECT true FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid")
            waiting = cursor.fetchone()
        assert waiting
    saving.join()
    assert refused == ["UpdateError"]
    assert not AdminSession.objects.exists()
