"""`REGISTRATION=verified`: nobody is there before a mailbox has proven itself."""

import pytest
from django.db import IntegrityError, transaction

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.models import User
from accounts.social.models import Identity
from sessions_api.models import Session

from ...users import problem
from ..conftest import MailboxUser, ask_to_register, ask_to_reset, confirm, move, reset, users, verify

EMAIL = "carol@example.org"


@pytest.fixture(autouse=True)
def verified(settings, db):
    settings.REGISTRATION = "verified"


@pytest.fixture
def token(api, mailbox):
    ask_to_register(api, EMAIL)
    return mailbox.token(EMAIL)


@pytest.fixture
def dave(db):
    """Somebody who is here already."""
    return User.objects.create_user("dave@example.org", "the password of dave", email_verified_at="2026-01-01T00:00Z")


@pytest.mark.asvs("6.4.1", "7.2.1")
def test_the_link_opens_an_account_whose_address_is_proven(api, token):
    assert users() == ([], [])
    answer = confirm(api, token, display_name="Carol")
    assert answer.status_code == 201
    me = api.call("GET", "/api/users/me", token=answer.json()["token"]).json()
    assert (me["email"], me["email_verified"], me["display_name"]) == (EMAIL, True, "Carol")
    assert api.login(EMAIL, "correct horse battery").status_code == 200


def test_an_address_that_may_be_taken_back_gets_no_link_that_would_be_refused(api, mailbox, settings):
    settings.REGISTRATION = "open"
    erin = MailboxUser.registers(api, "erin")
    assert verify(api, erin, mailbox.token(erin.email)).status_code == 204
    move(api, mailbox, erin, "elsewhere@example.org")
    settings.REGISTRATION = "verified"
    ask_to_register(api, erin.email)
    assert mailbox.the_one(erin.email).subject == "You have an account at localhost"


def test_two_workers_leave_one_link(api, token, mailbox):
    """The database refuses the second: its mail waits, and finds by then which of the two is the newer one."""
    link = OneTimeToken.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        OneTimeToken.objects.create(
            type="register", email=EMAIL, requested_at=link.requested_at, expires_at=link.expires_at
        )
    ask_to_register(api, EMAIL)
    assert confirm(api, mailbox.token(EMAIL)).status_code == 201


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("who", ["nobody", "dave", "disabled"])
def test_the_answer_is_the_same_for_everybody_and_the_mail_tells_the_rest(api, dave, mailbox, who):
    User.objects.update(is_active=who != "disabled")
    before = users()
    email = EMAIL if who == "nobody" else dave.email
    ask_to_register(api, email)
    subjects = {
        "nobody": ["Open your account at localhost"],
        "dave": ["You have an account at localhost"],
        "disabled": [],
    }[who]
    mails = mailbox.new()
    assert [mail.subject.partition(" of ")[0] for mail in mails] == subjects
    assert ["#" in mail.body for mail in mails] == [who == "nobody"] * len(mails)
    assert users() == before


@pytest.mark.asvs("2.3.1")
@pytest.mark.parametrize("more", [{"password": "correct horse battery"}, {"display_name": "Carol"}])
def test_a_name_or_a_password_is_not_taken_before(api, mailbox, more):
    answer = api.call("POST", "/api/auth/register", {"email": EMAIL} | more)
    assert problem(answer) == (422, "validation_error")
    assert answer.json()["errors"][0]["loc"] == ["body", *more]
    assert mailbox.new() == []


@pytest.mark.asvs("6.5.1")
def test_the_link_is_good_once(api, token):
    assert confirm(api, token).status_code == 201
    before = users()
    assert problem(confirm(api, token, "another password")) == (400, "invalid_link")
    assert users() == before


@pytest.mark.parametrize(("seconds", "status"), [(24 * 3600 - 1, 201), (24 * 3600, 400)])
def test_it_is_good_for_a_day(api, clock, token, seconds, status):
    clock.shift(seconds)
    assert confirm(api, token).status_code == status


def test_a_newer_link_is_good_and_the_older_dead(api, mailbox, token, clock):
    clock.shift(1)
    ask_to_register(api, EMAIL.upper())
    newer = mailbox.token(EMAIL)
    assert problem(confirm(api, token)) == (400, "invalid_link")
    assert confirm(api, newer).status_code == 201


@pytest.mark.asvs("6.2.1", "6.2.4")
def test_a_password_that_is_refused_leaves_the_link_as_it_was(api, token):
    answer = confirm(api, token, "password1")
    assert problem(answer) == (422, "validation_error")
    assert [error["loc"] for error in answer.json()["errors"]] == [["body", "password"]]
    assert users() == ([], [])
    assert confirm(api, token).status_code == 201


def test_nobody_can_be_registered_in_advance_by_a_stranger(api, mailbox, token):
    """Whoever typed the address has nothing: no account, no session, no password of theirs."""
    assert problem(api.login(EMAIL, "correct horse battery")) == (401, "authentication_failed")
    ask_to_reset(api, EMAIL)
    assert mailbox.new() == []
    assert (User.objects.count(), Session.objects.count(), OneTimeToken.objects.count()) == (0, 0, 1)


def otherwise_by_a_provider():
    Identity.objects.create(user=User.objects.create_user(EMAIL), provider="google", uid="carol")


def otherwise_by_an_administrator():
    User.objects.create_user(EMAIL, "by an administrator")


def otherwise_and_disabled():
    User.objects.create_user(EMAIL, is_active=False)


@pytest.mark.parametrize("registered", [otherwise_by_a_provider, otherwise_by_an_administrator, otherwise_and_disabled])
def test_the_link_is_of_no_use_once_somebody_has_the_address(api, token, registered):
    registered()
    before = users()
    assert problem(confirm(api, token, "by the link of a mail")) == (400, "invalid_link")
    assert users() == before


@pytest.mark.parametrize("by_now", ["closed", "open"])
def test_what_was_begun_is_completed_under_another_rule(api, token, settings, by_now):
    settings.REGISTRATION = by_now
    assert confirm(api, token).status_code == 201


def test_a_closed_registration_sends_no_mail(api, settings, mailbox):
    settings.REGISTRATION = "closed"
    assert problem(api.register(EMAIL)) == (403, "registration_closed")
    assert mailbox.new() == []


@pytest.mark.parametrize(
    "twin", ["CAROL@example.org", " carol@EXAMPLE.org\t", "ｃarol@example.org", "carol@example。org"]
)
def test_however_the_address_is_typed_one_mailbox_gets_the_mail(api, mailbox, twin):
    ask_to_register(api, twin)
    assert confirm(api, mailbox.token(EMAIL)).json()["token"]
    assert User.objects.get().email == EMAIL


def test_the_answer_of_who_is_there_opens_nothing_either(api, mailbox, dave):
    ask_to_register(api, dave.email)
    assert not OneTimeToken.objects.exists()
    ask_to_reset(api, dave.email)
    reset_token = mailbox.token(dave.email, "Choose")
    assert problem(confirm(api, reset_token)) == (400, "invalid_link")
    assert reset(api, reset_token).status_code == 204


@pytest.mark.asvs("2.4.1", "15.2.2")
def test_no_hash_is_computed_before_a_mailbox_has_proven_itself(api, token, dave, hashes):
    hashes.clear()
    ask_to_register(api, EMAIL)
    ask_to_register(api, dave.email)
    assert confirm(api, "0" * 96).status_code == 400
    assert confirm(api, token, "short").status_code == 422
    assert hashes == []
    assert confirm(api, token).status_code == 201
    assert hashes == ["encode"]
