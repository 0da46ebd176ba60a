"""Each rule of docs/sign-in-rules.md."""

import pytest

from accounts.models import User
from accounts.social.models import Identity
from sessions_api.models import Session

from ...users import ApiUser


@pytest.fixture
def dave(api):
    """Somebody who registered with a password, and has not proven the address."""
    answer = api.register("dave@gmail.com", "the password of dave")
    return ApiUser("dave@gmail.com", "the password of dave", answer.json()["token"])


def verify(user):
    User.objects.filter(email=user.email).update(email_verified_at="2026-01-01T00:00Z")


@pytest.mark.asvs("10.5.2", "6.8.1")
def test_a_known_identity_is_its_user_whatever_the_address_says_now(browser, api):
    first = browser.sign_in("dave").told["session"]
    again = browser.sign_in("dave", email="other@gmail.com", email_verified=False).told["session"]
    assert api.check_session(first).json()["user"] == api.check_session(again).json()["user"]


@pytest.mark.parametrize("verified", [False, "true", 1, None])
def test_a_new_identity_whose_address_is_not_verified_is_refused(browser, verified):
    assert browser.sign_in("dave", email_verified=verified).error == "email_unverified"
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["", "dave", "dävé@gmail.com", '"d a"@gmail.com'])
def test_a_new_identity_without_a_plain_address_is_refused(browser, email):
    assert browser.sign_in("dave", email=email).error == "email_unverified"


@pytest.mark.parametrize("address", ["dave@gmail.com", "Dave@GMAIL.com"])
def test_whoever_has_proven_a_google_mailbox_is_linked_by_it(browser, api, dave, address):
    verify(dave)
    landing = browser.sign_in("dave", email=address)
    assert api.check_session(landing.told["session"]).json()["user"]["email"] == dave.email
    assert api.opens(dave.token)
    assert api.login(dave.email, dave.password).status_code == 200


@pytest.mark.asvs("6.3.7")
def test_and_is_told_by_mail(browser, dave, mailbox):
    verify(dave)
    browser.sign_in("dave")
    mail = mailbox.the_one(dave.email)
    assert mail.subject == "Google was linked to your account at localhost"
    browser.sign_in("dave")
    assert mailbox.new() == []


def test_so_is_a_mailbox_of_a_workspace(browser, api):
    api.register("erin@work.example", "the password of erin")
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    landing = browser.sign_in("erin", email="erin@work.example", hd="work.example")
    assert landing.path == "/oauth/callback"
    assert User.objects.count() == 1


@pytest.mark.asvs("6.3.4")
def test_whoever_registered_the_address_in_advance_loses_everything(browser, api, dave):
    landing = browser.sign_in("dave")
    user = api.check_session(landing.told["session"]).json()["user"]
    assert (user["email_verified"], user["has_password"]) == (True, False)
    assert not api.opens(dave.token)
    assert api.login(dave.email, dave.password).status_code == 401
    assert User.objects.count() == 1


def test_and_so_do_the_identities_they_linked(browser, api, dave):
    Identity.objects.create(user=User.objects.get(), provider="github", uid="666")
    browser.sign_in("dave")
    assert [connection.provider for connection in Identity.objects.all()] == ["google"]


def test_a_second_google_identity_is_not_linked_by_the_address(browser, dave):
    verify(dave)
    browser.sign_in("dave")
    assert browser.sign_in("impostor", email=dave.email).error == "account_exists"
    assert Identity.objects.count() == 1


def test_where_google_does_not_run_the_mailbox_one_logs_in_and_links(browser, api):
    api.register("frank@example.org", "the password of frank")
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    assert browser.sign_in("frank", email="frank@example.org").error == "account_exists"
    assert not Identity.objects.exists()


def test_a_new_user_whose_mailbox_google_does_not_run_has_not_proven_it(browser, api):
    landing = browser.sign_in("frank", email="frank@example.org")
    assert not api.check_session(landing.told["session"]).json()["user"]["email_verified"]


@pytest.mark.parametrize("power", ["is_staff", "is_superuser"])
def test_nobody_becomes_staff_by_an_address(browser, dave, power):
    verify(dave)
    User.objects.update(**{power: True})
    assert browser.sign_in("dave").error == "account_exists"


def test_a_disabled_user_is_refused_and_nothing_written(browser, api, dave):
    verify(dave)
    User.objects.update(is_active=False)
    assert browser.sign_in("dave").error == "account_disabled"
    assert not Identity.objects.exists()
    User.objects.update(is_active=True)
    browser.sign_in("dave")
    User.objects.update(is_active=False)
    assert browser.sign_in("dave").error == "account_disabled"
    assert not Session.objects.exists()


@pytest.mark.asvs("6.3.4")
def test_nobody_new_comes_in_where_registration_is_closed(browser, api, dave, settings):
    settings.REGISTRATION = "closed"
    assert browser.sign_in("grace").error == "registration_closed"
    assert browser.sign_in("dave").path == "/oauth/callback"


def test_a_name_is_cut_and_cleaned(browser, api):
    browser.sign_in("dave", name="D\x07\n" + "x" * 400)
    assert User.objects.get().display_name == "D" + "x" * 254
