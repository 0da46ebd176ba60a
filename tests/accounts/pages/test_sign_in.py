"""Sign-in by a provider on the service's own pages, and linking one."""

import re
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from ...browser import in_make_pages, needs_chromium
from ..social.npm_provider import needs_node

pytestmark = [pytest.mark.once, needs_chromium("no test signs in on the service's own pages"), needs_node]


def test_sign_in_by_a_provider_logs_in_and_the_user_sets_a_password(service, visit):
    dave = visit(service)
    dave.opens(service.url.replace("localhost", "127.0.0.1") + "/login")  # the provider comes back to PUBLIC_URL
    dave.is_at("/login")
    dave.presses("Continue with Google")
    dave.signs_in_at_google("dave")
    dave.is_at("/account")
    dave.reads("dave@gmail.com")
    assert not [url for url in dave.asked if "session=" in url]
    dave.reads("Your account has no password yet.")
    dave.logged_in_an_hour_ago()
    dave.fills("New password", "seven new words that Dave chose")
    dave.presses("Set the new password")
    dave.has_no_violation()
    dialog = dave.tab.get_by_role("dialog", name="Is it you?")
    dialog.get_by_role("button", name="Continue with Google").click()
    dave.is_at("/account")
    dave.reads("Thank you. Now repeat the last step.")
    dave.fills("New password", "seven new words that Dave chose")
    dave.presses("Set the new password")
    dave.reads("Your new password is set. All other sessions have ended.")
    expect(dave.tab.get_by_label("Current password")).to_be_visible()


@in_make_pages
def test_provider_is_linked_and_unlinked_at_the_account_page(service, visit):
    frank = visit(service)
    frank.is_logged_in("frank")
    frank.presses("Connect: Google")
    frank.signs_in_at_google("frank")
    frank.is_at("/account")
    frank.reads("Google is connected to your account.")
    frank.presses("Disconnect: Google")
    frank.reads("Google is no longer connected.")
    expect(frank.tab.get_by_role("button", name="Connect: Google")).to_be_visible()


@in_make_pages
def test_cancelled_sign_in_says_what_to_do_next_in_the_chosen_language(service, visit):
    dave = visit(service)
    dave.opens("/login?lang=de")
    dave.presses("Weiter mit Google")
    dave.tab.get_by_role("link", name="Cancel").click()
    dave.reads("Sie haben nicht zugestimmt, also ist nichts geschehen.")
    assert dave.tab.url == f"{service.url}/oauth/error"
    dave.looks("sign-in-failed")
    dave.follows("Zurück zur Anmeldung")
    dave.is_at("/login")


def test_address_of_a_failed_sign_in_chooses_no_other_sentence(service, visit):
    mallory = visit(service)
    for error in ("account_deleted", "<b>Alice</b>", "constructor", "x" * 100):
        mallory.opens(f"/oauth/error?{urlencode({'error': error})}")
        expect(mallory.tab.get_by_role("alert")).to_have_text(re.compile("^Something went wrong on our side"))


def test_sign_in_that_began_elsewhere_is_refused(service, visit):
    dave = visit(service)
    dave.opens(f"/oauth/callback?code={'x' * 43}&next=/account")
    dave.reads("That took too long, or began in another browser. Please try again.")
    dave.follows("Try again")
    dave.is_at("/login")
