"""The admin's login stands behind the same limits, failures and events as the API's."""

import pytest

from accounts.lockout import PAUSES_FROM

from ..people import problem

PASSWORD = "the password of root"


def log_in(client, password=PASSWORD, username="root@example.org", **headers):
    return client.post("/admin/login/", {"username": username, "password": password}, headers=headers)


@pytest.mark.asvs("6.3.4")
def test_a_login_is_noted_like_any_other(client, root):
    assert log_in(client, User_Agent="curl/8").status_code == 302
    log_in(client, "a wrong password")
    told = root.events.order_by("-pk").values_list("tag", "ip_address", "device")
    assert list(told) == [
        ("account:login:failure", "127.0.0.1", ""),
        ("admin:login:success", "127.0.0.1", "curl"),
    ]


def test_any_spelling_of_the_address_will_do_and_what_is_none_is_refused(client, root):
    assert "errornote" in log_in(client, username="not an address").content.decode()
    assert log_in(client, username=" Root@EXAMPLE.org").status_code == 302


@pytest.mark.asvs("6.3.1", "6.3.4")
def test_failures_of_the_admin_and_of_the_api_are_one_row(api, client, clock, root, settings):
    settings.RATE_LIMITS = 0
    for _ in range(PAUSES_FROM // 2):
        assert log_in(client, "a wrong password").status_code == 200
        assert problem(api.login(root.email, "a wrong password")) == (401, "authentication_failed")
    answer = log_in(client)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")
    assert "Wait" in answer.content.decode()
    clock.shift(30)
    assert log_in(client).status_code == 302


def test_so_are_attempts_in_a_minute(api, client, root):
    for _ in range(5):
        log_in(client, "a wrong password")
    assert log_in(client).status_code == 429
    assert problem(api.login(root.email, PASSWORD)) == (429, "rate_limited")


def test_one_hash_for_a_login_and_for_a_refusal(client, root, hashes):
    hashes.clear()
    log_in(client, "a wrong password")
    log_in(client)
    log_in(client, username="nobody@example.org")
    assert len(hashes) == 3
