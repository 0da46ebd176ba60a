"""What users are told without having asked: what happened, when, where from, with what, and what to do."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import GIVE_UP_AFTER, QueuedMail
from accounts.models import User
from accounts.social.models import Identity

from ...users import link, problem
from ..conftest import CHROME, FIREFOX, ask_to_change, ask_to_reset, change, move, reset, secure


def changes_the_password(api, mailbox, owner):
    body = {"current_password": owner.password, "new_password": "the next password"}
    return owner.asks(api, "password", body, User_Agent=FIREFOX)


def resets_the_password(api, mailbox, owner):
    ask_to_reset(api, owner.email)
    body = {"token": mailbox.token(owner.email), "new_password": "the next password"}
    return api.call("POST", "/api/auth/password/reset/confirm", body, User_Agent=FIREFOX)


def changes_the_address(api, mailbox, owner):
    ask_to_change(api, owner, "elsewhere@example.org")
    token = mailbox.token("elsewhere@example.org")
    return owner.asks(api, "email/change/confirm", {"token": token}, User_Agent=FIREFOX)


def takes_a_provider_off(api, mailbox, owner):
    linked = Identity.objects.create(user=User.objects.get(), provider="github", uid="x")
    path = f"/api/auth/connections/{linked.pk}"
    return api.call("DELETE", path, token=owner.token, User_Agent=FIREFOX)


def logs_in_elsewhere(api, mailbox, owner):
    return api.login(owner.email, owner.password, User_Agent=FIREFOX)


TOLD = {
    changes_the_password: "Your password for localhost was changed",
    resets_the_password: "Your password for localhost was changed",
    changes_the_address: "Your account at localhost has another address",
    takes_a_provider_off: "GitHub was taken off your account at localhost",
    logs_in_elsewhere: "A new device in your account at localhost",
}


@pytest.mark.asvs("6.3.5", "6.3.7")
@pytest.mark.parametrize(("deed", "subject"), TOLD.items())
def test_its_owner_is_told_what_when_where_from_and_how_to_undo_it(api, owner, mailbox, clock, deed, subject):
    clock.move_to("2027-03-04T05:06:07Z")
    owner.token = owner.logs_in(api)
    assert deed(api, mailbox, owner).status_code < 300
    mail = mailbox.the_one(owner.email)
    assert mail.subject == subject
    for text in (mail.body, re.sub("<[^>]*>", " ", mail.alternatives[0][0])):
        assert "4 March 2027, 05:06 UTC" in text
        assert "127.0.0.1" in text
        assert "Firefox on Linux" in text
        assert "If it was not you, this link takes the account back" in " ".join(text.split())
    assert secure(api, link(mail).partition("#")[2]).status_code == 204


@pytest.mark.parametrize(
    "deed", [deed for deed in TOLD if deed is not resets_the_password]
)  # by which it proves itself
def test_a_mailbox_that_has_proven_nothing_gets_no_word_of_the_caller_and_no_link(api, newcomer, mailbox, deed):
    """It may be a stranger's, and a mail of ours is no paper to write on."""
    Identity.objects.create(user=User.objects.get(), provider="google", uid="x")
    newcomer.asks(api, "email/verify/resend")
    assert (
        api.call("PATCH", "/api/users/me", {"display_name": "Win a Firefox"}, token=newcomer.token).status_code == 200
    )
    mailbox.new()
    assert deed(api, mailbox, newcomer).status_code < 300
    (mail,) = [mail for mail in mailbox.new() if mail.to == [newcomer.email]]
    text = mail.message().as_string()
    assert "127.0.0.1" in text
    assert "Firefox" not in text
    assert "/secure" not in text


@pytest.mark.parametrize("purpose", ["verify", "reset", "register", "change"])
def test_nor_does_any_mail_that_asks_it_to_prove_itself(api, mailbox, settings, purpose):
    if purpose == "register":
        settings.REGISTRATION = "verified"
        api.call("POST", "/api/auth/register", {"email": "carol@example.org"}, User_Agent="Win a prize")
    else:
        answer = api.register("carol@example.org", display_name="Win a prize")
        token = answer.json()["token"]
        if purpose == "change":
            mailbox.new()
            body = {"email": "dora@example.org"}
            api.call("POST", "/api/auth/email/change", body, token=token, User_Agent="Win a prize")
        if purpose == "reset":
            mailbox.new()
            ask_to_reset(api, "carol@example.org")
    (mail,) = mailbox.new()
    text = mail.message().as_string()
    assert "prize" not in text
    assert "carol" not in text.replace("To: carol@example.org", "")


def test_a_device_that_was_seen_before_is_not_told_again(api, owner, mailbox):
    for _ in range(3):
        owner.logs_in(api, User_Agent=CHROME)
    assert [mail.subject for mail in mailbox.new()] == [TOLD[logs_in_elsewhere]]
    owner.logs_in(api, User_Agent=CHROME.replace("142.0", "143.0"))
    owner.logs_in(api)
    assert mailbox.new() == []


def test_neither_is_the_first_one_nor_a_login_that_failed(api, mailbox, owner):
    assert api.login(owner.email, "wrong", User_Agent=CHROME).status_code == 401
    assert mailbox.new() == []


def test_what_a_mail_tells_is_escaped(api, owner, mailbox, settings):
    settings.SITE_NAME = "<b>A & B</b>"
    owner.logs_in(api, User_Agent="Mozilla/5.0 (X11; Linux) <script>alert(1)</script>Bot/1.0")
    mail = mailbox.the_one(owner.email)
    html = mail.alternatives[0][0]
    assert "<script" not in html
    assert "<b>A" not in html
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in html
    assert mail.subject == "A new device in your account at <b>A & B</b>"


def test_it_goes_to_the_address_that_was_there_when_it_happened(api, owner, mailbox):
    changes_the_password(api, mailbox, owner)
    owner.token = api.login(owner.email, "the next password").json()["token"]
    ask_to_change(api, owner, "elsewhere@example.org")
    told = {mail.to[0]: mail for mail in mailbox.new()}
    assert change(api, owner, link(told["elsewhere@example.org"]).partition("#")[2]).status_code == 204
    assert "password" in told[owner.email].subject
    body = {"current_password": "the next password", "new_password": "the one after it"}
    assert owner.asks(api, "password", body).status_code == 200
    assert [mail.to[0] for mail in mailbox.new()] == [owner.email, "elsewhere@example.org"]


def test_who_is_disabled_before_it_is_sent_is_told_all_the_same(api, owner, mailbox):
    """And can take it back once they are enabled again: it may have been a thief for whom they were disabled."""
    changes_the_password(api, mailbox, owner)
    User.objects.update(is_active=False)
    token = mailbox.token(owner.email)
    assert problem(secure(api, token)) == (400, "invalid_link")
    User.objects.update(is_active=True)
    assert secure(api, token).status_code == 204


def test_a_mailbox_that_has_proven_nothing_is_told_five_times_an_hour(api, newcomer, mailbox, clock):
    """It may be a stranger's, whom somebody wants to have a thousand mails."""

    def changes_often():
        for number in range(7):
            body = {"current_password": newcomer.password, "new_password": f"the password number {number}"}
            answer = newcomer.asks(api, "password", body)
            newcomer.token, newcomer.password = answer.json()["token"], body["new_password"]
            clock.shift(61)
        return len([mail for mail in mailbox.new() if mail.to == [newcomer.email]])

    assert changes_often() == 5
    clock.shift(3600)
    assert changes_often() == 5


def test_wrong_passwords_of_strangers_are_no_warning_that_takes_anything_back(api, owner, mailbox, clock):
    for _ in range(10):
        api.login(owner.email, "a wrong password")
        clock.shift(3600)
    assert "Wrong passwords" in mailbox.the_one(owner.email).subject
    assert not OneTimeToken.objects.filter(type="revert").exists()


def test_a_warning_that_expired_before_it_was_sent_has_no_link_and_says_so(api, owner, mailbox, clock):
    changes_the_address(api, mailbox, owner)
    (mail,) = QueuedMail.objects.filter(type="email_changed")
    token = OneTimeToken.objects.get(pk=mail.pk).token
    clock.shift(7 * 24 * 3600)
    told = mailbox.the_one(owner.email)
    assert "the time to take it back by a link is over" in " ".join(told.body.split())
    assert "never been confirmed" not in told.body
    assert problem(secure(api, token)) == (400, "invalid_link")
    assert api.register(owner.email).status_code == 201


def test_however_often_a_warning_is_sent_its_link_ends(api, owner, mailbox, clock, monkeypatch):
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", lambda message: 1 / 0)
    changes_the_password(api, mailbox, owner)
    mail = QueuedMail.objects.get(type="password_changed")
    for _ in range(12):
        clock.shift(24 * 3600)
        QueuedMail.objects.update(due_at=timezone.now(), give_up_at=timezone.now() + GIVE_UP_AFTER)
        mailbox.new()
    assert OneTimeToken.objects.get(pk=mail.pk).expires_at == mail.requested_at + timedelta(days=10)
    assert not OneTimeToken.objects.usable().filter(pk=mail.pk).exists()


def test_what_was_taken_back_is_not_told_afterwards(api, owner, mailbox, clock):
    clock.shift(1)
    token = move(api, mailbox, owner, "elsewhere@example.org")
    api.login("elsewhere@example.org", owner.password, User_Agent=CHROME)  # its notice is on its way
    assert secure(api, token).status_code == 204
    (mail,) = [mail for mail in mailbox.new() if mail.to == [owner.email]]
    assert reset(api, link(mail).partition("#")[2]).status_code == 204
