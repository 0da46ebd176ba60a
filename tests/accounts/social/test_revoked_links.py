"""What a change of the user revokes of sign-ins, and what is looked at again under the lock of the user's row."""

import pytest
from django.db import IntegrityError
from social_django.models import UserSocialAuth

from accounts.login.models import s256
from accounts.models import User
from accounts.social import connections, matching
from sessions_api.events.models import Tag

from ...users import problem
from ..conftest import MailboxUser, ask_to_change, ask_to_reset, change, reset, undo
from .conftest import Browser

VERIFIER = "v" * 43
VERIFIED = "2026-01-01T00:00Z"


def exchange(api, code):
    return api.call("POST", "/api/auth/exchange", {"code": code, "code_verifier": VERIFIER})


def by_a_change(api, owner, mailbox):
    body = {"current_password": owner.password, "new_password": "the next password"}
    assert owner.asks(api, "password", body).status_code == 200


def by_a_reset(api, owner, mailbox):
    ask_to_reset(api, owner.email)
    assert reset(api, mailbox.token(owner.email, "Choose")).status_code == 204


def by_undo(api, owner, mailbox):
    owner.logs_in(api, User_Agent="Firefox/145.0")
    assert undo(api, mailbox.token(owner.email, "device")).status_code == 204


@pytest.mark.parametrize("revoked", [by_a_change, by_a_reset, by_undo])
def test_exchange_code_of_a_sign_in_is_revoked_by(api, owner, mailbox, browser, revoked):
    UserSocialAuth.objects.create(user=User.objects.get(), provider="google", uid="alice")
    code = browser.sign_in("alice", start={"code_challenge": s256(VERIFIER)}).told["code"]
    revoked(api, owner, mailbox)
    assert problem(exchange(api, code)) == (400, "invalid_code")


def test_unlink_does_not_count_a_provider_that_is_not_configured_as_a_login_method(api, browser):
    token = browser.sign_in("dave").told["session"]
    google = UserSocialAuth.objects.get()
    UserSocialAuth.objects.create(user=google.user, provider="github", uid="x")  # without keys in the settings
    UserSocialAuth.objects.create(user=google.user, provider="removed", uid="x")
    answer = api.call("DELETE", f"/api/auth/connections/{google.pk}", token=token)
    assert problem(answer) == (409, "last_login_method")
    assert UserSocialAuth.objects.filter(provider="google").exists()


def test_sign_in_revokes_the_mails_that_a_stranger_asked_for_before_the_address_was_verified(api, browser, mailbox):
    """Their tokens sign only the address, which stays the same."""
    stranger = MailboxUser("dave@gmail.com", "x", api.register("dave@gmail.com").json()["token"])
    ask_to_change(api, stranger, "sent@example.org")
    sent = mailbox.token("sent@example.org")
    ask_to_change(api, stranger, "queued@example.org")
    owner = MailboxUser("dave@gmail.com", "", browser.sign_in("dave").told["session"])
    assert problem(change(api, owner, sent)) == (400, "invalid_link")
    assert [mail.to for mail in mailbox.new() if "queued@example.org" in mail.to] == []


def test_undo_revokes_an_email_change_that_was_asked_for_before_the_first_alert(api, owner, mailbox, clock, browser):
    """Its token signs only the address, which stays the same. The owner logs in by a provider of before."""
    UserSocialAuth.objects.create(user=User.objects.get(), provider="google", uid="alice")
    ask_to_change(api, owner, "elsewhere@example.org")
    pending = mailbox.token("elsewhere@example.org")
    clock.shift(1)
    by_undo(api, owner, mailbox)
    owner.token = browser.sign_in("alice").told["session"]
    assert problem(change(api, owner, pending)) == (400, "invalid_link")


def test_email_change_and_back_leaves_an_earlier_reset_token_revoked(api, owner, mailbox):
    """Its token signs the address, which is the same again."""
    ask_to_reset(api, owner.email)
    token = mailbox.token(owner.email, "Choose")
    for email in ("elsewhere@example.org", owner.email):
        ask_to_change(api, owner, email)
        assert change(api, owner, mailbox.token(email, "Confirm")).status_code == 204
    assert problem(reset(api, token)) == (400, "invalid_link")


# The second look under the lock. Each test does the other request at exactly this moment, in place of a race.


def just_before(monkeypatch, module, name, happens):
    """`happens` once, when the function of this name is called."""
    function, todo = getattr(module, name), [happens]

    def wrapped(*args, **options):
        if todo:
            todo.pop()()
        return function(*args, **options)

    monkeypatch.setattr(module, name, wrapped)


@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("verified", [VERIFIED, None, "no user yet"])
def test_sign_in_finds_the_link_that_another_callback_made_after_its_first_look(browser, api, monkeypatch, verified):
    if verified != "no user yet":
        api.register("dave@gmail.com")
        User.objects.update(email_verified_at=verified)
    landings = []
    just_before(monkeypatch, matching, "match_or_create", lambda: landings.append(Browser().sign_in("dave")))
    landings.append(browser.sign_in("dave"))
    assert [landing.path for landing in landings] == ["/oauth/callback"] * 2
    assert all(api.is_live(landing.told["session"]) for landing in landings)
    assert (User.objects.count(), UserSocialAuth.objects.count()) == (1, 1)


@pytest.mark.asvs("15.4.2")
def test_sign_in_that_conflicts_with_another_callback_logs_in_its_user(browser, api, monkeypatch):
    """The unique column refuses the INSERT of the later one."""
    landings = []

    def conflict():
        landings.append(Browser().sign_in("dave", email="another@gmail.com"))
        raise IntegrityError

    just_before(monkeypatch, matching, "link_or_create", conflict)
    landings.append(browser.sign_in("dave"))
    assert all(api.is_live(landing.told["session"]) for landing in landings)
    assert (User.objects.count(), UserSocialAuth.objects.count()) == (1, 1)


@pytest.mark.asvs("15.4.2")
def test_sign_in_that_conflicts_with_a_registration_links_its_user(browser, api, monkeypatch):
    """The unique address refuses the INSERT of a second user."""

    def conflict():
        api.register("dave@gmail.com")
        raise IntegrityError

    just_before(monkeypatch, matching, "link_or_create", conflict)
    assert api.is_live(browser.sign_in("dave").told["session"])
    assert (User.objects.count(), UserSocialAuth.objects.count()) == (1, 1)
    assert User.objects.get().events.get(tag=Tag.LINKED).ip_address == "127.0.0.1"


@pytest.mark.asvs("15.4.2")
def test_sign_in_refuses_a_user_who_got_another_identity_after_its_first_look(browser, api, monkeypatch):
    api.register("dave@gmail.com")
    User.objects.update(email_verified_at=VERIFIED)
    other = {"user": User.objects.get(), "provider": "google", "uid": "another"}
    just_before(monkeypatch, matching, "match_or_create", lambda: UserSocialAuth.objects.create(**other))
    assert browser.sign_in("dave").error == "account_exists"
    assert UserSocialAuth.objects.get().uid == "another"


@pytest.mark.asvs("15.4.2")
def test_link_refuses_a_user_who_got_another_identity_before_the_lock(browser, api, alice, monkeypatch):
    address = api.call("POST", "/api/auth/oauth/google/link", token=alice.token).json()["authorize_url"]
    there = browser.get(address.removeprefix("http://localhost:8000")).headers["Location"]
    code = browser.land(browser.consent(there, "alice")).told["link_code"]
    other = {"user": User.objects.get(), "provider": "google", "uid": "another"}
    just_before(monkeypatch, connections, "lock_user_of_session", lambda: UserSocialAuth.objects.create(**other))
    answer = api.call("POST", "/api/auth/connections", {"code": code}, token=alice.token)
    assert problem(answer) == (409, "already_linked")
    assert not UserSocialAuth.objects.filter(uid="alice").exists()


@pytest.mark.asvs("15.4.2")
def test_unlink_refuses_the_last_login_method_where_the_other_went_before_the_lock(browser, api, monkeypatch, settings):
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "x"
    token = browser.sign_in("dave").told["session"]
    google = UserSocialAuth.objects.get()
    github = UserSocialAuth.objects.create(user=google.user, provider="github", uid="x")
    queryset = type(User.objects.all())
    just_before(monkeypatch, queryset, "lock", lambda: UserSocialAuth.objects.filter(pk=github.pk).delete())
    answer = api.call("DELETE", f"/api/auth/connections/{google.pk}", token=token)
    assert problem(answer) == (409, "last_login_method")
