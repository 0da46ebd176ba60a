"""A thief changes Alice's account, and Alice undoes all of it with the revert token of a security alert."""

import pytest
from django.core.management import call_command
from social_django.models import UserSocialAuth

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from accounts.models import User

from ...users import problem
from ..conftest import (
    CHROME,
    MailboxUser,
    ask_to_change,
    ask_to_reset,
    change,
    everything_stored,
    move,
    reset,
    undo,
)

FIRST_OF_THIEF, SECOND_OF_THIEF = "thief@example.org", "thief@example.com"


@pytest.fixture
def thief(api, owner, mailbox, clock):
    """A thief who logged in with Alice's password. `alert` is the revert token that Alice got for it."""
    clock.shift(1)
    thief = MailboxUser(owner.email, owner.password, owner.logs_in(api, User_Agent=CHROME))
    thief.alert = mailbox.token(owner.email, "device")
    clock.shift(1)
    return thief


def changes_the_password(api, user, new="the password of a thief"):
    body = {"current_password": user.password, "new_password": new}
    user.token, user.password = user.asks(api, "password", body).json()["token"], new


def links(provider="github"):
    return UserSocialAuth.objects.create(user=User.objects.get(email="alice@example.org"), provider=provider, uid="x")


def assert_only_alice_has_access(api, mailbox, owner, *thieves):
    """No session, password or identity of the thief is valid; the reset mail gives Alice a password."""
    user = User.objects.get()
    assert (user.email, user.email_verified, user.has_password) == (owner.email, True, False)
    assert not any(api.is_live(token) for token in [owner.token, *(thief.token for thief in thieves)])
    for thief in [owner, *thieves]:
        assert problem(api.login(owner.email, thief.password)) == (401, "authentication_failed")
    assert not UserSocialAuth.objects.filter(uid="x").exists()
    assert not OneTimeToken.objects.usable().filter(type="revert").exists()
    (mail,) = [mail for mail in mailbox.new() if mail.to == [owner.email]]
    assert reset(api, mail.body.partition("#")[2].split()[0], "chosen by alice").status_code == 204
    assert api.login(owner.email, "chosen by alice").status_code == 200


def test_undo_of_a_new_device_alert_revokes_its_session(api, owner, thief, mailbox):
    answer = undo(api, thief.alert)
    assert (answer.status_code, answer.content) == (204, b"")
    assert_only_alice_has_access(api, mailbox, owner, thief)


@pytest.mark.asvs("6.5.1")
def test_undo_token_works_once_and_keeps_the_reset_mail_valid(api, owner, thief, mailbox):
    undo(api, thief.alert)
    token = mailbox.token(owner.email)
    before = everything_stored()
    assert problem(undo(api, thief.alert)) == (400, "invalid_link")
    assert everything_stored() == before
    assert reset(api, token).status_code == 204


@pytest.mark.parametrize(("seconds", "status"), [(7 * 24 * 3600 - 2, 204), (7 * 24 * 3600 - 1, 400)])
def test_undo_token_is_valid_for_seven_days(api, thief, clock, seconds, status):
    clock.shift(seconds)  # a second has passed since the alert
    assert undo(api, thief.alert).status_code == status


def by_the_first(alerts):
    return alerts[0]


def by_the_last(alerts):
    return alerts[-1]


@pytest.mark.asvs("7.4.3", "6.5.6")
@pytest.mark.parametrize("token_of", [by_the_first, by_the_last])
def test_undo_by_any_alert_reverts_everything_a_thief_did(api, owner, thief, mailbox, clock, token_of):
    """An identity, a password, an address, another address, and a password whose alert goes to that address."""
    alerts = [thief.alert]
    links()
    clock.shift(1)
    changes_the_password(api, thief)
    alerts.append(mailbox.token(owner.email))
    clock.shift(1)
    alerts.append(move(api, mailbox, thief, FIRST_OF_THIEF))
    clock.shift(1)
    of_thief = [move(api, mailbox, thief, SECOND_OF_THIEF)]
    clock.shift(1)
    changes_the_password(api, thief, "another of his")
    of_thief.append(mailbox.token(SECOND_OF_THIEF))
    clock.shift(1)
    assert undo(api, token_of(alerts)).status_code == 204
    assert_only_alice_has_access(api, mailbox, owner, thief)
    for token in of_thief:
        assert problem(undo(api, token)) == (400, "invalid_link")
    assert User.objects.get().email == owner.email


def test_undo_by_the_thief_does_not_outlast_the_owners_undo(api, owner, thief, mailbox, clock):
    alert = move(api, mailbox, thief, FIRST_OF_THIEF)
    clock.shift(1)
    of_thief = move(api, mailbox, thief, SECOND_OF_THIEF)
    clock.shift(1)
    assert undo(api, of_thief).status_code == 204
    assert User.objects.get().email == FIRST_OF_THIEF
    assert reset(api, mailbox.token(FIRST_OF_THIEF)).status_code == 204
    of_thief = mailbox.token(FIRST_OF_THIEF)
    clock.shift(1)
    assert undo(api, alert).status_code == 204
    assert problem(undo(api, of_thief)) == (400, "invalid_link")
    assert_only_alice_has_access(api, mailbox, owner, thief)


def test_undo_deletes_the_queued_mails_of_a_thief(api, owner, thief, mailbox, clock):
    ask_to_change(api, thief, SECOND_OF_THIEF)
    move_link = mailbox.token(SECOND_OF_THIEF)
    alert = move(api, mailbox, thief, FIRST_OF_THIEF)
    clock.shift(1)
    assert problem(change(api, thief, move_link)) == (400, "invalid_link")
    changes_the_password(api, thief)
    ask_to_reset(api, FIRST_OF_THIEF)
    ask_to_change(api, thief, SECOND_OF_THIEF)
    assert QueuedMail.objects.count() == 3
    assert undo(api, alert).status_code == 204
    assert_only_alice_has_access(api, mailbox, owner, thief)


def test_undo_invalidates_a_pending_email_change(api, owner, thief, mailbox):
    ask_to_change(api, thief, FIRST_OF_THIEF)
    waiting = mailbox.token(FIRST_OF_THIEF)
    undo(api, thief.alert)
    assert reset(api, mailbox.token(owner.email), "chosen by alice").status_code == 204
    owner.token = api.login(owner.email, "chosen by alice").json()["token"]
    assert problem(change(api, owner, waiting)) == (400, "invalid_link")


@pytest.mark.parametrize("arrived", [True, False], ids=["mail sent", "mail queued"])
def test_undo_address_stays_reserved_until_it_is_restored(api, owner, thief, other, mailbox, clock, arrived):
    """The thief is faster than the mail, and tries to register the address or to move another account to it."""
    ask_to_change(api, thief, FIRST_OF_THIEF)
    assert change(api, thief, mailbox.token(FIRST_OF_THIEF)).status_code == 204
    if arrived:
        alert = mailbox.token(owner.email, "another address")
    assert problem(api.register(owner.email)) == (409, "email_taken")
    if not arrived:
        alert = mailbox.token(owner.email, "another address")
    ask_to_change(api, other, owner.email)
    assert problem(change(api, other, mailbox.token(owner.email))) == (409, "email_taken")
    clock.shift(1)
    assert undo(api, alert).status_code == 204
    assert User.objects.filter(email=owner.email).count() == 1


def test_undo_address_stays_reserved_while_the_mail_server_is_down(api, owner, thief, mailbox, settings, clock):
    ask_to_change(api, thief, FIRST_OF_THIEF)
    token = mailbox.token(FIRST_OF_THIEF)
    settings.EMAIL_BACKEND = "nowhere.to.be.Found"
    assert change(api, thief, token).status_code == 204
    assert mailbox.new() == []
    clock.shift(24 * 3600)
    assert problem(api.register(owner.email)) == (409, "email_taken")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    alert = mailbox.token(owner.email, "another address")
    clock.shift(7 * 24 * 3600 - 1)
    assert undo(api, alert).status_code == 204
    assert_only_alice_has_access(api, mailbox, owner, thief)


def test_undo_frees_the_address_of_the_thief(api, owner, thief, mailbox, clock):
    alert = move(api, mailbox, thief, FIRST_OF_THIEF)
    clock.shift(1)
    undo(api, alert)
    assert api.register(FIRST_OF_THIEF).status_code == 201


def test_undo_works_after_a_thief_unlinked_a_provider(api, owner, thief, mailbox):
    mine = links()
    assert api.call("DELETE", f"/api/auth/connections/{mine.pk}", token=thief.token).status_code == 204
    alert = mailbox.token(owner.email, "unlinked")
    assert undo(api, alert).status_code == 204
    assert_only_alice_has_access(api, mailbox, owner, thief)


def test_undo_keeps_identities_linked_before_the_first_alert(api, owner, clock, mailbox):
    mine = links()
    clock.shift(1)
    owner.logs_in(api, User_Agent=CHROME)
    assert undo(api, mailbox.token(owner.email)).status_code == 204
    assert UserSocialAuth.objects.get() == mine


def test_undo_token_of_an_earlier_mailbox_outlasts_an_undo_by_a_later_one(api, owner, thief, mailbox, clock):
    alert = move(api, mailbox, thief, FIRST_OF_THIEF)
    clock.shift(1)
    changes_the_password(api, thief)
    of_thief = mailbox.token(FIRST_OF_THIEF)
    assert undo(api, of_thief).status_code == 204
    assert User.objects.get().email == FIRST_OF_THIEF
    mailbox.new()
    assert undo(api, alert).status_code == 204
    assert User.objects.get().email == owner.email


def test_undo_is_refused_for_a_disabled_user(api, thief):
    User.objects.update(is_active=False)
    before = everything_stored()
    assert problem(undo(api, thief.alert)) == (400, "invalid_link")
    assert everything_stored() == before


def test_undo_works_after_a_user_is_enabled_again(api, owner, thief, mailbox, clock):
    """The address stays reserved meanwhile. Tokens that were requested before stay invalid."""
    alert = move(api, mailbox, thief, FIRST_OF_THIEF)
    ask_to_reset(api, FIRST_OF_THIEF)
    asked_for = mailbox.token(FIRST_OF_THIEF)
    User.objects.update(is_active=False)
    assert problem(api.register(owner.email)) == (409, "email_taken")
    User.objects.update(is_active=True)
    assert problem(reset(api, asked_for)) == (400, "invalid_link")
    clock.shift(1)
    assert undo(api, alert).status_code == 204
    assert_only_alice_has_access(api, mailbox, owner, thief)


@pytest.mark.asvs("6.3.7")
def test_undo_mails_the_losing_address_without_a_link(api, owner, thief, mailbox, clock):
    alert = move(api, mailbox, thief, FIRST_OF_THIEF)
    clock.shift(1)
    assert undo(api, alert).status_code == 204
    told = mailbox.the_one(FIRST_OF_THIEF)
    assert told.subject == "Your account at localhost has another address"
    assert "The owner of an earlier address took the account back" in " ".join(told.body.split())
    assert not [word for word in ("#", "127.0.0.1", owner.email, "never confirmed") if word in told.body]


def test_undo_is_refused_for_a_deleted_account(api, owner, thief):
    assert api.call("DELETE", "/api/users/me", token=thief.token).status_code == 204
    assert problem(undo(api, thief.alert)) == (400, "invalid_link")
    assert not User.objects.exists()


@pytest.mark.asvs("2.3.3")
def test_undo_is_refused_whole_when_another_user_has_the_address(api, owner, thief, mailbox, clock):
    """Only a direct write can do that: the API gives a reserved address to no other user."""
    alert = move(api, mailbox, thief, FIRST_OF_THIEF)
    User.objects.create_user(owner.email)
    before = everything_stored()
    assert problem(undo(api, alert)) == (409, "email_taken")
    assert everything_stored() == before
    assert OneTimeToken.objects.usable().filter(type="revert", email=owner.email).count() == 2


@pytest.mark.asvs("14.2.7")
def test_purge_deletes_expired_revert_tokens_only(thief, clock):
    call_command("purge_sessions", verbosity=0)
    assert OneTimeToken.objects.usable().exists()
    clock.shift(7 * 24 * 3600)
    call_command("purge_sessions", verbosity=0)
    assert not OneTimeToken.objects.exists()
