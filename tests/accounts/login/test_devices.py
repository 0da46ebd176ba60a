"""Device tokens: attempts of a device that has logged in before have a scope of their own, and nothing else."""

import pytest
from django.db import connection

from accounts.login import devices
from accounts.login.lockout import COOL_OFF_FROM, LOCKED_FROM
from accounts.login.models import LoginFailures
from accounts.models import User

from ...users import comparable, problem
from ..conftest import ask_to_reset, reset, undo
from .conftest import ELSEWHERE, HOME, UNKNOWN, WORK, attempt, fail

REFUSED = (401, "authentication_failed")

pytestmark = pytest.mark.usefixtures("behind_proxy")


def log_in(api, user, device_token="", password=None, here=ELSEWHERE, **headers):
    email = user if isinstance(user, str) else user.email
    password = password or ("a password" if isinstance(user, str) else user.password)
    body = {"email": email, "password": password} | ({"device_token": device_token} if device_token else {})
    return api.call("POST", "/api/auth/login", body, X_Forwarded_For=here, **headers)


@pytest.fixture
def known(api, alice):
    """The device token of Alice's device, which has logged in from HOME."""
    return log_in(api, alice, here=HOME).json()["device_token"]


@pytest.mark.asvs("6.3.1")
@pytest.mark.parametrize("failures", [COOL_OFF_FROM, LOCKED_FROM])
def test_owner_with_a_known_device_logs_in_from_a_new_network_whatever_strangers_tried(
    api, alice, known, clock, failures
):
    attempt(api, alice)
    LoginFailures.objects.update(count=failures)
    assert problem(log_in(api, alice)) == (429, "rate_limited")
    assert log_in(api, alice, known).status_code == 200
    assert LoginFailures.objects.get().count == failures


@pytest.mark.asvs("6.3.1")
def test_known_device_gets_cool_offs_and_a_lock_of_its_own(api, alice, known, clock):
    for _ in range(COOL_OFF_FROM):
        assert problem(log_in(api, alice, known, "a wrong password")) == REFUSED
    assert problem(log_in(api, alice, known)) == (429, "rate_limited")
    assert log_in(api, alice).status_code == 200
    LoginFailures.objects.update(count=LOCKED_FROM)
    clock.shift(3600)
    assert problem(log_in(api, alice, known)) == REFUSED


@pytest.mark.asvs("6.3.1")
def test_known_device_keeps_its_scope_in_each_network_and_after_each_login(api, alice, known, clock):
    renewed = log_in(api, alice, known, here=WORK).json()["device_token"]
    for token, here in ((known, HOME), (renewed, WORK)) * (COOL_OFF_FROM // 2):
        assert problem(log_in(api, alice, token, "a wrong password", here=here)) == REFUSED
    assert problem(log_in(api, alice, renewed)) == (429, "rate_limited")


@pytest.mark.asvs("6.3.1")
def test_device_token_skips_neither_the_limits_nor_the_hash(api, alice, known, settings, hashes):
    settings.RATE_LIMIT_FACTOR = 1
    hashes.clear()
    assert [log_in(api, alice, known, "wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    assert len(hashes) == 5


def test_device_token_is_no_session_token(api, alice, known):
    assert problem(api.check_session(known)) == (401, "session_expired")


def tampered(token, at):
    return token[:at] + ("0" if token[at] != "0" else "1") + token[at + 1 :]


@pytest.fixture(params=["none", "foreign", "forged", "other mark", "later expiry", "malformed", "long", "expired"])
def invalid(request, api, alice, bob, known, clock):
    """A device token that is not valid for Alice."""
    if request.param == "expired":
        clock.shift(devices.LIFETIME.total_seconds())
    return {
        "none": "",
        "foreign": log_in(api, bob, here=HOME).json()["device_token"],
        "forged": tampered(known, 105),
        "other mark": tampered(known, 2),
        "later expiry": tampered(known, 34),
        "malformed": known.upper(),
        "long": "x" * 200,
        "expired": known,
    }[request.param]


@pytest.mark.asvs("6.3.1")
def test_invalid_device_token_counts_with_all_other_networks(api, alice, invalid, clock):
    fail(api, clock, alice, COOL_OFF_FROM)
    assert problem(log_in(api, alice, invalid)) == (429, "rate_limited")
    clock.shift(30)
    answer = log_in(api, alice, invalid)
    assert answer.status_code == 200
    assert answer.json()["device_token"][2:34] != invalid[2:34]


@pytest.mark.asvs("6.3.8")
def test_refused_login_is_the_same_with_any_device_token(api, alice, bob, known, questions):
    foreign = log_in(api, bob, here=HOME).json()["device_token"]
    asked = []
    for who, token in ((alice, ""), (alice, foreign), (alice, known), (UNKNOWN, known), (UNKNOWN, "")):
        LoginFailures.objects.all().delete()
        answer, statements, store = questions.of(lambda who=who, token=token: log_in(api, who, token, "wrong"))
        asked.append((comparable(answer), statements, store))
    assert asked.count(asked[0]) == len(asked)
    assert asked[0][0][0] == 401


def by_reset(api, alice, mailbox):
    ask_to_reset(api, alice.email)
    assert reset(api, mailbox.token(alice.email, "new password"), alice.password + "!").status_code == 204
    alice.password += "!"


def by_undo(api, alice, mailbox):
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    change = {"current_password": alice.password, "new_password": "the password of a thief"}
    token = log_in(api, alice, here=HOME).json()["token"]
    assert api.call("POST", "/api/auth/password", change, token=token).status_code == 200
    assert undo(api, mailbox.token(alice.email, "was changed")).status_code == 204
    assert reset(api, mailbox.token(alice.email, "new password"), alice.password).status_code == 204


def by_disabling(api, alice, mailbox):
    User.objects.update(is_active=False)
    User.objects.update(is_active=True)


def by_disabling_with_sql(api, alice, mailbox):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET is_active = %s", [False])
        cursor.execute("UPDATE accounts_user SET is_active = %s", [True])


def by_disabling_beside_a_row_that_was_read_before(api, alice, mailbox):
    stale = User.objects.get()
    by_disabling(api, alice, mailbox)
    stale.save()


@pytest.mark.asvs("7.4.2", "6.4.3", "6.5.6")
@pytest.mark.parametrize(
    "event", [by_reset, by_undo, by_disabling, by_disabling_with_sql, by_disabling_beside_a_row_that_was_read_before]
)
def test_device_tokens_are_revoked(api, alice, known, clock, mailbox, event):
    event(api, alice, mailbox)
    fail(api, clock, alice, COOL_OFF_FROM)
    assert problem(log_in(api, alice, known)) == (429, "rate_limited")
    clock.shift(30)
    renewed = log_in(api, alice, known).json()["device_token"]
    fail(api, clock, alice, COOL_OFF_FROM, here=WORK)
    assert log_in(api, alice, renewed, here=WORK).status_code == 200


@pytest.mark.parametrize("own", [True, False], ids=["own", "any other text"])
def test_reset_from_a_device_that_sends_a_token_renews_it_without_its_failures(api, alice, known, clock, mailbox, own):
    fail(api, clock, alice, COOL_OFF_FROM, here=WORK)
    for _ in range(COOL_OFF_FROM):
        log_in(api, alice, known, "a wrong password")
    ask_to_reset(api, alice.email)
    token = mailbox.token(alice.email, "new password")
    answer = reset(api, token, alice.password + "!", device_token=known if own else "any other text")
    assert (answer.status_code, answer.json().keys()) == (200, {"device_token"})
    fail(api, clock, alice, COOL_OFF_FROM, here=WORK)
    assert log_in(api, alice, answer.json()["device_token"], alice.password + "!", here=WORK).status_code == 200


def test_device_token_survives_other_changes_of_the_user(api, alice, known, clock):
    User.objects.update(display_name="Alice L.")
    change = {"current_password": alice.password, "new_password": "another password of alice"}
    assert api.call("POST", "/api/auth/password", change, token=alice.token).status_code == 200
    fail(api, clock, alice, COOL_OFF_FROM)
    assert log_in(api, alice, known, "another password of alice").status_code == 200


@pytest.mark.asvs("11.2.2")
def test_device_token_survives_a_rotation_of_the_key(api, alice, known, clock, settings):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "the key of today " * 4
    fail(api, clock, alice, COOL_OFF_FROM)
    assert log_in(api, alice, known).status_code == 200


def test_every_response_with_a_session_has_a_device_token(api):
    registered = api.register("alice@example.org").json()
    again = api.call(
        "POST", "/api/auth/reauthenticate", {"password": "correct horse battery"}, token=registered["token"]
    )
    for body in (registered, again.json(), api.login("alice@example.org").json()):
        assert devices.TOKEN.fullmatch(body["device_token"])
        assert devices.mark_of(User.objects.get(), body["device_token"])


# Alerts


@pytest.fixture
def verified(user, mailbox):
    User.objects.update(email_verified_at=user.created_at)
    mailbox.new()


@pytest.mark.asvs("6.3.5")
def test_login_with_the_same_browser_name_from_a_new_network_is_mailed(api, alice, known, verified, mailbox):
    assert log_in(api, alice, here=HOME).status_code == 200
    assert mailbox.new() == []
    assert log_in(api, alice, here=ELSEWHERE).status_code == 200
    assert ELSEWHERE in mailbox.the_one(alice.email, "new device").body


def test_login_from_a_place_that_only_another_user_knows_is_mailed(api, alice, bob, known, verified, mailbox):
    assert log_in(api, bob, here=ELSEWHERE).status_code == 200
    mailbox.new()
    assert log_in(api, alice, here=ELSEWHERE).status_code == 200
    mailbox.the_one(alice.email, "new device")


def test_login_of_a_known_device_from_a_new_network_with_another_name_is_not_mailed(
    api, alice, known, verified, mailbox
):
    assert log_in(api, alice, known, here=ELSEWHERE, User_Agent="curl/8").status_code == 200
    assert mailbox.new() == []


@pytest.mark.asvs("6.3.5")
@pytest.mark.parametrize("places", [[ELSEWHERE], [HOME, ELSEWHERE]])
@pytest.mark.parametrize(("failures", "subjects"), [(9, []), (10, ["Login after many wrong passwords"])])
def test_login_after_many_failures_anywhere_is_mailed(
    api, alice, known, verified, mailbox, clock, places, failures, subjects
):
    for number in range(failures):
        assert problem(attempt(api, alice, here=places[number % len(places)])) == REFUSED
    mailbox.new()
    assert log_in(api, alice, known, here=HOME).status_code == 200
    mails = mailbox.new()
    assert [mail.subject.partition(" to your")[0] for mail in mails] == subjects
    assert all("/secure#" in mail.body for mail in mails)
    assert log_in(api, alice, known, here=HOME).status_code == 200
    assert mailbox.new() == []


def test_first_login_of_all_after_many_failures_is_mailed(api, mailbox, clock):
    User.objects.create_user("carol@example.org", "the password of carol", email_verified_at="2026-01-01T00:00Z")
    fail(api, clock, "carol@example.org", 10)
    mailbox.new()
    clock.shift(60)
    assert attempt(api, "carol@example.org", "the password of carol").status_code == 200
    mailbox.the_one("carol@example.org", "Login after many wrong passwords")


def test_login_after_many_failures_of_another_user_is_not_mailed(api, alice, bob, known, verified, mailbox):
    for _ in range(10):
        assert problem(attempt(api, bob, here=ELSEWHERE)) == REFUSED
    mailbox.new()
    assert log_in(api, alice, known, here=HOME).status_code == 200
    assert mailbox.new() == []


@pytest.mark.asvs("6.3.5")
def test_admin_login_after_many_failures_is_mailed(api, client, root, mailbox):
    form, home = {"username": root.email, "password": "the password of root"}, {"X-Forwarded-For": HOME}
    assert client.post("/admin/login/", form, headers=home).status_code == 302
    for _ in range(9):
        client.post("/admin/login/", form | {"password": "wrong"}, headers={"X-Forwarded-For": ELSEWHERE})
    assert problem(api.login(root.email, "wrong", X_Forwarded_For=ELSEWHERE)) == REFUSED
    mailbox.new()
    assert client.post("/admin/login/", form, headers=home).status_code == 302
    mailbox.the_one(root.email, "Login after many wrong passwords")
