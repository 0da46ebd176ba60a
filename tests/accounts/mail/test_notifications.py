"""Notifications: what happened, when, from which IP address and device, and how to undo it."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from social_django.models import UserSocialAuth

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import GIVE_UP_AFTER, QueuedMail
from accounts.models import User

from ...users import link, problem
from ..conftest import CHROME, FIREFOX, ask_to_change, ask_to_reset, change, move, reset, undo


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


def unlinks_a_provider(api, mailbox, owner):
    linked = UserSocialAuth.objects.create(user=User.objects.get(), provider="github", uid="x")
    path = f"/api/auth/connections/{linked.pk}"
    return api.call("DELETE", path, token=owner.token, User_Agent=FIREFOX)


def logs_in_elsewhere(api, mailbox, owner):
    return api.login(owner.email, owner.password, User_Agent=FIREFOX)


SUBJECTS = {
    changes_the_password: "Your password for localhost was changed",
    resets_the_password: "Your password for localhost was changed",
    changes_the_address: "Your account at localhost has another address",
    unlinks_a_provider: "GitHub was unlinked from your account at localhost",
    logs_in_elsewhere: "A new device logged in to your account at localhost",
}


@pytest.mark.asvs("6.3.5", "6.3.7")
@pytest.mark.parametrize(("action", "subject"), SUBJECTS.items())
def test_security_alert_tells_what_when_where_and_how_to_undo_it(api, owner, mailbox, clock, action, subject):
    clock.move_to("2027-03-04T05:06:07Z")
    owner.token = owner.logs_in(api)
    assert action(api, mailbox, owner).status_code < 300
    mail = mailbox.the_one(owner.email)
    assert mail.subject == subject
    for text in (mail.body, re.sub("<[^>]*>", " ", mail.alternatives[0][0])):
        assert "4 March 2027, 05:06 UTC" in text
        assert "127.0.0.1" in text
        assert "Firefox on Linux" in text
        assert "If it was not you, take your account back with this link" in " ".join(text.split())
    assert undo(api, link(mail).partition("#")[2]).status_code == 204


@pytest.mark.parametrize(
    "action", [action for action in SUBJECTS if action is not resets_the_password]
)  # a reset verifies the mailbox
def test_security_alert_to_an_unverified_mailbox_has_no_token_and_no_text_of_the_caller(api, newcomer, mailbox, action):
    """The mailbox may be a stranger's, and the caller could use the mail to send text to it."""
    UserSocialAuth.objects.create(user=User.objects.get(), provider="google", uid="x")
    newcomer.asks(api, "email/verify/resend")
    assert (
        api.call("PATCH", "/api/users/me", {"display_name": "Win a Firefox"}, token=newcomer.token).status_code == 200
    )
    mailbox.new()
    assert action(api, mailbox, newcomer).status_code < 300
    (mail,) = [mail for mail in mailbox.new() if mail.to == [newcomer.email]]
    text = mail.message().as_string()
    assert "127.0.0.1" in text
    assert "Firefox" not in text
    assert "/secure" not in text


@pytest.mark.parametrize("mail_type", ["verify", "reset", "register", "change"])
def test_mail_with_a_link_has_no_text_of_the_caller(api, mailbox, settings, mail_type):
    if mail_type == "register":
        settings.REGISTRATION = "verified"
        api.call("POST", "/api/auth/register", {"email": "carol@example.org"}, User_Agent="Win a prize")
    else:
        answer = api.register("carol@example.org", display_name="Win a prize")
        token = answer.json()["token"]
        if mail_type == "change":
            mailbox.new()
            body = {"email": "dora@example.org"}
            api.call("POST", "/api/auth/email/change", body, token=token, User_Agent="Win a prize")
        if mail_type == "reset":
            mailbox.new()
            ask_to_reset(api, "carol@example.org")
    (mail,) = mailbox.new()
    text = mail.message().as_string()
    assert "prize" not in text
    assert "carol" not in text.replace("To: carol@example.org", "")


def test_new_device_alert_is_sent_once_for_each_device(api, owner, mailbox):
    for _ in range(3):
        owner.logs_in(api, User_Agent=CHROME)
    assert [mail.subject for mail in mailbox.new()] == [SUBJECTS[logs_in_elsewhere]]
    owner.logs_in(api, User_Agent=CHROME.replace("142.0", "143.0"))
    owner.logs_in(api)
    assert mailbox.new() == []


def test_new_device_alert_is_not_sent_for_a_registration_or_a_failed_login(api, alice, mailbox):
    assert [mail.subject for mail in mailbox.new()] == ["Confirm your address for localhost"]
    assert api.login(alice.email, "wrong", User_Agent=CHROME).status_code == 401
    assert mailbox.new() == []


def test_security_alert_escapes_device_and_site_name(api, owner, mailbox, settings):
    settings.SITE_NAME = "<b>A & B</b>"
    owner.logs_in(api, User_Agent="Mozilla/5.0 (X11; Linux) <script>alert(1)</script>Bot/1.0")
    mail = mailbox.the_one(owner.email)
    html = mail.alternatives[0][0]
    assert "<script" not in html
    assert "<b>A" not in html
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in html
    assert mail.subject == "A new device logged in to your account at <b>A & B</b>"


def test_security_alert_goes_to_the_address_at_the_time_of_the_change(api, owner, mailbox):
    changes_the_password(api, mailbox, owner)
    owner.token = api.login(owner.email, "the next password").json()["token"]
    ask_to_change(api, owner, "elsewhere@example.org")
    mails = {mail.to[0]: mail for mail in mailbox.new()}
    assert change(api, owner, link(mails["elsewhere@example.org"]).partition("#")[2]).status_code == 204
    assert "password" in mails[owner.email].subject
    body = {"current_password": "the next password", "new_password": "the one after it"}
    assert owner.asks(api, "password", body).status_code == 200
    assert [mail.to[0] for mail in mailbox.new()] == [owner.email, "elsewhere@example.org"]


def test_security_alert_to_a_disabled_user_is_valid_after_the_user_is_enabled(api, owner, mailbox):
    """A thief may be the reason why an administrator disabled the user."""
    changes_the_password(api, mailbox, owner)
    User.objects.update(is_active=False)
    token = mailbox.token(owner.email)
    assert problem(undo(api, token)) == (400, "invalid_link")
    User.objects.update(is_active=True)
    assert undo(api, token).status_code == 204


@pytest.mark.asvs("2.4.1")
def test_notifications_to_an_unverified_mailbox_are_limited_to_five_an_hour(api, newcomer, mailbox, clock):
    """A caller could otherwise flood the mailbox of a stranger."""

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


def test_failed_logins_mail_carries_no_revert_token(api, owner, mailbox, clock):
    for _ in range(10):
        api.login(owner.email, "a wrong password")
        clock.shift(3600)
    assert "Wrong passwords" in mailbox.the_one(owner.email).subject
    assert not OneTimeToken.objects.filter(type="revert").exists()


def test_security_alert_without_link_if_the_token_expired_before_it_was_sent(api, owner, mailbox, clock):
    changes_the_address(api, mailbox, owner)
    (mail,) = QueuedMail.objects.filter(type="email_changed")
    token = OneTimeToken.objects.get(pk=mail.pk).token
    clock.shift(7 * 24 * 3600)
    mail = mailbox.the_one(owner.email)
    assert "the link to take the account back has expired" in " ".join(mail.body.split())
    assert "never confirmed" not in mail.body
    assert problem(undo(api, token)) == (400, "invalid_link")
    assert api.register(owner.email).status_code == 201


def test_revert_token_expires_however_often_its_mail_is_retried(api, owner, mailbox, clock, monkeypatch):
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", lambda message: 1 / 0)
    changes_the_password(api, mailbox, owner)
    mail = QueuedMail.objects.get(type="password_changed")
    for _ in range(12):
        clock.shift(24 * 3600)
        QueuedMail.objects.update(due_at=timezone.now(), give_up_at=timezone.now() + GIVE_UP_AFTER)
        mailbox.new()
    assert OneTimeToken.objects.get(pk=mail.pk).expires_at == mail.requested_at + timedelta(days=10)
    assert not OneTimeToken.objects.usable().filter(pk=mail.pk).exists()


def test_undo_deletes_queued_alerts_of_what_it_undid(api, owner, mailbox, clock):
    clock.shift(1)
    token = move(api, mailbox, owner, "elsewhere@example.org")
    api.login("elsewhere@example.org", owner.password, User_Agent=CHROME)  # its alert is in the queue
    assert undo(api, token).status_code == 204
    (mail,) = [mail for mail in mailbox.new() if mail.to == [owner.email]]
    assert reset(api, link(mail).partition("#")[2]).status_code == 204
