"""The limits, through the API. test_stores.py is about the stores that count."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from ninja import Router

from accounts.login import lockout
from accounts.mail.models import QueuedMail
from accounts.models import User
from config.api import api as described
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import NotFound, RateLimited
from sessions_api.http.openapi import DescribedAPI, raises
from sessions_api.ratelimit.limits import RESET, counted_as, limited, store

from ...accounts.conftest import ask_to_reset
from ...users import comparable, problem

pytestmark = pytest.mark.once

WRONG = "not the password"
LIMITED = (429, "rate_limited")
REFUSED = (401, "authentication_failed")


@pytest.fixture(autouse=True)
def _stand_still(clock):
    """Freeze the time, so that no window passes during a slow test."""


@pytest.fixture
def anywhere(settings):
    """Returns the headers of a request from a new network at each call."""
    settings.TRUSTED_PROXY_COUNT = 1
    numbers = iter(range(1, 10_000))
    return lambda: {"X_Forwarded_For": "10.{}.{}.1".format(*divmod(next(numbers), 250))}


def guess(api, email, times=1, **headers):
    """The outcome of the last of so many wrong guesses."""
    for _ in range(times):
        answer = api.login(email, WRONG, **headers)
    return problem(answer)


def policy(answer):
    """The name of the limit that refused this, which both headers must contain."""
    assert problem(answer) == LIMITED
    name, quota, seconds = answer.headers["RateLimit-Policy"].split(";")
    assert quota.startswith("q=")
    assert answer.headers["RateLimit"] == f"{name};r=0;t={answer.headers['Retry-After']}"
    assert 0 < int(answer.headers["Retry-After"]) <= int(seconds.removeprefix("w="))
    return name.strip('"')


# Guesses at a login


@pytest.mark.asvs("6.3.1", "15.2.2", "2.4.1", "2.3.2")
def test_login_limit_refuses_after_five_guesses_in_a_minute_without_a_hash(api, alice, hashes, clock):
    hashes.clear()
    assert guess(api, alice.email, 5) == REFUSED
    answer = api.login(alice.email, alice.password)
    assert problem(answer) == LIMITED
    assert len(hashes) == 5
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["RateLimit-Policy"] == '"password-by-account-and-address";q=5;w=60'
    assert answer.headers["RateLimit"] == '"password-by-account-and-address";r=0;t=60'
    clock.shift(60)
    assert api.is_live(alice.logs_in(api))


def test_login_limit_asks_to_wait_a_second_where_less_is_left(api, alice, clock):
    guess(api, alice.email, 5)
    clock.shift(59.5)
    assert api.login(alice.email, WRONG).headers["Retry-After"] == "1"


def test_login_limit_is_counted_under_digests_of_sha_256(api, alice):
    guess(api, alice.email)
    assert {len(key.split("/")[1]) for key in store.hits} == {64}


def test_notices_to_an_unverified_mailbox_are_five_an_hour_and_leave_other_mailboxes_theirs(api, alice, bob):
    QueuedMail.objects.all().delete()

    def notices(user, times):
        for number in range(times):
            body = {"current_password": user.password, "new_password": f"new password {number}"}
            user.token = api.call("POST", "/api/auth/password", body, token=user.token).json()["token"]
            user.password = body["new_password"]
        return QueuedMail.objects.filter(email=user.email).count()

    assert (notices(alice, 6), notices(bob, 1)) == (5, 1)


def test_login_limit_forgets_each_attempt_after_a_minute(api, alice, clock):
    for _ in range(5):
        assert guess(api, alice.email) == REFUSED
        clock.shift(10)
    answer = api.login(alice.email, WRONG)
    assert (problem(answer), answer.headers["Retry-After"]) == (LIMITED, "10")
    clock.shift(10)
    assert guess(api, alice.email) == REFUSED
    assert guess(api, alice.email) == LIMITED


def test_login_limit_ends_at_the_same_time_however_often_a_client_tries(api, alice, clock):
    guess(api, alice.email, 5)
    clock.shift(59)
    assert guess(api, alice.email, 20) == LIMITED
    clock.shift(1)
    assert guess(api, alice.email) == REFUSED


def test_attempt_that_a_later_limit_refuses_counts_for_the_limits_before_it(api, alice, anywhere):
    """The limit of the address counts all sixty; the limit of the account counts five and refuses the others."""
    here = anywhere()
    outcomes = [guess(api, alice.email, **here) for _ in range(60)]
    assert outcomes == [REFUSED] * 5 + [LIMITED] * 55
    assert policy(api.login("unknown@example.org", WRONG, **here)) == "login-by-address"


@pytest.mark.asvs("6.3.1")
def test_login_limit_counts_all_spellings_of_an_address_together(api, alice):
    spellings = ["alice@example.org", "Alice@EXAMPLE.org", " alice@example.org", "ALICE@example.ORG\t"]
    assert [guess(api, email) for email in [*spellings, "ａｌｉｃｅ@example.org"]] == [REFUSED] * 5
    assert [guess(api, email) for email in spellings] == [LIMITED] * 4


@pytest.mark.asvs("6.3.8")
def test_login_limit_answers_alike_with_and_without_an_account(api, alice, anywhere):
    def attempts(email, headers):
        return [comparable(api.login(email, WRONG, **headers)) for _ in range(7)]

    assert attempts(alice.email, anywhere()) == attempts("unknown@example.org", anywhere())


@pytest.mark.asvs("6.3.1")
def test_login_limit_is_not_reset_by_a_login_to_another_account(api, alice, bob, anywhere):
    here = anywhere()
    outcomes = []
    for _ in range(6):
        bob.logs_in(api, **here)
        outcomes.append(guess(api, alice.email, **here))
    assert outcomes == [REFUSED] * 5 + [LIMITED]


@pytest.mark.asvs("6.3.1")
def test_login_limit_of_an_address_counts_successful_logins_too(api, bob, anywhere):
    here = anywhere()
    for number in range(30):
        bob.logs_in(api, **here)
        assert guess(api, f"victim{number}@example.org", **here) == REFUSED
    assert policy(api.login(bob.email, bob.password, **here)) == "login-by-address"
    bob.logs_in(api, **anywhere())


def test_login_resets_the_limit_of_its_own_account(api, alice, anywhere):
    here = anywhere()
    for _ in range(6):
        assert guess(api, alice.email, 4, **here) == REFUSED
        alice.logs_in(api, **here)


@pytest.mark.asvs("6.3.1")
def test_login_limit_counts_guesses_from_many_networks_together(api, alice, anywhere, hashes, monkeypatch):
    """The limit is exact. The lockout is not: of many attempts at once, some begin before others have failed."""
    monkeypatch.setattr(lockout, "COOL_OFF_FROM", 1000)
    hashes.clear()
    assert [guess(api, alice.email, **anywhere()) for _ in range(20)] == [REFUSED] * 20
    assert policy(api.login(alice.email, alice.password, **anywhere())) == "password-by-account"
    assert len(hashes) == 20


@pytest.mark.asvs("6.3.1")
def test_locked_account_keeps_its_sessions_and_is_unlocked_by_a_password_reset(api, alice, anywhere, mailbox):
    mailbox.new()
    known_network, body = anywhere(), {"password": alice.password}
    token = alice.logs_in(api, **known_network)
    for _ in range(100):
        guess(api, alice.email, **anywhere())
    assert problem(api.login(alice.email, alice.password, **anywhere())) == LIMITED
    assert api.is_live(token)
    assert api.call("POST", "/api/auth/reauthenticate", body, token=token, **known_network).status_code == 200
    mailbox.new()
    assert api.call("POST", "/api/auth/password/reset", {"email": alice.email}).status_code == 202
    body = {"token": mailbox.token(alice.email), "new_password": "a new password"}
    assert api.call("POST", "/api/auth/password/reset/confirm", body, **anywhere()).status_code == 204
    assert api.login(alice.email, "a new password", **anywhere()).status_code == 200


def test_password_reset_resets_the_limit_of_a_known_network_too(api, alice, anywhere, mailbox):
    known_network = anywhere()
    alice.logs_in(api, **known_network)
    assert guess(api, alice.email, times=6, **known_network) == LIMITED
    mailbox.new()
    ask_to_reset(api, alice.email)
    body = {"token": mailbox.token(alice.email), "new_password": "a new password"}
    assert api.call("POST", "/api/auth/password/reset/confirm", body, **known_network).status_code == 204
    assert api.login(alice.email, "a new password", **known_network).status_code == 200


# The address that counts


@pytest.mark.asvs("4.1.3", "6.3.1")
@pytest.mark.parametrize("name", ["X_Forwarded_For", "X_Real_IP", "Forwarded", "True_Client_IP", "CF_Connecting_IP"])
def test_limits_ignore_address_headers_without_a_trusted_proxy(api, alice, name):
    for number in range(5):
        assert guess(api, alice.email, **{name: f"for=10.0.0.{number}"}) == REFUSED
    assert guess(api, alice.email, **{name: "10.0.0.9"}) == LIMITED


@pytest.mark.asvs("4.1.3", "6.3.1", "15.3.4")
def test_limits_count_by_the_address_that_the_outermost_trusted_proxy_saw(api, alice, settings):
    settings.TRUSTED_PROXY_COUNT = 2
    for number in range(5):
        assert guess(api, alice.email, X_Forwarded_For=f"1.2.3.{number}, 10.0.0.1, 192.168.0.1") == REFUSED
    assert guess(api, alice.email, X_Forwarded_For="1.2.3.9, 10.0.0.1, 192.168.0.1") == LIMITED
    assert guess(api, alice.email, X_Forwarded_For="1.2.3.9, 10.0.0.2, 192.168.0.1") == REFUSED


SAME = {
    "the same /64": [
        "2001:db8:1:2::1",
        "2001:db8:1:2:ffff:ffff:ffff:ffff",
        "2001:0DB8:1:2:0::7",
        "2001:db8:1:2::%eth0",
    ],
    "IPv4 in IPv6": ["203.0.113.7", "::ffff:203.0.113.7", "::ffff:cb00:7107", "0:0:0:0:0:ffff:203.0.113.7"],
    "with a port": ["203.0.113.7", "203.0.113.7:49152", " 203.0.113.7:1 ", '"203.0.113.7:4711"'],
    "in brackets": ["[2001:db8::7]:49152", "[2001:db8::7]", "2001:db8::7", " [2001:DB8::8%eth0]:1"],
}


@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize("spellings", SAME.values(), ids=SAME)
def test_limits_count_these_addresses_as_one(api, alice, settings, spellings):
    settings.TRUSTED_PROXY_COUNT = 1
    for address in [*spellings, spellings[0]]:
        assert guess(api, alice.email, X_Forwarded_For=address) == REFUSED
    assert {guess(api, alice.email, X_Forwarded_For=address) for address in spellings} == {LIMITED}
    assert guess(api, alice.email, X_Forwarded_For="2001:db8:1:3::1") == REFUSED


@pytest.mark.once
@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize(
    ("sent", "address", "network"),
    [
        ("203.0.113.255", "203.0.113.255/32", "203.0.113.0/24"),
        ("2001:db8:1:ffff:ffff::1", "2001:db8:1:ffff::/64", "2001:db8:1::/48"),
    ],
)
def test_attempts_count_for_an_address_and_for_its_network(sent, address, network):
    """RFC 4291, 2.5.4, and RFC 6177, 2: one client has a /64 of IPv6, and one site a /48."""
    assert counted_as(ClientInfo(address=sent)) == {"address": address, "network": network}


@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize("hidden", ["unknown", "_hidden", "", "203.0.113.7:port", "[2001:db8::7", "[]:1"])
def test_client_without_a_readable_address_counts_apart_from_all_others(api, alice, settings, hidden):
    settings.TRUSTED_PROXY_COUNT = 1
    assert guess(api, alice.email, 5, X_Forwarded_For=hidden) == REFUSED
    assert guess(api, alice.email, X_Forwarded_For=hidden) == LIMITED
    for other in ("_other", "203.0.113.8"):
        assert guess(api, alice.email, X_Forwarded_For=other) == REFUSED


def test_clients_without_a_readable_address_count_apart_behind_each_proxy():
    proxies = ("198.51.100.1", "198.51.100.2")
    one, another = (ClientInfo.named("_hidden", "", seen_by={"REMOTE_ADDR": proxy}) for proxy in proxies)
    assert counted_as(one) != counted_as(another)


def test_limits_count_clients_without_an_address_together(api, alice):
    attempts = [
        api.generic("POST", "/api/auth/login", _json(alice.email), "application/json", REMOTE_ADDR="") for _ in "123456"
    ]
    assert [problem(answer) for answer in attempts] == [REFUSED] * 5 + [LIMITED]


def _json(email):
    return json.dumps({"email": email, "password": WRONG})


# Guesses with a valid token


@pytest.mark.asvs("6.3.1")
def test_stolen_token_allows_five_password_guesses_in_a_minute(api, alice, bob, hashes):
    def guesses(token):
        yield api.call("POST", "/api/auth/reauthenticate", {"password": WRONG}, token=token)
        body = {"current_password": WRONG, "new_password": "a new password"}
        yield api.call("POST", "/api/auth/password", body, token=token)

    other = alice.logs_in(api)
    hashes.clear()
    outcomes = [problem(answer) for turn in range(4) for answer in guesses(alice.token)]
    assert outcomes == [(403, "invalid_password")] * 5 + [LIMITED] * 3
    assert len(hashes) == 5
    for token in (other, bob.token):
        assert problem(next(guesses(token))) == (403, "invalid_password")


def test_stolen_token_allows_twenty_new_passwords_in_an_hour(api, alice, anywhere):
    """Each attempt may be a request to the breach service."""
    for _ in range(20):
        body = {"current_password": WRONG, "new_password": "password1"}
        assert api.call("POST", "/api/auth/password", body, token=alice.token, **anywhere()).status_code == 422
    refused = api.call("POST", "/api/auth/password", body, token=alice.token, **anywhere())
    assert policy(refused) == "new-password-by-session"


def test_stolen_token_leaves_the_owner_new_passwords_after_a_fresh_login(api, alice):
    body = {"current_password": alice.password, "new_password": "password1"}
    for _ in range(20):
        assert api.call("POST", "/api/auth/password", body, token=alice.token).status_code == 422
    assert problem(api.call("POST", "/api/auth/password", body, token=alice.token)) == LIMITED
    body["new_password"] = "the next password"
    assert api.call("POST", "/api/auth/password", body, token=alice.logs_in(api)).status_code == 200


def test_reauthentication_resets_the_limit_of_its_account(api, alice):
    token = alice.token
    for _ in range(3):
        for _ in range(4):
            answer = api.call("POST", "/api/auth/reauthenticate", {"password": WRONG}, token=token)
            assert problem(answer) == (403, "invalid_password")
        token = api.call("POST", "/api/auth/reauthenticate", {"password": alice.password}, token=token).json()["token"]


# Mails


def ask_for_reset(api, email, **headers):
    return api.call("POST", "/api/auth/password/reset", {"email": email}, **headers)


@pytest.mark.asvs("2.4.1", "6.3.8")
@pytest.mark.parametrize("name", ["alice", "unknown"])
def test_password_reset_is_mailed_five_times_an_hour_to_one_address(api, alice, bob, anywhere, mailbox, clock, name):
    mailbox.new()
    email = f"{name}@example.org"
    assert [ask_for_reset(api, email, **anywhere()).status_code for _ in range(5)] == [202] * 5
    refused = ask_for_reset(api, email.upper(), **anywhere())
    assert (policy(refused), refused.headers["Retry-After"]) == ("reset-by-recipient", "3600")
    assert ask_for_reset(api, bob.email, **anywhere()).status_code == 202
    assert len(mailbox.new()) <= 6
    clock.shift(3600)
    assert ask_for_reset(api, email, **anywhere()).status_code == 202


@pytest.mark.asvs("2.4.1")
def test_mail_limit_allows_one_network_a_hundred_mails_an_hour(api, settings):
    settings.REGISTRATION = "verified"
    for number in range(50):
        assert ask_for_reset(api, f"a{number}@example.org").status_code == 202
        body = {"email": f"b{number}@example.org"}
        assert api.call("POST", "/api/auth/register", body).status_code == 202
    assert policy(ask_for_reset(api, "c@example.org")) == "mails-asked-for-by-address"


@pytest.mark.asvs("2.4.1")
def test_email_verification_and_change_are_limited(api, alice, mailbox, anywhere):
    resend = lambda: api.call("POST", "/api/auth/email/verify/resend", token=alice.token)  # noqa: E731
    assert [resend().status_code for _ in range(5)] == [202] * 5
    assert policy(resend()) == "verify-by-recipient"

    def change(email):
        return api.call("POST", "/api/auth/email/change", {"email": email}, token=alice.token, **anywhere())

    assert [change("dora@example.org").status_code for _ in range(5)] == [202] * 5
    assert policy(change("DORA@example.org")) == "change-by-recipient"
    assert [change(f"dora{number}@example.org").status_code for number in range(4)] == [202] * 4
    assert policy(change("emil@example.org")) == "change-by-account"


@pytest.mark.asvs("2.4.1")
def test_one_network_cannot_use_up_the_mails_of_the_others(api, settings, mailbox):
    """An attacker asks from each address of a /24 and of a /48. Each gets its share, and others notice nothing."""
    settings.TRUSTED_PROXY_COUNT, settings.REGISTRATION = 1, "verified"

    def ask(number, address):
        body = {"email": f"victim{number}@example.org"}
        return api.call("POST", "/api/auth/register", body, X_Forwarded_For=address)

    for spray in ("203.0.113.{}", "2001:db8:7:{}::1"):
        answers = [ask(f"{len(spray)}-{number}", spray.format(number % 250)) for number in range(210)]
        assert [answer.status_code for answer in answers] == [202] * 200 + [429] * 10
        assert policy(answers[-1]) == "mails-asked-for-by-network"
    mailbox.new()
    assert ask("honest", "198.51.100.1").status_code == 202
    assert mailbox.the_one("victimhonest@example.org")


@pytest.mark.asvs("2.4.1")
def test_email_change_counts_as_a_mail_that_its_address_asked_for(api, alice, bob, anywhere, settings):
    """Otherwise a hundred accounts of one caller could each mail ten strangers."""
    settings.RATE_LIMIT_FACTOR = 0.01  # one mail
    here = anywhere()

    def change(user, email):
        return api.call("POST", "/api/auth/email/change", {"email": email}, token=user.token, **here)

    assert change(alice, "dora@example.org").status_code == 202
    assert policy(change(bob, "emil@example.org")) == "mails-asked-for-by-address"


@pytest.mark.asvs("2.4.1")
def test_mails_to_strangers_slow_down_and_no_registration_is_refused(api, alice, settings, anywhere, mailbox, clock):
    """With a hundredth of the limits, eight mails go at once and then one every 18 seconds. A reset never waits."""
    mailbox.new()
    settings.REGISTRATION, settings.RATE_LIMIT_FACTOR = "verified", 0.01
    store.reset()
    asked = [f"s{number}@example.org" for number in range(12)]
    for email in asked:
        assert api.call("POST", "/api/auth/register", {"email": email}, **anywhere()).status_code == 202
    assert ask_for_reset(api, alice.email, **anywhere()).status_code == 202
    arrived = [mail.to[0] for mail in mailbox.new()]
    assert arrived == [alice.email, *asked[:9]]
    clock.shift(17)
    assert mailbox.new() == []
    clock.shift(1)
    assert [mail.to[0] for mail in mailbox.new()] == asked[9:10]
    clock.shift(3600)
    assert [mail.to[0] for mail in mailbox.new()] == asked[10:]


@pytest.mark.asvs("15.4.4")
def test_mail_of_a_quiet_network_goes_before_the_many_of_a_busy_one(api, settings, anywhere, mailbox, clock):
    settings.REGISTRATION = "verified"
    here = anywhere()
    for number in range(60):
        api.call("POST", "/api/auth/register", {"email": f"b{number}@example.org"}, **here)
    clock.shift(1)
    api.call("POST", "/api/auth/register", {"email": "quiet@example.org"}, **anywhere())
    assert "quiet@example.org" in [mail.to[0] for mail in mailbox.new()][:2]


@pytest.mark.asvs("2.4.1")
@pytest.mark.parametrize(
    ("mode", "email", "password", "status"),
    [
        ("closed", "dora@example.org", "correct horse", 403),
        ("open", "dora@example.org", "short", 422),
        ("open", "alice@example.org", "correct horse", 409),
    ],
)
def test_refused_registration_uses_up_no_mail_to_strangers(
    api, alice, settings, anywhere, mailbox, mode, email, password, status
):
    mailbox.new()
    store.reset()
    settings.REGISTRATION = mode
    for _ in range(5):
        assert register(api, email, password, **anywhere()).status_code == status
    settings.REGISTRATION, settings.RATE_LIMIT_FACTOR = "open", 0.002  # the fast part is two mails, the slow part one
    for name in ("emil", "frida", "gustav"):
        assert register(api, f"{name}@example.org", **anywhere()).status_code == 201
    assert [mail.to[0] for mail in mailbox.new()] == [f"{name}@example.org" for name in ("emil", "frida", "gustav")]


@pytest.mark.asvs("2.4.1")
@pytest.mark.parametrize("path", ["password/reset", "email/change"])
def test_one_network_cannot_use_up_the_mails_to_a_recipient(api, alice, bob, anywhere, path):
    """So the owner of the mailbox can still ask, from another network."""
    here, body = anywhere(), {"email": "dora@example.org"}
    ask = lambda user, headers: api.call("POST", f"/api/auth/{path}", body, token=user.token, **headers)  # noqa: E731
    assert [ask(alice, here).status_code for _ in range(3)] == [202] * 3
    assert policy(ask(alice, here)).endswith("-by-recipient-and-network")
    assert ask(bob, anywhere()).status_code == 202


@pytest.mark.asvs("2.4.1", "6.3.1", "6.6.3")
@pytest.mark.parametrize("spray", ["2001:db8:7:{}::1", "203.0.113.{}"])
def test_spraying_from_one_network_counts_together(api, settings, spray):
    """A /48 of IPv6 has 65,536 addresses of the kind that counts."""
    settings.TRUSTED_PROXY_COUNT = 1
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "configured"
    calls = {
        "login-by-network": ("/api/auth/login", {"email": "victim{}@example.org", "password": WRONG}, 401),
        "consume-by-network": ("/api/auth/secure", {"token": "x" * 96}, 400),
        "sign-in-by-network": ("/api/auth/oauth/github/token", {"id_token": "x.y.z", "nonce": "n" * 32}, 400),
    }
    for name, (path, body, status) in calls.items():
        answers = [
            api.call(
                "POST",
                path,
                {key: value.format(number) for key, value in body.items()},
                X_Forwarded_For=spray.format(number),
            )
            for number in range(121)
        ]
        assert {answer.status_code for answer in answers[:120]} == {status}, name
        assert policy(answers[120]) == name


@pytest.mark.asvs("2.4.1")
def test_registration_limit_allows_one_network_a_hundred_users_an_hour(api, anywhere, hashes):
    here = anywhere()
    for number in range(100):
        answer = register(api, f"p{number}@example.org", **here)
        assert answer.status_code == 201
    hashes.clear()
    assert policy(register(api, "one.more@example.org", **here)) == "mails-asked-for-by-address"
    assert hashes == []
    assert not User.objects.filter(email="one.more@example.org").exists()
    assert register(api, "one.more@example.org", **anywhere()).status_code == 201


@pytest.mark.asvs("2.4.1")
def test_registration_limit_allows_one_address_ten_attempts_an_hour_and_five_from_one_network(api, alice, anywhere):
    here = anywhere()
    assert [register(api, alice.email, **here).status_code for _ in range(5)] == [409] * 5
    assert policy(register(api, alice.email, **here)) == "register-by-recipient-and-network"
    assert [register(api, alice.email, **anywhere()).status_code for _ in range(4)] == [409] * 4
    assert policy(register(api, " Alice@EXAMPLE.org", **anywhere())) == "register-by-recipient"


def register(api, email, password="correct horse", **headers):
    return api.call("POST", "/api/auth/register", {"email": email, "password": password}, **headers)


# Tokens of mails, codes and providers


@pytest.mark.asvs("2.4.1", "6.6.3")
def test_consume_limit_counts_tokens_of_mails_and_codes_together(api, alice, anywhere):
    here = anywhere()
    calls = [
        ("/api/auth/register/confirm", {"token": "x" * 96, "password": "correct horse"}, ""),
        ("/api/auth/password/reset/confirm", {"token": "x" * 96, "new_password": "correct horse"}, ""),
        ("/api/auth/secure", {"token": "x" * 96}, ""),
        ("/api/auth/exchange", {"code": "x" * 43, "code_verifier": "x" * 43}, ""),
        ("/api/auth/email/verify", {"token": "x" * 96}, alice.token),
        ("/api/auth/email/change/confirm", {"token": "x" * 96}, alice.token),
        ("/api/auth/connections", {"code": "x" * 43}, alice.token),
        ("/api/auth/reauthenticate", {"code": "x" * 43, "code_verifier": "x" * 43}, alice.token),
    ]
    for turn in range(60):
        path, body, token = calls[turn % len(calls)]
        assert api.call("POST", path, body, token=token, **here).status_code == 400
    for path, body, token in calls:
        assert policy(api.call("POST", path, body, token=token, **here)) == "consume-by-address"
        assert api.call("POST", path, body, token=token, **anywhere()).status_code == 400


@pytest.mark.asvs("2.4.1")
def test_sign_in_limit_sends_the_browser_to_the_error_page(api, settings):
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "configured"
    begin = lambda: api.get("/api/auth/oauth/github?state=mine")  # noqa: E731
    assert {urlsplit(begin()["Location"]).hostname for _ in range(60)} == {"github.com"}
    for path in ("/api/auth/oauth/github?state=mine", "/api/auth/oauth/github/callback"):
        landing = urlsplit(api.get(path)["Location"])
        assert landing.path == "/oauth/error"
    landing = urlsplit(begin()["Location"])
    assert parse_qs(landing.query) == {"error": ["rate_limited"], "state": ["mine"]}
    body = {"id_token": "x.y.z", "nonce": "n" * 32}
    assert policy(api.call("POST", "/api/auth/oauth/github/token", body)) == "sign-in-by-address"


# Without a limit


def test_session_check_is_never_limited(api, alice):
    assert all(api.is_live(alice.token) for _ in range(200))
    assert not any(api.is_live("s_" + "x" * 86) for _ in range(200))


# The operator


def test_rate_limit_factor_scales_all_limits_and_zero_turns_them_off(api, alice, settings, monkeypatch):
    monkeypatch.setattr(lockout, "COOL_OFF_FROM", 1000)
    settings.RATE_LIMIT_FACTOR = 2
    assert guess(api, alice.email, 10) == REFUSED
    assert guess(api, alice.email) == LIMITED
    settings.RATE_LIMIT_FACTOR = 0
    assert guess(api, alice.email, 30) == REFUSED


@pytest.mark.asvs("14.2.2")
def test_limit_store_contains_no_addresses(api, alice, anywhere):
    guess(api, alice.email, **anywhere())
    ask_for_reset(api, alice.email)
    kept = " ".join(store.hits)
    assert "password-by-account" in kept
    assert not any(part in kept for part in ("alice", "example", "10.0.1", "127.0"))


def test_login_limit_of_an_address_refuses_without_a_query(api, alice, django_assert_num_queries):
    for number in range(60):
        guess(api, f"victim{number}@example.org")
    with django_assert_num_queries(0):
        assert guess(api, alice.email) == LIMITED


def test_limit_headers_are_exposed_to_the_front_end(api, alice):
    guess(api, alice.email, 5)
    answer = api.login(alice.email, WRONG, Origin="http://localhost:3000")
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(exposed)


def test_openapi_lists_the_limited_routes():
    found = {
        f"{method.upper()} {path.removeprefix('/api/auth/')}"
        for path, methods in described.get_openapi_schema()["paths"].items()
        for method, operation in methods.items()
        if 429 in operation["responses"]
        and {"Retry-After", "RateLimit"} <= operation["responses"][429]["headers"].keys()
    }
    assert found == {
        "POST register",
        "POST register/confirm",
        "POST login",
        "POST reauthenticate",
        "POST password",
        "POST password/reset",
        "POST password/reset/confirm",
        "POST email/verify",
        "POST email/verify/resend",
        "POST email/change",
        "POST email/change/confirm",
        "POST secure",
        "GET /api/users/me/export",
        "POST exchange",
        "POST handover",
        "POST connections",
        "POST oauth/{provider}/token",
    }


def test_limited_route_lists_its_429_in_openapi_by_itself():
    router = Router()

    @router.post("/limited", auth=None, response={204: None})
    @raises(NotFound)
    @limited(RESET)
    def limited_route(request):
        """Only described here."""

    @router.post("/free", auth=None, response={204: None})
    def free_route(request):
        """Only described here."""

    own = DescribedAPI(urls_namespace="limited", docs_url=None)
    own.add_router("", router)
    paths = own.get_openapi_schema(path_prefix="")["paths"]
    answers = paths["/limited"]["post"]["responses"]
    assert answers[429]["description"] == f"`rate_limited`: {RateLimited.detail}"
    assert answers[404]["description"] == f"`not_found`: {NotFound.detail}"
    assert 429 not in paths["/free"]["post"]["responses"]
