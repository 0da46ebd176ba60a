"""Changing the email address: the new one is verified, the old one gets a security alert."""

import pytest

from accounts.mail.queue import QueuedMail
from accounts.models import User

from ...users import comparable, problem
from ..conftest import ask_to_change, ask_to_reset, change, everything_stored, move

NEW = "elsewhere@example.org"


def me(api, user):
    return api.call("GET", "/api/users/me", token=user.token).json()


@pytest.mark.asvs("6.3.7", "2.3.1")
def test_email_change_verifies_the_new_address_and_alerts_the_old_one(api, owner, mailbox):
    assert ask_to_change(api, owner, NEW).status_code == 202
    assert me(api, owner)["email"] == owner.email
    token = mailbox.token(NEW)
    assert mailbox.new() == []
    assert change(api, owner, token).status_code == 204
    assert (me(api, owner)["email"], me(api, owner)["email_verified"]) == (NEW, True)
    assert mailbox.the_one(owner.email).subject.endswith("another address")
    assert api.login(NEW, owner.password).status_code == 200
    assert api.login(owner.email, owner.password).status_code == 401


@pytest.mark.asvs("7.5.1", "7.5.3")
def test_email_change_request_needs_a_recent_login(api, owner, clock):
    clock.shift(601)
    assert problem(ask_to_change(api, owner, NEW)) == (403, "reauthentication_required")
    assert not QueuedMail.objects.exists()


@pytest.mark.asvs("6.5.1")
def test_email_change_token_works_once_and_only_for_its_user(api, owner, other, mailbox):
    ask_to_change(api, owner, NEW)
    token = mailbox.token(NEW)
    before = everything_stored()
    assert problem(change(api, other, token)) == (400, "invalid_link")
    assert problem(api.call("POST", "/api/auth/email/change/confirm", {"token": token})) == (401, "not_authenticated")
    assert everything_stored() == before
    assert change(api, owner, token).status_code == 204
    assert problem(change(api, owner, token)) == (400, "invalid_link")


@pytest.mark.parametrize(("seconds", "status"), [(24 * 3600 - 1, 204), (24 * 3600, 400)])
def test_email_change_token_is_valid_for_a_day(api, clock, owner, mailbox, seconds, status):
    ask_to_change(api, owner, NEW)
    token = mailbox.token(NEW)
    clock.shift(seconds)
    assert change(api, owner, token).status_code == status


@pytest.mark.asvs("6.3.8")
def test_email_change_to_a_taken_address_gets_the_same_answer_and_another_mail(api, owner, other, mailbox):
    taken, free = ask_to_change(api, owner, other.email), ask_to_change(api, owner, NEW)
    assert comparable(taken) == comparable(free)
    mails = {mail.to[0]: mail for mail in mailbox.new()}
    assert "#" not in mails[other.email].body
    assert "#" in mails[NEW].body


def test_email_change_by_two_users_gives_the_address_to_the_first(api, owner, other, mailbox):
    ask_to_change(api, owner, NEW)
    ask_to_change(api, other, NEW)
    first, second = [mail.body.partition("#")[2].split()[0] for mail in mailbox.new()]
    assert change(api, owner, first).status_code == 204
    assert problem(change(api, other, second)) == (409, "email_taken")
    assert me(api, other)["email"] == other.email


def test_email_change_to_the_present_address_sends_no_mail(api, owner, mailbox):
    assert ask_to_change(api, owner, owner.email.upper()).status_code == 202
    assert mailbox.new() == []


def test_email_change_request_invalidates_the_earlier_one(api, owner, mailbox, clock):
    ask_to_change(api, owner, NEW)
    older = mailbox.token(NEW)
    clock.shift(1)
    ask_to_change(api, owner, "third@example.org")
    newer = mailbox.token("third@example.org")
    assert problem(change(api, owner, older)) == (400, "invalid_link")
    assert change(api, owner, newer).status_code == 204


def test_email_change_invalidates_tokens_mailed_to_the_old_address(api, owner, mailbox):
    ask_to_reset(api, owner.email)
    token = mailbox.token(owner.email)
    ask_to_change(api, owner, NEW)
    moved = mailbox.token(NEW)
    ask_to_reset(api, owner.email)  # still queued
    assert change(api, owner, moved).status_code == 204
    assert [mail.subject for mail in mailbox.new() if "password" in mail.subject] == []
    answer = api.call("POST", "/api/auth/password/reset/confirm", {"token": token, "new_password": "the next password"})
    assert problem(answer) == (400, "invalid_link")


@pytest.mark.parametrize("event", ["password", "disabled"])
def test_email_change_token_is_invalidated_by_a_new_password_or_disabling(api, owner, mailbox, event):
    ask_to_change(api, owner, NEW)
    token = mailbox.token(NEW)
    if event == "password":
        body = {"current_password": owner.password, "new_password": "the next password"}
        owner.token = owner.asks(api, "password", body).json()["token"]
    else:
        for active in (False, True):
            User.objects.update(is_active=active)
        owner.token = owner.logs_in(api)
    assert problem(change(api, owner, token)) == (400, "invalid_link")
    assert me(api, owner)["email"] == owner.email


def test_email_change_frees_an_unverified_old_address_at_once(api, newcomer, mailbox):
    """The address may have been a typing error: then its mailbox belongs to a stranger."""
    ask_to_change(api, newcomer, NEW)
    assert change(api, newcomer, mailbox.token(NEW)).status_code == 204
    mail = mailbox.the_one(newcomer.email)
    assert "/secure" not in mail.body + mail.alternatives[0][0]
    assert api.register(newcomer.email).status_code == 201


def test_unverified_address_gets_alerts_without_a_link(api, newcomer, mailbox):
    newcomer.logs_in(api, User_Agent="curl/8.0")
    body = {"current_password": newcomer.password, "new_password": "the next password"}
    assert newcomer.asks(api, "password", body).status_code == 200
    told = mailbox.new()
    assert [mail.to for mail in told] == [[newcomer.email]] * 2
    assert not any("/secure" in mail.body + mail.alternatives[0][0] for mail in told)


def test_email_change_reserves_a_verified_old_address_for_seven_days(api, owner, other, mailbox, clock):
    move(api, mailbox, owner, NEW)
    assert problem(api.register(owner.email)) == (409, "email_taken")
    ask_to_change(api, other, owner.email)
    assert problem(change(api, other, mailbox.token(owner.email))) == (409, "email_taken")
    clock.shift(7 * 24 * 3600)
    assert api.register(owner.email).status_code == 201


def test_email_change_back_to_the_own_reserved_address(api, owner, mailbox):
    before = owner.email
    move(api, mailbox, owner, NEW)
    move(api, mailbox, owner, before)
    assert me(api, owner)["email"] == before
