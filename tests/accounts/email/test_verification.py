"""Verifying the email address."""

import pytest

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from accounts.models import User

from ...users import problem
from ..conftest import verify


def is_verified(api, user):
    return api.call("GET", "/api/users/me", token=user.token).json()["email_verified"]


@pytest.mark.asvs("6.4.1", "6.5.1")
def test_email_verification_token_of_a_registration_works_once(api, newcomer):
    assert not is_verified(api, newcomer)
    assert verify(api, newcomer, newcomer.link).status_code == 204
    assert is_verified(api, newcomer)
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")


@pytest.mark.asvs("6.6.2", "8.2.2")
def test_email_verification_token_is_refused_for_another_user_and_stays_valid(api, newcomer, other):
    assert problem(verify(api, other, newcomer.link)) == (400, "invalid_link")
    assert verify(api, newcomer, newcomer.link).status_code == 204


def test_email_verification_needs_a_session(api, newcomer):
    """The owner of the mailbox may click on the link although a stranger registered the address."""
    answer = api.call("POST", "/api/auth/email/verify", {"token": newcomer.link})
    assert problem(answer) == (401, "not_authenticated")
    assert not is_verified(api, newcomer)


@pytest.mark.asvs("6.6.2")
def test_email_verification_resend_invalidates_the_earlier_token(api, newcomer, mailbox, clock):
    clock.shift(1)
    assert newcomer.asks(api, "email/verify/resend").status_code == 202
    newer = mailbox.token(newcomer.email)
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")
    assert verify(api, newcomer, newer).status_code == 204


def test_email_verification_requested_twice_leaves_only_the_last_token(api, newcomer, mailbox, clock):
    for _ in range(3):
        clock.shift(1)
        newcomer.asks(api, "email/verify/resend")
    QueuedMail.objects.filter(pk=QueuedMail.objects.order_by("requested_at").first().pk).update(due_at=None)
    mailbox.new()
    QueuedMail.objects.update(due_at="2020-01-01T00:00Z")  # the first mail is sent last
    assert mailbox.new() == []
    assert OneTimeToken.objects.usable().count() == 1


@pytest.mark.parametrize(("seconds", "status"), [(24 * 3600 - 1, 204), (24 * 3600, 400), (24 * 3600 + 1, 400)])
def test_email_verification_token_is_valid_for_a_day(api, clock, newcomer, seconds, status):
    clock.shift(seconds)
    assert verify(api, newcomer, newcomer.link).status_code == status


def test_email_verification_resend_sends_no_mail_to_a_verified_address(api, owner, mailbox):
    assert owner.asks(api, "email/verify/resend").status_code == 202
    assert mailbox.new() == []


def test_email_verification_token_is_invalidated_by_a_new_password(api, newcomer):
    body = {"current_password": newcomer.password, "new_password": "the next password"}
    newcomer.token = newcomer.asks(api, "password", body).json()["token"]
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")
    assert not is_verified(api, newcomer)


def test_email_verification_token_is_invalidated_by_any_change_of_the_address(api, newcomer):
    User.objects.update(email="another@example.org")
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")


def test_email_verification_token_is_invalidated_by_disabling_for_a_moment(api, newcomer):
    for active in (False, True):
        User.objects.update(is_active=active)
    newcomer.token = newcomer.logs_in(api)
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")
