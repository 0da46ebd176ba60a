"""A front end without a login page sends the browser to ours, and gets a code for a session of its own."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from ...browser import in_make_pages, needs_chromium
from ..social.npm_provider import needs_node

pytestmark = [pytest.mark.once, needs_chromium("no test logs in for a front end"), needs_node]

VERIFIER = "a-verifier-of-the-front-end-" + "x" * 20
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
LOGIN = "/login?" + urlencode({"code_challenge": CHALLENGE, "state": "of the front end", "next": "/inbox?a=b#c"})


def lands(visitor, application):
    """The user's address, by the code with which the browser lands at the front end."""
    expect(visitor.tab).to_have_url(re.compile(rf"^{re.escape(application)}/oauth/callback\?"))
    told = {name: values[0] for name, values in parse_qs(urlsplit(visitor.tab.url).query).items()}
    assert told.keys() == {"code", "state", "next"}
    assert (told["state"], told["next"]) == ("of the front end", "/inbox?a=b#c")
    body = {"code": told["code"], "code_verifier": VERIFIER}
    token = visitor.service.call("POST", "/api/auth/exchange", body).json()["token"]
    return visitor.service.call("GET", "/api/users/me", token=token).json()["email"]


def test_login_for_a_front_end_asks_before_it_uses_a_live_session(beside, application, visit):
    alice = visit(beside)
    alice.registers("alice")
    alice.opens(LOGIN)
    alice.reads(f"You go on to {urlsplit(application).netloc} afterwards.")
    alice.logs_in()
    assert lands(alice, application) == alice.email
    alice.opens(LOGIN)
    alice.reads(f"You are logged in as {alice.email}. Continue to {urlsplit(application).netloc} with this account?")
    alice.presses("Continue")
    assert lands(alice, application) == alice.email
    alice.logged_in_an_hour_ago()
    alice.opens(LOGIN)
    alice.presses("Continue")
    alice.reads("For your security, please log in again to continue.")
    alice.logs_in()
    assert lands(alice, application) == alice.email
    alice.opens(LOGIN)
    alice.presses("Use another account")
    alice.registers("bob")
    alice.logs_in()
    assert lands(alice, application) == alice.email


@in_make_pages
def test_login_for_a_front_end_survives_a_registration(beside, application, visit):
    erin = visit(beside)
    erin.opens(LOGIN)
    erin.follows("Create an account")
    erin.fills("Email address", "erin@example.org")
    erin.fills("Password", "a password of seven words, by Erin")
    erin.presses("Create an account")
    assert lands(erin, application) == "erin@example.org"
    erin.opens("/account")
    expect(erin.tab.get_by_role("link", name="Back to the application")).to_have_attribute("href", application)


@in_make_pages
def test_login_for_a_front_end_survives_a_sign_in_by_a_provider(beside, application, visit):
    dave = visit(beside)
    dave.opens(LOGIN)
    dave.presses("Continue with Google")
    dave.signs_in_at_google("dave")
    assert lands(dave, application) == "dave@gmail.com"


@in_make_pages
def test_registration_by_mail_in_another_browser_leads_back_to_the_front_end(services, application, visit):
    service = services(PAGES="on", FRONTEND_URL=application, REGISTRATION="verified")
    erin = visit(service)
    erin.opens(LOGIN)
    erin.follows("Create an account")
    erin.fills("Email address", "erin@example.org")
    erin.presses("Send the mail")
    link = erin.gets_the_link("erin@example.org", "/register/confirm")
    elsewhere = visit(service)
    elsewhere.opens(link)
    elsewhere.fills("Password", "a password of seven words, by Erin")
    elsewhere.presses("Create the account")
    elsewhere.reads("Your account is ready. Go back to the application to use it there.")
    elsewhere.follows("Back to the application")
    expect(elsewhere.tab).to_have_url(f"{application}/")
    erin.follows("I have an account")  # the tab of the request still has it
    erin.email, erin.password = "erin@example.org", "a password of seven words, by Erin"
    erin.logs_in()
    assert lands(erin, application) == erin.email


@in_make_pages
def test_logout_reaches_a_tab_that_asks_whether_to_continue(beside, application, visit):
    alice = visit(beside)
    alice.is_logged_in("alice")
    second = visit(beside, context=alice.context)
    second.email, second.password = alice.email, alice.password
    second.opens("/login")
    second.logs_in()
    second.is_at("/account")
    second.opens(LOGIN)
    second.reads("You are logged in as")
    alice.presses("Log out")
    second.reads("You were logged out in another tab.")
    second.logs_in()
    assert lands(second, application) == alice.email


@pytest.mark.parametrize("challenge", ["", "too-short"])
def test_incomplete_request_of_a_front_end_is_refused_in_words(beside, visit, challenge):
    alice = visit(beside)
    alice.opens(f"/login?code_challenge={challenge}")
    alice.reads("The application sent an incomplete request. Go back to it, and start again.")


def test_next_leads_to_a_page_of_this_service_only(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    alice.opens("/login?next=/password/reset")
    alice.is_at("/password/reset")
    elsewhere = [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "/.//evil.example",
        "javascript:alert(1)",
        f"blob:{service.url}/x",
    ]
    for next in [*elsewhere, "/login", "http://[", "data:,x"]:
        alice.opens(f"/login?next={quote(next)}")
        expect(alice.tab).not_to_have_url(re.compile("/login"))
        assert alice.tab.url.startswith(f"{service.url}/")
