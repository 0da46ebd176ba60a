"""The admin's login has the same limits, failures and events as the API's."""

import pytest

from accounts.login.lockout import COOL_OFF_FROM
from accounts.login.models import LoginFailures
from accounts.models import User

from ...users import problem
from .conftest import UNKNOWN

PASSWORD = "the password of root"


def log_in(client, password=PASSWORD, username="root@example.org", **headers):
    return client.post("/admin/login/", {"username": username, "password": password}, headers=headers)


@pytest.mark.asvs("16.3.1")
def test_admin_login_is_recorded_as_an_event(client, root):
    assert log_in(client, User_Agent="curl/8").status_code == 302
    log_in(client, "a wrong password")
    recorded = root.events.order_by("-pk").values_list("tag", "ip_address", "device")
    assert list(recorded) == [
        ("account:login:failure", "127.0.0.1", ""),
        ("admin:login:success", "127.0.0.1", "curl"),
    ]


def test_admin_login_accepts_each_spelling_of_an_address_and_refuses_other_texts(client, root):
    assert "errornote" in log_in(client, username="not an address").content.decode()
    assert log_in(client, username=" Root@EXAMPLE.org").status_code == 302


@pytest.mark.asvs("6.3.1", "6.3.4")
def test_admin_login_and_api_count_failures_together(api, client, clock, root, settings):
    settings.RATE_LIMIT_FACTOR = 0
    for _ in range(COOL_OFF_FROM // 2):
        assert log_in(client, "a wrong password").status_code == 200
        assert problem(api.login(root.email, "a wrong password")) == (401, "authentication_failed")
    answer = log_in(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert "Wait" in answer.content.decode()
    clock.shift(30)
    assert log_in(client).status_code == 302


def test_admin_login_and_api_count_attempts_of_a_minute_together(api, client, root):
    for _ in range(5):
        log_in(client, "a wrong password")
    assert log_in(client).status_code == 429
    assert problem(api.login(root.email, PASSWORD)) == (429, "rate_limited")


def test_admin_login_costs_one_hash_whatever_its_outcome(client, root, hashes):
    hashes.clear()
    log_in(client, "a wrong password")
    log_in(client)
    log_in(client, username=UNKNOWN)
    assert len(hashes) == 3


@pytest.mark.asvs("6.3.1", "6.3.8")
def test_admin_login_does_not_tell_which_password_of_a_user_who_is_no_staff_is_right(api, alice, client, user, hashes):
    attempt = lambda password: log_in(client, password, alice.email)  # noqa: E731
    attempt("a wrong password")
    hashes.clear()
    assert "errornote" in attempt(alice.password).content.decode()
    assert len(hashes) == 1
    assert LoginFailures.objects.get().count == 2
    assert user.events.filter(tag="account:login:failure").count() == 2
    assert [attempt(alice.password).status_code for _ in range(4)] == [200] * 3 + [429]


@pytest.mark.asvs("15.2.2")
def test_admin_login_does_not_hash_a_password_that_is_too_long(client, root, hashes):
    hashes.clear()
    assert "errornote" in log_in(client, "x" * 60_000).content.decode()
    assert hashes == []


@pytest.mark.asvs("6.3.5")
def test_admin_login_with_a_new_device_is_mailed(client, root, mailbox):
    log_in(client, User_Agent="curl/8")
    log_in(client, User_Agent="curl/8")
    assert mailbox.new() == []
    log_in(client, User_Agent="Wget/1.21")
    mailbox.the_one(root.email, "new device")


def change_own(client, old=PASSWORD, new="a new password of root"):
    return client.post("/admin/password_change/", {"old_password": old, "new_password1": new, "new_password2": new})


@pytest.mark.asvs("6.3.1", "6.3.4")
def test_admin_password_change_counts_and_records_wrong_passwords(admin, root, settings, hashes):
    assert [change_own(admin, "a wrong password").status_code for _ in range(6)] == [200] * 5 + [429]
    settings.RATE_LIMIT_FACTOR = 0
    for _ in range(COOL_OFF_FROM - 5):
        assert change_own(admin, "a wrong password").status_code == 200
    hashes.clear()
    assert change_own(admin).status_code == 429
    assert hashes == []
    assert LoginFailures.objects.get().count == COOL_OFF_FROM
    assert root.events.filter(tag="account:reauthenticate:failure").count() == COOL_OFF_FROM
    assert User.objects.get(pk=root.pk).password == root.password


@pytest.mark.asvs("7.4.3", "6.2.2", "6.3.7")
def test_admin_password_change_is_recorded_and_mailed_and_revokes_all_other_sessions(api, admin, root, mailbox):
    token = api.login(root.email, PASSWORD).json()["token"]
    answer = api.call("POST", "/api/auth/password/reset", {"email": root.email})
    assert answer.status_code == 202
    old = mailbox.token(root.email, "new password")
    assert change_own(admin, "x" * 1000).status_code == 200
    assert change_own(admin).status_code == 302
    assert admin.get("/admin/").status_code == 200
    assert not api.is_live(token)
    assert root.events.filter(tag="account:password:change").count() == 1
    mailbox.the_one(root.email, "password")
    body = {"token": old, "new_password": "another password"}
    assert problem(api.call("POST", "/api/auth/password/reset/confirm", body)) == (400, "invalid_link")
    assert api.login(root.email, "a new password of root").status_code == 200
