"""Logging in and registering on the service's own pages, in a browser."""

import pytest
from playwright.sync_api import expect

from ...browser import needs_chromium
from ..social.npm_provider import needs_node

pytestmark = [pytest.mark.once, needs_chromium("no test opens the service's own pages"), needs_node]


def test_login_page_logs_in_and_shows_the_account(service, visit):
    alice = visit(service)
    alice.registers("alice")
    alice.opens("/")
    alice.is_at("/login")
    alice.logs_in()
    alice.is_at("/account")
    alice.reads(alice.email)
    alice.opens("/login")
    alice.is_at("/account")


def test_login_page_explains_a_refusal_and_keeps_what_was_typed(service, visit):
    alice = visit(service)
    alice.registers("alice")
    right, alice.password = alice.password, "not the password"
    alice.opens("/login")
    alice.presses("Log in")
    address, field = alice.tab.get_by_label("Email address"), alice.tab.get_by_label("Password", exact=True)
    expect(address).to_be_focused()
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(address).to_have_accessible_description("Please fill in this field.")
    alice.logs_in()
    expect(alice.tab.get_by_role("alert")).to_have_text("The email address or the password is wrong.")
    expect(address).to_have_value(alice.email)
    expect(address).not_to_have_attribute("aria-invalid", "true")
    alice.presses("Show password")
    expect(field).to_have_attribute("type", "text")
    expect(alice.tab.get_by_role("button", name="Hide password")).to_be_visible()
    alice.fills("Password", right)
    field.press("Enter")
    alice.is_at("/account")


def test_three_actions_lead_from_the_address_of_the_service_to_an_account(service, visit):
    erin = visit(service)
    erin.opens("/")
    erin.follows("Create an account")
    erin.fills("Email address", "erin@example.org")
    erin.fills("Password", "a password of seven words, by Erin")
    erin.presses("Create an account")
    erin.is_at("/account")
    erin.reads("We sent a mail to erin@example.org. Follow the link in it.")


def test_registration_page_explains_the_rules_of_passwords(service, visit):
    erin = visit(service)
    erin.opens("/register")
    erin.fills("Email address", "another-erin@example.org")
    erin.fills("Password", "short")
    erin.presses("Create an account")
    expect(erin.tab.get_by_label("Password", exact=True)).to_have_accessible_description(
        "At least 8 characters. A few words that only you would choose are good. Use at least 8 characters."
    )
    erin.fills("Password", "a password of seven words, by Erin")
    erin.fills("Name (optional)", "Erin")
    erin.presses("Create an account")
    erin.is_at("/account")
    erin.reads("Erin")


def test_registration_of_a_known_address_is_refused_in_words(service, visit):
    bob = visit(service)
    bob.registers("bob")
    bob.opens("/register")
    bob.fills("Email address", bob.email)
    bob.fills("Password", "another password for bob")
    bob.presses("Create an account")
    bob.reads("This address already has an account. Log in with it, or choose a new password.")
