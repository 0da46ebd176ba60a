"""Resetting a password by mail."""

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from social_django.models import UserSocialAuth

from accounts.login.models import SessionExchangeCode, s256
from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from accounts.models import User, UserQuerySet
from config.api import api as described
from sessions_api.events.tags import Tag
from sessions_api.models import Session

from ...users import problem
from ..conftest import ask_to_change, ask_to_reset, change, move, reset, undo, verify


@pytest.fixture
def token(api, owner, mailbox):
    ask_to_reset(api, owner.email)
    return mailbox.token(owner.email)


@pytest.mark.asvs("6.4.3", "7.4.3", "6.3.7", "6.5.6")
def test_password_reset_revokes_all_sessions(api, owner, mailbox, token):
    phone = owner.logs_in(api)
    ask_to_reset(api, owner.email)
    answer = reset(api, mailbox.token(owner.email), "the next password")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not any(api.is_live(session) for session in (owner.token, phone))
    assert not Session.objects.exists()
    assert problem(api.login(owner.email, owner.password)) == (401, "authentication_failed")
    assert api.login(owner.email, "the next password").status_code == 200
    assert "password" in mailbox.the_one(owner.email).subject


@pytest.mark.asvs("6.5.1", "6.4.1")
def test_password_reset_token_works_once(api, owner, token):
    assert reset(api, token, "the next password").status_code == 204
    assert problem(reset(api, token, "the one after it")) == (400, "invalid_link")
    assert api.login(owner.email, "the next password").status_code == 200


@pytest.mark.asvs("6.2.4")
def test_password_reset_to_a_refused_password_changes_nothing(api, owner, token):
    answer = reset(api, token, "password1")
    assert problem(answer) == (422, "validation_error")
    assert answer.json()["errors"][0]["loc"] == ["body", "new_password"]
    assert api.is_live(owner.token)
    assert reset(api, token).status_code == 204


@pytest.mark.asvs("6.4.1")
@pytest.mark.parametrize(("seconds", "status"), [(3599, 204), (3600, 400), (3601, 400)])
def test_password_reset_token_is_valid_for_an_hour(api, clock, token, seconds, status):
    clock.shift(seconds)
    assert reset(api, token).status_code == status


def test_password_reset_token_lifetime_begins_when_the_mail_is_sent(api, owner, mailbox, clock, settings):
    settings.EMAIL_BACKEND = "nowhere.to.be.Found"
    ask_to_reset(api, owner.email)
    assert mailbox.new() == []
    assert QueuedMail.objects.get().attempts == 1
    clock.shift(7200)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    token = mailbox.token(owner.email)
    clock.shift(3599)
    assert reset(api, token).status_code == 204


@pytest.mark.asvs("6.3.8")
@pytest.mark.parametrize("account", ["unknown", "disabled", "deleted"])
def test_password_reset_request_answers_the_same_without_an_active_user(api, owner, mailbox, account):
    if account == "disabled":
        User.objects.update(is_active=False)
    if account == "deleted":
        User.objects.all().delete()
    ask_to_reset(api, "unknown@example.org" if account == "unknown" else owner.email)
    assert mailbox.new() == []
    assert not QueuedMail.objects.exists()
    assert not OneTimeToken.objects.filter(type="reset").exists()


@pytest.mark.parametrize("spelling", ["ALICE@example.org", " alice@EXAMPLE.org ", "ａlice@example.org"])
def test_password_reset_request_mails_the_stored_address_for_any_spelling(api, owner, mailbox, spelling):
    ask_to_reset(api, spelling)
    assert mailbox.the_one("alice@example.org")


@pytest.mark.parametrize("twin", ["alıce@example.org", "аlice@example.org", "al\u200dice@example.org"])
def test_password_reset_request_refuses_a_lookalike_address(api, owner, mailbox, twin):
    answer = api.call("POST", "/api/auth/password/reset", {"email": twin})
    assert problem(answer) == (422, "validation_error")
    assert mailbox.new() == []


def new_password(api, mailbox, owner):
    body = {"current_password": owner.password, "new_password": "chosen otherwise"}
    assert owner.asks(api, "password", body).status_code == 200


def new_password_by_hand(api, mailbox, owner):
    user = User.objects.get()
    user.set_password("chosen otherwise")
    user.save()


def new_address(api, mailbox, owner):
    move(api, mailbox, owner, "elsewhere@example.org")


def new_address_by_hand(api, mailbox, owner):
    User.objects.update(email="elsewhere@example.org")


def disabled(api, mailbox, owner):
    User.objects.update(is_active=False)


def disabled_and_enabled(api, mailbox, owner):
    for active in (False, True):
        User.objects.update(is_active=active)


def newer_token(api, mailbox, owner):
    ask_to_reset(api, owner.email)
    mailbox.new()


def account_deleted(api, mailbox, owner):
    assert api.call("DELETE", "/api/users/me", token=owner.token).status_code == 204


@pytest.mark.asvs("6.4.3", "6.6.2")
@pytest.mark.parametrize(
    "event",
    [
        new_password,
        new_password_by_hand,
        new_address,
        new_address_by_hand,
        disabled,
        disabled_and_enabled,
        newer_token,
        account_deleted,
    ],
)
def test_password_reset_token_is_invalidated_by(api, owner, mailbox, token, clock, event):
    clock.shift(1)
    event(api, mailbox, owner)
    before = list(User.objects.values())
    assert problem(reset(api, token)) == (400, "invalid_link")
    assert list(User.objects.values()) == before


@pytest.mark.asvs("6.4.3")
def test_password_reset_token_survives_logins_with_the_old_password(api, owner, client, clock, token):
    """A thief who knows the old password could block every reset."""
    clock.shift(1)
    stolen = owner.logs_in(api)
    User.objects.update(is_staff=True)
    assert client.post("/admin/login/", {"username": owner.email, "password": owner.password}).status_code == 302
    assert reset(api, token, "the next password").status_code == 204
    assert not api.is_live(stolen)
    assert client.get("/admin/").status_code == 302
    assert problem(reset(api, token, "the one after it")) == (400, "invalid_link")


def test_password_reset_invalidates_sent_and_queued_mails(api, owner, mailbox, token):
    ask_to_change(api, owner, "elsewhere@example.org")
    pending = mailbox.token("elsewhere@example.org")
    ask_to_change(api, owner, "third@example.org")
    assert reset(api, token).status_code == 204
    assert [mail.to for mail in mailbox.new()] == [[owner.email]]  # the security alert
    owner.token = api.login(owner.email, "the next password").json()["token"]
    assert problem(change(api, owner, pending)) == (400, "invalid_link")


@pytest.mark.asvs("6.4.3")
def test_password_reset_of_an_unverified_account_revokes_everything_a_stranger_set_up(api, newcomer, mailbox):
    """The stranger has set up a password, a session, an identity and a pending email change."""
    UserSocialAuth.objects.create(user=User.objects.get(), provider="google", uid="the stranger's")
    ask_to_change(api, newcomer, "stranger@example.org")
    pending = mailbox.token("stranger@example.org")
    ask_to_reset(api, newcomer.email)
    assert reset(api, mailbox.token(newcomer.email), "of the owner").status_code == 204
    assert User.objects.get().email_verified
    assert not api.is_live(newcomer.token)
    assert api.login(newcomer.email, newcomer.password).status_code == 401
    assert not UserSocialAuth.objects.exists()
    newcomer.token = api.login(newcomer.email, "of the owner").json()["token"]
    for call, earlier in ((change, pending), (verify, newcomer.link)):
        assert problem(call(api, newcomer, earlier)) == (400, "invalid_link")


@pytest.mark.asvs("6.4.3")
def test_queued_password_reset_mail_is_not_sent_after_a_password_change(api, owner, mailbox):
    ask_to_reset(api, owner.email)
    new_password(api, mailbox, owner)
    assert not QueuedMail.objects.filter(type="reset").exists()
    assert "was changed" in mailbox.the_one(owner.email).subject
    assert not OneTimeToken.objects.filter(type="reset").exists()


@pytest.fixture
def before_the_lock(monkeypatch):
    """Calls a function once, when the next row of a user is about to be locked: after all that was read before it."""

    def arrange(happens):
        lock, todo = UserQuerySet.lock, [happens]

        def lock_after(users):
            while todo:
                todo.pop()()
            return lock(users)

        monkeypatch.setattr(UserQuerySet, "lock", lock_after)
        return todo

    return arrange


def disable():
    User.objects.update(is_active=False)


def move_away():
    User.objects.update(email="elsewhere@example.org")


def replace_hash():
    User.objects.all().store_hash(make_password("a password of another caller"))


@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("happens", [disable, move_away, replace_hash])
def test_password_reset_is_refused_where_the_user_changed_before_the_lock(api, owner, token, before_the_lock, happens):
    todo = before_the_lock(happens)
    assert problem(reset(api, token, "the next password")) == (400, "invalid_link")
    assert todo == []
    assert not User.objects.get().check_password("the next password")


@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("happens", [disable, replace_hash])
def test_login_is_refused_where_the_user_changed_before_the_lock(api, owner, before_the_lock, happens):
    Session.objects.all().delete()
    todo = before_the_lock(happens)
    assert problem(api.login(owner.email, owner.password)) == (401, "authentication_failed")
    assert todo == []
    assert not Session.objects.exists()


def link(provider, uid, *, before):
    """A link of the only user that was made so long ago."""
    row = UserSocialAuth.objects.create(user=User.objects.get(), provider=provider, uid=uid)
    UserSocialAuth.objects.filter(pk=row.pk).update(created=timezone.now() - before)


A_WEEK, A_SECOND = timedelta(days=7), timedelta(seconds=1)  # a week: as long as the alert about a link can undo it


@pytest.mark.asvs("6.4.3", "6.3.7")
def test_password_reset_unlinks_the_providers_of_the_last_seven_days_and_mails_the_others(
    api, owner, mailbox, clock, token
):
    link("google", "alice", before=A_WEEK + A_SECOND)
    link("github", "the thief's", before=A_WEEK - A_SECOND)
    assert reset(api, token).status_code == 204
    assert UserSocialAuth.objects.get().uid == "alice"
    text = " ".join(mailbox.the_one(owner.email, "was changed").body.split())
    assert "We unlinked these providers, because they may have been linked by a stranger: GitHub" in text
    assert "These providers can still log in to your account: Google" in text
    events = User.objects.get().events.filter(tag=Tag.UNLINKED)
    assert [(event.data, event.ip_address) for event in events] == [({"provider": "github"}, "127.0.0.1")]


@pytest.mark.asvs("6.4.3")
def test_password_reset_revokes_the_pending_code_of_a_provider_that_it_unlinks(api, owner, token):
    link("google", "the thief's", before=A_SECOND)
    code = SessionExchangeCode.objects.issue(User.objects.get(), provider="google", code_challenge=s256("v" * 43))
    reset(api, token)
    answer = api.call("POST", "/api/auth/exchange", {"code": code, "code_verifier": "v" * 43})
    assert problem(answer) == (400, "invalid_code")


def test_password_reset_that_unlinks_can_be_undone_by_its_mail(api, owner, mailbox, clock, token):
    link("google", "alice", before=A_WEEK + A_SECOND)
    reset(api, token)
    mail = mailbox.the_one(owner.email, "was changed")
    assert undo(api, mail.body.partition("#")[2].split()[0]).status_code == 204
    assert not User.objects.get().has_password


def test_password_reset_without_providers_mails_nothing_about_them(api, owner, mailbox, token):
    reset(api, token)
    assert "providers" not in mailbox.the_one(owner.email, "was changed").body


def test_password_change_keeps_recent_providers(api, owner):
    link("google", "alice", before=A_SECOND)
    body = {"current_password": owner.password, "new_password": "the next password"}
    assert owner.asks(api, "password", body).status_code == 200
    assert UserSocialAuth.objects.exists()


def test_password_reset_gives_a_first_password_to_a_provider_user(api, mailbox):
    user = User.objects.create_user("dave@gmail.com", email_verified_at="2026-01-01T00:00Z")
    link("google", "dave", before=A_WEEK + A_SECOND)
    ask_to_reset(api, user.email)
    assert reset(api, mailbox.token(user.email)).status_code == 204
    assert api.login(user.email, "the next password").status_code == 200
    assert UserSocialAuth.objects.exists()


@pytest.mark.parametrize("password", ["x" * 129, "x" * 60_000, "nul\0nul\0", "\ud800" * 8])
def test_password_reset_to_an_unstorable_password_costs_no_hash(api, token, hashes, password):
    hashes.clear()
    assert problem(reset(api, token, password)) == (422, "validation_error")
    assert hashes == []


@pytest.mark.asvs("15.2.2")
def test_password_reset_with_an_invalid_token_costs_no_hash(api, owner, token, hashes):
    hashes.clear()
    assert reset(api, token[:-1] + ("0" if token[-1] != "0" else "1")).status_code == 400
    assert reset(api, token, "short").status_code == 422
    ask_to_reset(api, owner.email)
    assert hashes == []


@pytest.mark.asvs("6.4.2")
def test_no_hint_and_no_security_question_is_asked_for_or_stored():
    """Neither a field of the API nor a column has such a name, and a login takes an address and a password only."""
    schemas = described.get_openapi_schema()["components"]["schemas"]
    names = {name for schema in schemas.values() for name in schema.get("properties", {})}
    names |= {field.name for model in apps.get_models(include_auto_created=True) for field in model._meta.get_fields()}
    assert not [name for name in names if re.search("hint|question|answer", name)]
    assert schemas["Login"]["properties"].keys() == {"email", "password", "device_token"}
    assert schemas["PasswordReset"]["properties"].keys() == {"token", "new_password", "device_token"}


def test_password_reset_can_be_undone_by_its_security_alert(api, owner, mailbox, token):
    reset(api, token, "of a thief in the mailbox")
    assert undo(api, mailbox.token(owner.email)).status_code == 204
    assert api.login(owner.email, "of a thief in the mailbox").status_code == 401
