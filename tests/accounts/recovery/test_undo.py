"""Somebody else is in: they do what they can, and Alice takes it all back by a mail."""

import pytest
from django.core.management import call_command

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from accounts.models import User
from accounts.social.models import Identity

from ...users import problem
from ..conftest import CHROME, MailboxUser, ask_to_change, ask_to_reset, change, move, reset, secure, users

LAIR, DEN = "thief@example.org", "thief@example.com"


@pytest.fixture
def thief(api, owner, mailbox, clock):
    """Who knows Alice's password. `warned` is what Alice can do about it."""
    clock.shift(1)
    thief = MailboxUser(owner.email, owner.password, owner.logs_in(api, User_Agent=CHROME))
    thief.warned = mailbox.token(owner.email, "device")
    clock.shift(1)
    return thief


def changes_the_password(api, user, new="the password of a thief"):
    body = {"current_password": user.password, "new_password": new}
    user.token, user.password = user.asks(api, "password", body).json()["token"], new


def links(provider="github"):
    return Identity.objects.create(user=User.objects.get(email="alice@example.org"), provider=provider, uid="x")


def assert_is_alices_again(api, mailbox, owner, *thieves):
    """And nobody else's: no session, no password, no provider of the thief; the reset mail is the way in."""
    user = User.objects.get()
    assert (user.email, user.email_verified, user.has_password) == (owner.email, True, False)
    assert not any(api.opens(token) for token in [owner.token, *(thief.token for thief in thieves)])
    for thief in [owner, *thieves]:
        assert problem(api.login(owner.email, thief.password)) == (401, "authentication_failed")
    assert not Identity.objects.filter(uid="x").exists()
    assert not OneTimeToken.objects.usable().filter(type="revert").exists()
    (mail,) = [mail for mail in mailbox.new() if mail.to == [owner.email]]
    assert reset(api, mail.body.partition("#")[2].split()[0], "chosen by alice").status_code == 204
    assert api.login(owner.email, "chosen by alice").status_code == 200


@pytest.mark.asvs("6.3.5", "6.3.7", "6.4.4")
def test_a_device_that_was_not_seen_before_is_thrown_out(api, owner, thief, mailbox):
    answer = secure(api, thief.warned)
    assert (answer.status_code, answer.content) == (204, b"")
    assert_is_alices_again(api, mailbox, owner, thief)


@pytest.mark.asvs("6.5.1")
def test_it_is_good_once_and_leaves_the_reset_mail_as_it_is(api, owner, thief, mailbox):
    secure(api, thief.warned)
    token = mailbox.token(owner.email)
    before = users()
    assert problem(secure(api, thief.warned)) == (400, "invalid_link")
    assert users() == before
    assert reset(api, token).status_code == 204


@pytest.mark.parametrize(("seconds", "status"), [(7 * 24 * 3600 - 2, 204), (7 * 24 * 3600 - 1, 400)])
def test_it_is_good_for_seven_days_and_not_at_their_very_end(api, thief, clock, seconds, status):
    clock.shift(seconds)  # of the warning a second has passed
    assert secure(api, thief.warned).status_code == status


def by_the_first(warnings):
    return warnings[0]


def by_the_last(warnings):
    return warnings[-1]


@pytest.mark.asvs("6.4.4", "7.4.3")
@pytest.mark.parametrize("opened", [by_the_first, by_the_last])
def test_a_thief_who_does_everything_at_once_is_out(api, owner, thief, mailbox, clock, opened):
    """A provider, a password, an address, another address; and another password, of which that one is told."""
    warnings = [thief.warned]
    links()
    clock.shift(1)
    changes_the_password(api, thief)
    warnings.append(mailbox.token(owner.email))
    clock.shift(1)
    warnings.append(move(api, mailbox, thief, LAIR))
    clock.shift(1)
    his = [move(api, mailbox, thief, DEN)]
    clock.shift(1)
    changes_the_password(api, thief, "another of his")
    his.append(mailbox.token(DEN))
    clock.shift(1)
    assert secure(api, opened(warnings)).status_code == 204
    assert_is_alices_again(api, mailbox, owner, thief)
    for token in his:
        assert problem(secure(api, token)) == (400, "invalid_link")
    assert User.objects.get().email == owner.email


def test_a_thief_who_uses_the_warning_that_he_got_himself_only_gains_time(api, owner, thief, mailbox, clock):
    warning = move(api, mailbox, thief, LAIR)
    clock.shift(1)
    his = move(api, mailbox, thief, DEN)
    clock.shift(1)
    assert secure(api, his).status_code == 204
    assert User.objects.get().email == LAIR
    assert reset(api, mailbox.token(LAIR)).status_code == 204
    his = mailbox.token(LAIR)
    clock.shift(1)
    assert secure(api, warning).status_code == 204
    assert problem(secure(api, his)) == (400, "invalid_link")
    assert_is_alices_again(api, mailbox, owner, thief)


def test_mails_of_a_thief_that_are_still_on_their_way_do_not_arrive(api, owner, thief, mailbox, clock):
    ask_to_change(api, thief, DEN)
    move_link = mailbox.token(DEN)
    warning = move(api, mailbox, thief, LAIR)
    clock.shift(1)
    assert problem(change(api, thief, move_link)) == (400, "invalid_link")
    changes_the_password(api, thief)
    ask_to_reset(api, LAIR)
    ask_to_change(api, thief, DEN)
    assert QueuedMail.objects.count() == 3
    assert secure(api, warning).status_code == 204
    assert_is_alices_again(api, mailbox, owner, thief)


def test_a_wish_for_another_address_that_was_mailed_before_is_dead_after(api, owner, thief, mailbox):
    ask_to_change(api, thief, LAIR)
    waiting = mailbox.token(LAIR)
    secure(api, thief.warned)
    assert reset(api, mailbox.token(owner.email), "chosen by alice").status_code == 204
    owner.token = api.login(owner.email, "chosen by alice").json()["token"]
    assert problem(change(api, owner, waiting)) == (400, "invalid_link")


@pytest.mark.parametrize("arrived", [True, False], ids=["read", "on its way"])
def test_the_freed_address_is_nobodys_until_then(api, owner, thief, other, mailbox, clock, arrived):
    """The thief is quicker than the mail: registers it, moves another account to it, has it by a provider."""
    ask_to_change(api, thief, LAIR)
    assert change(api, thief, mailbox.token(LAIR)).status_code == 204
    if arrived:
        warning = mailbox.token(owner.email, "another address")
    assert problem(api.register(owner.email)) == (409, "email_taken")
    if not arrived:
        warning = mailbox.token(owner.email, "another address")
    ask_to_change(api, other, owner.email)
    assert problem(change(api, other, mailbox.token(owner.email))) == (409, "email_taken")
    clock.shift(1)
    assert secure(api, warning).status_code == 204
    assert User.objects.filter(email=owner.email).count() == 1


def test_a_mail_server_that_is_down_gives_the_address_to_nobody(api, owner, thief, mailbox, settings, clock):
    ask_to_change(api, thief, LAIR)
    token = mailbox.token(LAIR)
    settings.EMAIL_BACKEND = "nowhere.to.be.Found"
    assert change(api, thief, token).status_code == 204
    assert mailbox.new() == []
    clock.shift(24 * 3600)
    assert problem(api.register(owner.email)) == (409, "email_taken")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    warning = mailbox.token(owner.email, "another address")
    clock.shift(7 * 24 * 3600 - 1)
    assert secure(api, warning).status_code == 204
    assert_is_alices_again(api, mailbox, owner, thief)


def test_it_is_free_again_when_it_is_taken_back(api, owner, thief, mailbox, clock):
    warning = move(api, mailbox, thief, LAIR)
    clock.shift(1)
    secure(api, warning)
    assert api.register(LAIR).status_code == 201


def test_a_provider_of_the_owner_that_a_thief_took_off_is_not_needed(api, owner, thief, mailbox):
    mine = links()
    assert api.call("DELETE", f"/api/auth/connections/{mine.pk}", token=thief.token).status_code == 204
    warning = mailbox.token(owner.email, "taken off")
    assert secure(api, warning).status_code == 204
    assert_is_alices_again(api, mailbox, owner, thief)


def test_what_was_linked_before_any_warning_stays(api, owner, clock, mailbox):
    mine = links()
    clock.shift(1)
    owner.logs_in(api, User_Agent=CHROME)
    assert secure(api, mailbox.token(owner.email)).status_code == 204
    assert Identity.objects.get() == mine


def test_a_warning_of_an_earlier_mailbox_outlives_what_a_later_one_does(api, owner, thief, mailbox, clock):
    warning = move(api, mailbox, thief, LAIR)
    clock.shift(1)
    changes_the_password(api, thief)
    his = mailbox.token(LAIR)
    assert secure(api, his).status_code == 204
    assert User.objects.get().email == LAIR
    mailbox.new()
    assert secure(api, warning).status_code == 204
    assert User.objects.get().email == owner.email


def test_who_is_disabled_takes_nothing_back(api, thief):
    User.objects.update(is_active=False)
    before = users()
    assert problem(secure(api, thief.warned)) == (400, "invalid_link")
    assert users() == before


def test_who_was_disabled_takes_it_back_afterwards(api, owner, thief, mailbox, clock):
    """An address stays reserved meanwhile. What they had asked for by mail stays void."""
    warning = move(api, mailbox, thief, LAIR)
    ask_to_reset(api, LAIR)
    asked_for = mailbox.token(LAIR)
    User.objects.update(is_active=False)
    assert problem(api.register(owner.email)) == (409, "email_taken")
    User.objects.update(is_active=True)
    assert problem(reset(api, asked_for)) == (400, "invalid_link")
    clock.shift(1)
    assert secure(api, warning).status_code == 204
    assert_is_alices_again(api, mailbox, owner, thief)


@pytest.mark.asvs("6.3.7")
def test_the_address_that_loses_the_account_is_told_without_a_way_back(api, owner, thief, mailbox, clock):
    warning = move(api, mailbox, thief, LAIR)
    clock.shift(1)
    assert secure(api, warning).status_code == 204
    told = mailbox.the_one(LAIR)
    assert told.subject == "Your account at localhost has another address"
    assert "An earlier address took the account back" in " ".join(told.body.split())
    assert not [word for word in ("#", "127.0.0.1", owner.email, "never been") if word in told.body]


def test_nor_whose_account_is_gone(api, owner, thief):
    assert api.call("DELETE", "/api/users/me", token=thief.token).status_code == 204
    assert problem(secure(api, thief.warned)) == (400, "invalid_link")
    assert not User.objects.exists()


def test_an_address_that_an_administrator_gave_away_stays_there(api, owner, thief, admin, mailbox, clock):
    """Whom they believed, they believed: the warnings that a thief got do not count against it."""
    alice = User.objects.get(email=owner.email)
    move(api, mailbox, thief, LAIR)
    clock.shift(1)
    changes_the_password(api, thief)
    his = mailbox.token(LAIR)
    page = f"/admin/accounts/user/{alice.pk}/change/"
    form = admin.get(page).context["adminform"].form
    sent = {f"initial-{name}": value for name, value in form.initial.items() if isinstance(value, str)}
    answer = admin.post(page, sent | {"email": owner.email, "display_name": "Alice", "is_active": "on"})
    assert answer.status_code == 302, answer.context["errors"]
    assert User.objects.get(pk=alice.pk).email == owner.email
    assert problem(secure(api, his)) == (400, "invalid_link")


def test_what_somebody_else_has_by_now_is_refused_and_nothing_is_half_done(api, owner, thief, mailbox, clock):
    """Only by hand: nobody gets a reserved address by this API."""
    warning = move(api, mailbox, thief, LAIR)
    User.objects.create_user(owner.email)
    before = users()
    assert problem(secure(api, warning)) == (409, "email_taken")
    assert users() == before
    assert OneTimeToken.objects.usable().filter(type="revert", email=owner.email).count() == 2


def test_links_that_ended_are_purged(thief, clock):
    call_command("purge_sessions", verbosity=0)
    assert OneTimeToken.objects.usable().exists()
    clock.shift(7 * 24 * 3600)
    call_command("purge_sessions", verbosity=0)
    assert not OneTimeToken.objects.exists()
