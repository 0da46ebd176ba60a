"""The pages that mails lead to, from the mail of a real SMTP server to the end."""

import re

import pytest
from playwright.sync_api import expect

from ...browser import in_make_pages, needs_chromium
from ..social.npm_provider import needs_node

pytestmark = [pytest.mark.once, needs_chromium("no test opens the pages that mails lead to"), needs_node]


def test_link_to_verify_the_address_goes_over_the_login_in_a_new_tab(service, visit):
    alice = visit(service)
    alice.registers("alice")
    link = alice.gets_the_link(alice.email, "/email/verify")
    alice.opens(link)
    alice.reads("Log in to confirm your email address.")
    assert "#" not in alice.tab.url
    alice.logs_in()
    alice.is_at("/account")
    alice.reads("Your email address is confirmed.")
    expect(alice.tab.locator("[data-verified]")).to_have_text("confirmed")
    alice.opens(link)  # once more
    alice.reads("Your email address is confirmed.")
    alice.opens("/email/verify")
    alice.reads("The link is incomplete. Open it again from the mail, or copy all of it.")


@in_make_pages
def test_link_to_verify_the_address_can_be_sent_again(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    alice.gets_the_link(alice.email, "/email/verify")
    alice.mails.mails.clear()
    alice.presses("Send the confirmation mail again")
    alice.reads(f"We sent a mail to {alice.email}. Follow the link in it.")
    alice.opens(alice.gets_the_link(alice.email, "/email/verify"))
    alice.reads("Your email address is confirmed.")


@in_make_pages
def test_changed_address_is_undone_by_the_mail_to_the_old_one(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    alice.opens(alice.gets_the_link(alice.email, "/email/verify"))
    alice.reads("Your email address is confirmed.")
    new = f"new-{alice.email}"
    alice.fills("New email address", new)
    alice.presses("Change the address")
    alice.reads(f"We sent a mail to {new}. Follow the link in it.")
    alice.opens(alice.gets_the_link(new, "/email/change"))
    alice.reads("Your account has the new email address now.")
    alice.reads(new)

    alice.opens(alice.gets_the_link(alice.email, "/secure"))
    alice.presses("This wasn't me: secure my account")
    alice.reads("Your account is safe: all sessions have ended. We sent you a mail to choose a new password.")
    alice.opens(alice.gets_the_link(alice.email, "/password/reset"))
    alice.reads("All sessions of your account end with this step.")


def test_forgotten_password_is_replaced_by_mail(service, visit):
    alice = visit(service)
    alice.registers("alice")
    alice.opens("/login")
    alice.follows("Forgot your password?")
    alice.fills("Email address", alice.email)
    alice.presses("Send the mail")
    alice.reads(f"If {alice.email} has an account here, a mail is on its way. Follow the link in it within an hour.")
    link = alice.gets_the_link(alice.email, "/password/reset")
    alice.opens("about:blank")
    alice.opens(link)
    alice.follows("Deutsch")  # the token stays in this tab
    alice.follows("English")
    alice.fills("New password", "password")
    alice.presses("Set the new password")
    field = alice.tab.get_by_label("New password")
    expect(field).to_have_accessible_description(re.compile("Many users have this password."))
    alice.password = "seven new words that Alice chose"
    alice.fills("New password", alice.password)
    alice.presses("Set the new password")
    alice.is_at("/login")
    alice.reads("Your new password is set. Log in with it.")
    alice.logs_in()
    alice.is_at("/account")
    alice.opens("about:blank")
    alice.opens(link)
    alice.fills("New password", "another seven words of her own")
    alice.presses("Set the new password")
    alice.reads("This link has expired, was used before, or belongs to another account. Ask for a new mail.")
    alice.follows("Ask for a new mail")
    alice.fills("Email address", alice.email)


def test_registration_by_mail_chooses_the_password_after_the_address(verified, visit):
    erin = visit(verified)
    erin.opens("/register")
    erin.fills("Email address", "erin@example.org")
    erin.presses("Send the mail")
    erin.reads("We sent a mail to erin@example.org. Follow the link in it.")
    erin.opens(erin.gets_the_link("erin@example.org", "/register/confirm"))
    erin.fills("Password", "a password of seven words, by Erin")
    erin.presses("Create the account")
    erin.is_at("/account")
    expect(erin.tab.locator("[data-verified]")).to_be_visible()
