"""Each rule of docs/sign-in-rules.md."""

import pytest
from social_django.models import UserSocialAuth

from accounts.models import User
from sessions_api.events.models import Event, Tag
from sessions_api.models import Session

from ...users import ApiUser


@pytest.fixture
def dave(api):
    """A user who registered with a password and has not verified the address."""
    answer = api.register("dave@gmail.com", "the password of dave")
    return ApiUser("dave@gmail.com", "the password of dave", answer.json()["token"])


def verify(user):
    User.objects.filter(email=user.email).update(email_verified_at="2026-01-01T00:00Z")


@pytest.mark.asvs("10.5.2", "6.8.1")
def test_known_identity_logs_in_whatever_the_address(browser, api):
    first = browser.sign_in("dave").told["session"]
    again = browser.sign_in("dave", email="other@gmail.com", email_verified=False).told["session"]
    assert api.check_session(first).json()["user"] == api.check_session(again).json()["user"]


@pytest.mark.parametrize("verified", [False, "true", 1, None])
def test_new_identity_with_an_unverified_address_is_refused(browser, verified):
    assert browser.sign_in("dave", email_verified=verified).error == "email_unverified"
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["", "dave", "dävé@gmail.com", '"d a"@gmail.com'])
def test_new_identity_without_a_valid_address_is_refused(browser, email):
    assert browser.sign_in("dave", email=email).error == "email_unverified"


@pytest.mark.parametrize("address", ["dave@gmail.com", "Dave@GMAIL.com"])
def test_verified_google_mailbox_links_the_user_with_the_address(browser, api, dave, address):
    verify(dave)
    landing = browser.sign_in("dave", email=address)
    assert api.check_session(landing.told["session"]).json()["user"]["email"] == dave.email
    assert api.is_live(dave.token)
    assert api.login(dave.email, dave.password).status_code == 200


@pytest.mark.parametrize(("mine", "googles"), [("gmail.com", "googlemail.com"), ("googlemail.com", "gmail.com")])
def test_googlemail_and_gmail_are_one_mailbox_for_google(browser, api, mine, googles):
    api.register(f"erin@{mine}", "the password of erin")
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    token = browser.sign_in("erin", email=f"erin@{googles}").told["session"]
    assert api.check_session(token).json()["user"]["email"] == f"erin@{mine}"
    assert User.objects.count() == 1


def test_googlemail_and_gmail_are_two_addresses_elsewhere(browser, api):
    for domain in ("gmail.com", "googlemail.com"):
        assert api.register(f"erin@{domain}", "the password of erin").status_code == 201
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    token = browser.sign_in("erin", email="erin@googlemail.com").told["session"]
    assert api.check_session(token).json()["user"]["email"] == "erin@googlemail.com"


def test_googlemail_of_a_new_user_keeps_its_spelling(browser, api):
    user = api.check_session(browser.sign_in("erin", email="erin@googlemail.com").told["session"]).json()["user"]
    assert (user["email"], user["email_verified"]) == ("erin@googlemail.com", True)


@pytest.mark.parametrize("domain", ["evilgmail.com", "gmail.com.example.org", "mail.gmail.com", "evilgooglemail.com"])
def test_domain_that_only_looks_like_gmail_links_no_existing_user(browser, api, domain):
    api.register(f"erin@{domain}", "the password of erin")
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    assert browser.sign_in("erin", email=f"erin@{domain}").error == "account_exists"
    assert not UserSocialAuth.objects.exists()


@pytest.mark.asvs("6.3.7")
def test_link_by_address_is_mailed_once(browser, dave, mailbox):
    verify(dave)
    browser.sign_in("dave")
    mail = mailbox.the_one(dave.email)
    assert mail.subject == "Google was linked to your account at localhost"
    browser.sign_in("dave")
    assert mailbox.new() == []


def test_workspace_mailbox_links_the_user_with_the_address(browser, api):
    api.register("erin@work.example", "the password of erin")
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    landing = browser.sign_in("erin", email="erin@work.example", hd="work.example")
    assert landing.path == "/oauth/callback"
    assert User.objects.count() == 1


def test_sign_in_revokes_what_was_set_up_before_the_address_was_verified(browser, api, dave):
    landing = browser.sign_in("dave")
    user = api.check_session(landing.told["session"]).json()["user"]
    assert (user["email_verified"], user["has_password"]) == (True, False)
    assert not api.is_live(dave.token)
    assert api.login(dave.email, dave.password).status_code == 401
    assert User.objects.count() == 1


def test_sign_in_deletes_links_made_before_the_address_was_verified(browser, api, dave):
    UserSocialAuth.objects.create(user=User.objects.get(), provider="github", uid="666")
    browser.sign_in("dave")
    assert [connection.provider for connection in UserSocialAuth.objects.all()] == ["google"]
    assert Event.objects.filter(tag=Tag.UNLINKED, ip_address="127.0.0.1").exists()


def test_second_google_identity_is_not_linked_by_the_address(browser, dave):
    verify(dave)
    browser.sign_in("dave")
    assert browser.sign_in("impostor", email=dave.email).error == "account_exists"
    assert UserSocialAuth.objects.count() == 1


def test_address_outside_google_links_no_existing_user(browser, api):
    api.register("frank@example.org", "the password of frank")
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    assert browser.sign_in("frank", email="frank@example.org").error == "account_exists"
    assert not UserSocialAuth.objects.exists()


def test_address_outside_google_is_unverified_for_a_new_user_until_its_mail_is_read(browser, api, mailbox):
    session = browser.sign_in("frank", email="frank@example.org").told["session"]
    assert not api.check_session(session).json()["user"]["email_verified"]
    token = mailbox.token("frank@example.org")
    assert api.call("POST", "/api/auth/email/verify", {"token": token}, token=session).status_code == 204
    assert api.check_session(session).json()["user"]["email_verified"]


def test_new_user_with_a_google_mailbox_receives_no_mail(browser, mailbox):
    browser.sign_in("dave")
    assert not mailbox.new()


def test_log_names_a_provider_that_sends_no_address(browser, caplog):
    browser.sign_in("dave")
    assert "sends no" not in caplog.text
    browser.sign_in("erin", email="")
    assert "google sends no `email` of this user" in caplog.text


@pytest.mark.parametrize("power", ["is_staff", "is_superuser"])
def test_staff_is_not_linked_by_the_address(browser, dave, power):
    verify(dave)
    User.objects.update(**{power: True})
    assert browser.sign_in("dave").error == "account_exists"


def test_disabled_user_is_refused_and_not_linked(browser, api, dave):
    verify(dave)
    User.objects.update(is_active=False)
    assert browser.sign_in("dave").error == "account_disabled"
    assert not UserSocialAuth.objects.exists()
    User.objects.update(is_active=True)
    browser.sign_in("dave")
    User.objects.update(is_active=False)
    assert browser.sign_in("dave").error == "account_disabled"
    assert not Session.objects.exists()


@pytest.mark.asvs("6.3.4")
def test_closed_registration_refuses_new_users_only(browser, api, dave, settings):
    settings.REGISTRATION = "closed"
    assert browser.sign_in("grace").error == "registration_closed"
    assert browser.sign_in("dave").path == "/oauth/callback"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"name": " Ana\N{NO-BREAK SPACE}López\n"}, "Ana\N{NO-BREAK SPACE}López"),
        ({"name": "نرگس\N{ZERO WIDTH NON-JOINER}ها"}, "نرگس\N{ZERO WIDTH NON-JOINER}ها"),
        ({"name": "D\x07\n" + "x" * 400}, "D " + "x" * 253),
        ({"name": "Dave\N{RIGHT-TO-LEFT OVERRIDE}\ud800"}, "Dave"),
        ({"name": None, "given_name": "Ana", "family_name": "López"}, "Ana López"),
        ({"name": " ", "given_name": "Ana"}, "Ana"),
        ({"name": {"en": "Dave"}, "given_name": ["Dave"], "family_name": "López"}, "López"),
        ({"name": 7}, ""),
    ],
)
def test_name_is_read_by_the_rule_of_a_registration(forger, visitor, said, kept):
    visitor.land(forger.consent(visitor.start(), **said))
    (user,) = User.objects.all()
    assert user.display_name == kept
    user.full_clean(exclude=["password"])
