"""`REGISTRATION=verified`: a user is created only with the token of a mail."""

import pytest
from django.db import IntegrityError, transaction
from social_django.models import UserSocialAuth

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.models import User
from config.api import api as described
from sessions_api.models import Session

from ...users import problem
from ..conftest import MailboxUser, ask_to_register, ask_to_reset, confirm, everything_stored, move, reset, verify

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
    """A registered user."""
    return User.objects.create_user("dave@example.org", "the password of dave", email_verified_at="2026-01-01T00:00Z")


@pytest.mark.asvs("6.4.1")
def test_verified_registration_creates_a_user_with_a_verified_address(api, token):
    assert everything_stored() == ([], [])
    answer = confirm(api, token, display_name="Carol")
    assert answer.status_code == 201
    me = api.call("GET", "/api/users/me", token=answer.json()["token"]).json()
    assert (me["email"], me["email_verified"], me["display_name"]) == (EMAIL, True, "Carol")
    assert api.login(EMAIL, "correct horse battery").status_code == 200


def test_verified_registration_sends_no_token_to_a_reserved_address(api, mailbox, settings):
    settings.REGISTRATION = "open"
    erin = MailboxUser.registers(api, "erin")
    assert verify(api, erin, mailbox.token(erin.email)).status_code == 204
    move(api, mailbox, erin, "elsewhere@example.org")
    settings.REGISTRATION = "verified"
    ask_to_register(api, erin.email)
    assert mailbox.the_one(erin.email).subject == "You have an account at localhost"


def test_verified_registration_by_two_workers_leaves_one_token(api, token, mailbox):
    """The database refuses the second token. Its mail is tried again, when the newer request is known."""
    issued = OneTimeToken.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        OneTimeToken.objects.create(
            type="register", email=EMAIL, requested_at=issued.requested_at, expires_at=issued.expires_at
        )
    ask_to_register(api, EMAIL)
    assert confirm(api, mailbox.token(EMAIL)).status_code == 201


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("user", ["unknown", "registered", "disabled"])
def test_verified_registration_answers_the_same_for_every_address(api, dave, mailbox, user):
    User.objects.update(is_active=user != "disabled")
    before = everything_stored()
    email = EMAIL if user == "unknown" else dave.email
    ask_to_register(api, email)
    subjects = {
        "unknown": ["Create your account at localhost"],
        "registered": ["You have an account at localhost"],
        "disabled": [],
    }[user]
    mails = mailbox.new()
    assert [mail.subject.partition(" of ")[0] for mail in mails] == subjects
    assert ["#" in mail.body for mail in mails] == [user == "unknown"] * len(mails)
    assert everything_stored() == before


@pytest.mark.parametrize("more", [{"password": "correct horse battery"}, {"display_name": "Carol"}])
def test_verified_registration_request_refuses_a_name_or_a_password(api, mailbox, more):
    answer = api.call("POST", "/api/auth/register", {"email": EMAIL} | more)
    assert problem(answer) == (422, "validation_error")
    assert answer.json()["errors"][0]["loc"] == ["body", *more]
    assert mailbox.new() == []


def test_verified_registration_is_described_with_the_address_only():
    body = described.get_openapi_schema()["components"]["schemas"]["Register"]
    assert (body["required"], [*body["properties"]]) == (["email"], ["email"])


@pytest.mark.asvs("6.5.1", "6.4.1")
def test_verified_registration_token_works_once(api, token):
    assert confirm(api, token).status_code == 201
    before = everything_stored()
    assert problem(confirm(api, token, "another password")) == (400, "invalid_link")
    assert everything_stored() == before


@pytest.mark.asvs("6.4.1")
@pytest.mark.parametrize(("seconds", "status"), [(24 * 3600 - 1, 201), (24 * 3600, 400)])
def test_verified_registration_token_is_valid_for_a_day(api, clock, token, seconds, status):
    clock.shift(seconds)
    assert confirm(api, token).status_code == status


def test_verified_registration_request_invalidates_the_earlier_token(api, mailbox, token, clock):
    clock.shift(1)
    ask_to_register(api, EMAIL.upper())
    newer = mailbox.token(EMAIL)
    assert problem(confirm(api, token)) == (400, "invalid_link")
    assert confirm(api, newer).status_code == 201


def test_verified_registration_request_keeps_the_tokens_of_other_addresses(api, mailbox, token, clock):
    clock.shift(1)
    ask_to_register(api, "dora@example.org")
    assert mailbox.token("dora@example.org")
    assert confirm(api, token).status_code == 201


@pytest.mark.asvs("6.2.4")
def test_verified_registration_token_stays_valid_after_a_refused_password(api, token):
    answer = confirm(api, token, "password1")
    assert problem(answer) == (422, "validation_error")
    assert [error["loc"] for error in answer.json()["errors"]] == [["body", "password"]]
    assert everything_stored() == ([], [])
    assert confirm(api, token).status_code == 201


def test_verified_registration_request_gives_its_caller_no_account(api, mailbox, token):
    """The caller who typed the address gets no account, no session and no password."""
    assert problem(api.login(EMAIL, "correct horse battery")) == (401, "authentication_failed")
    ask_to_reset(api, EMAIL)
    assert mailbox.new() == []
    assert (User.objects.count(), Session.objects.count(), OneTimeToken.objects.count()) == (0, 0, 1)


def by_a_provider():
    UserSocialAuth.objects.create(user=User.objects.create_user(EMAIL), provider="google", uid="carol")


def by_an_administrator():
    User.objects.create_user(EMAIL, "by an administrator")


def disabled_since():
    User.objects.create_user(EMAIL, is_active=False)


@pytest.mark.parametrize("registered", [by_a_provider, by_an_administrator, disabled_since])
def test_verified_registration_token_is_invalid_once_the_address_has_a_user(api, token, registered):
    registered()
    before = everything_stored()
    assert problem(confirm(api, token, "by the token of a mail")) == (400, "invalid_link")
    assert everything_stored() == before


@pytest.mark.parametrize("by_now", ["closed", "open"])
def test_verified_registration_can_be_completed_after_the_setting_changed(api, token, settings, by_now):
    settings.REGISTRATION = by_now
    assert confirm(api, token).status_code == 201


def test_closed_registration_sends_no_mail(api, settings, mailbox):
    settings.REGISTRATION = "closed"
    assert problem(api.register(EMAIL)) == (403, "registration_closed")
    assert mailbox.new() == []


@pytest.mark.parametrize(
    "twin", ["CAROL@example.org", " carol@EXAMPLE.org\t", "ｃarol@example.org", "carol@example。org"]
)
def test_verified_registration_mails_the_canonical_address(api, mailbox, twin):
    ask_to_register(api, twin)
    assert confirm(api, mailbox.token(EMAIL)).json()["token"]
    assert User.objects.get().email == EMAIL


def test_verified_registration_accepts_no_token_of_a_password_reset(api, mailbox, dave):
    ask_to_register(api, dave.email)
    assert not OneTimeToken.objects.exists()
    ask_to_reset(api, dave.email)
    reset_token = mailbox.token(dave.email, "Choose")
    assert problem(confirm(api, reset_token)) == (400, "invalid_link")
    assert reset(api, reset_token).status_code == 204


@pytest.mark.asvs("15.2.2", "2.3.1")
def test_verified_registration_computes_no_hash_before_a_valid_token(api, token, dave, hashes):
    hashes.clear()
    ask_to_register(api, EMAIL)
    ask_to_register(api, dave.email)
    assert confirm(api, "0" * 96).status_code == 400
    assert confirm(api, token, "short").status_code == 422
    assert hashes == []
    assert confirm(api, token).status_code == 201
    assert hashes == ["encode"]
