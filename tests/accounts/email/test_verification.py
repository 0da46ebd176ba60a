"""Proving the address that one has registered."""

import pytest

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from accounts.models import User

from ...users import problem
from ..conftest import verify


def is_verified(api, user):
    return api.call("GET", "/api/users/me", token=user.token).json()["email_verified"]


@pytest.mark.asvs("6.4.1", "6.5.1")
def test_whoever_registers_gets_a_link_that_proves_the_address_once(api, newcomer):
    assert not is_verified(api, newcomer)
    assert verify(api, newcomer, newcomer.link).status_code == 204
    assert is_verified(api, newcomer)
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")


@pytest.mark.asvs("6.6.2", "8.2.2")
def test_the_link_proves_nothing_for_somebody_else_and_stays_good(api, newcomer, other):
    assert problem(verify(api, other, newcomer.link)) == (400, "invalid_link")
    assert verify(api, newcomer, newcomer.link).status_code == 204


def test_a_click_without_the_login_blesses_nobodys_account(api, newcomer):
    """The owner of a mailbox in whose name a stranger has registered."""
    answer = api.call("POST", "/api/auth/email/verify", {"token": newcomer.link})
    assert problem(answer) == (401, "not_authenticated")
    assert not is_verified(api, newcomer)


@pytest.mark.asvs("6.5.1")
def test_a_newer_link_is_good_and_the_older_dead(api, newcomer, mailbox, clock):
    clock.shift(1)
    assert newcomer.asks(api, "email/verify/resend").status_code == 202
    newer = mailbox.token(newcomer.email)
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")
    assert verify(api, newcomer, newer).status_code == 204


def test_who_asks_twice_before_a_mail_is_sent_has_the_last_link(api, newcomer, mailbox, clock):
    for _ in range(3):
        clock.shift(1)
        newcomer.asks(api, "email/verify/resend")
    QueuedMail.objects.filter(pk=QueuedMail.objects.order_by("requested_at").first().pk).update(due_at=None)
    mailbox.new()
    QueuedMail.objects.update(due_at="2020-01-01T00:00Z")  # the first goes out last
    assert mailbox.new() == []
    assert OneTimeToken.objects.usable().count() == 1


@pytest.mark.parametrize(("seconds", "status"), [(24 * 3600 - 1, 204), (24 * 3600, 400), (24 * 3600 + 1, 400)])
def test_it_is_good_for_a_day_and_not_at_its_very_end(api, clock, newcomer, seconds, status):
    clock.shift(seconds)
    assert verify(api, newcomer, newcomer.link).status_code == status


def test_who_has_proven_the_address_gets_no_other_mail(api, owner, mailbox):
    assert owner.asks(api, "email/verify/resend").status_code == 202
    assert mailbox.new() == []


@pytest.mark.asvs("7.4.3")
def test_a_new_password_kills_the_link(api, newcomer):
    body = {"current_password": newcomer.password, "new_password": "the next password"}
    newcomer.token = newcomer.asks(api, "password", body).json()["token"]
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")
    assert not is_verified(api, newcomer)


def test_another_address_kills_the_link_whoever_wrote_it(api, newcomer):
    User.objects.update(email="another@example.org")
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")


def test_so_does_being_disabled_for_a_moment(api, newcomer):
    for active in (False, True):
        User.objects.update(is_active=active)
    newcomer.token = newcomer.logs_in(api)
    assert problem(verify(api, newcomer, newcomer.link)) == (400, "invalid_link")
