"""The account page: what a user changes, sees and ends there."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ...browser import in_make_pages, needs_chromium
from ..social.npm_provider import needs_node

pytestmark = [pytest.mark.once, needs_chromium("no test opens the account page"), needs_node]


def test_account_page_saves_a_name_with_markup_as_text(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    alice.fills("Your name", "<b>Alice</b><img src=x onerror=alert(1)>")
    alice.presses("Save")
    alice.reads("Your name is saved.")
    alice.tab.reload()
    alice.reads("<b>Alice</b><img src=x onerror=alert(1)>")
    assert alice.tab.locator("b, img").count() == 0


@in_make_pages
def test_password_manager_is_led_to_the_password_form_over_the_login(service, visit):
    alice = visit(service)
    alice.registers("alice")
    alice.opens("/.well-known/change-password")
    alice.is_at("/login?next=%2Faccount%23password-title")
    alice.logs_in()
    alice.is_at("/account#password-title")
    expect(alice.tab.get_by_label("New password")).to_be_in_viewport()


def test_account_page_changes_the_password(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    alice.fills("Current password", "not the password")
    alice.fills("New password", "seven new words that Alice chose")
    alice.presses("Set the new password")
    field = alice.tab.get_by_label("Current password")
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description("This password is wrong. Please try again.")
    alice.fills("Current password", alice.password)
    alice.presses("Set the new password")
    alice.reads("Your new password is set. All other sessions have ended.")
    expect(alice.tab.locator("#sessions li")).to_have_count(1)
    assert alice.service.call("GET", "/api/auth/session", token=alice.token).status_code == 401
    alice.presses("Log out")
    alice.reads("You are logged out.")
    alice.password = "seven new words that Alice chose"
    alice.logs_in()
    alice.is_at("/account")


def test_account_page_asks_for_the_password_before_it_ends_a_session(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    alice.logged_in_an_hour_ago()
    dialog = alice.tab.get_by_role("dialog", name="Is it you?")
    end = alice.tab.get_by_role("button", name="End: Chrome on Android")
    end.click()
    expect(dialog).to_be_visible()
    alice.has_no_violation()
    alice.tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(end).to_be_focused()
    end.click()
    dialog.get_by_label("Password", exact=True).fill("not the password")
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog.get_by_label("Password", exact=True)).to_have_accessible_description(
        "This password is wrong. Please try again."
    )
    dialog.get_by_label("Password", exact=True).fill(alice.password)
    dialog.get_by_role("button", name="Confirm").click()
    expect(dialog).to_be_hidden()
    alice.reads("The session has ended.")
    expect(alice.tab.locator("#sessions li")).to_have_count(1)
    assert alice.service.call("GET", "/api/auth/session", token=alice.token).status_code == 401


def test_account_page_ends_all_other_sessions(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    expect(alice.tab.locator("#sessions li")).to_have_count(2)
    alice.presses("End all other sessions")
    alice.reads("All other sessions have ended.")
    expect(alice.tab.locator("#sessions li")).to_have_text([re.compile("this session")])
    expect(alice.tab.get_by_role("button", name="End all other sessions")).to_be_hidden()


@in_make_pages
def test_account_page_shows_more_events_at_a_press(service, visit):
    alice = visit(service)
    alice.registers("alice")
    for _ in range(10):
        alice.service.call("POST", "/api/auth/login", {"email": alice.email, "password": alice.password})
    alice.opens("/login")
    alice.logs_in()
    events = alice.tab.locator("#events li")
    expect(events).to_have_count(10)
    more = alice.tab.get_by_role("button", name="Show more")
    more.click()
    expect(more).to_be_hidden()
    expect(events.last).to_contain_text("Account created")


@in_make_pages
def test_account_page_downloads_and_deletes_the_account(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    with alice.tab.expect_download() as download:
        alice.presses("Download your data")
    assert json.loads(Path(download.value.path()).read_text())["user"]["email"] == alice.email
    alice.presses("Delete the account…")
    dialog = alice.tab.get_by_role("dialog", name="Delete the account?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    alice.tab.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    alice.presses("Delete the account…")
    dialog.get_by_role("button", name="Delete for good").click()
    alice.is_at("/login")
    alice.reads("Your account is deleted.")
    alice.logs_in()
    alice.reads("The email address or the password is wrong.")


def test_logout_reaches_the_other_tabs_of_the_user(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    second = visit(service, context=alice.context)
    second.email, second.password = alice.email, alice.password
    second.opens("/login")
    second.logs_in()
    second.is_at("/account")
    bob = visit(service, context=alice.context)
    bob.is_logged_in("bob")
    alice.presses("Log out")
    alice.is_at("/login")
    second.reads("You were logged out in another tab.")
    second.is_at("/login")
    bob.tab.reload()
    bob.reads(bob.email)


@in_make_pages
def test_revoked_session_leads_to_the_login(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    alice.reads(alice.email)
    alice.service.call("DELETE", "/api/auth/sessions", token=alice.token)
    alice.presses("Save")
    alice.is_at("/login")
    alice.reads("Your session has ended. Please log in again.")


@in_make_pages
def test_back_button_shows_no_account_after_the_logout(service, visit):
    alice = visit(service)
    alice.opens("/register")
    alice.is_logged_in("alice")
    alice.presses("Log out")
    alice.reads("You are logged out.")
    alice.tab.go_back()
    expect(alice.tab.get_by_text(alice.email)).to_have_count(0)
    alice.is_at("/register")


def test_session_token_is_in_session_storage_only(service, visit):
    alice = visit(service)
    alice.is_logged_in("alice")
    assert alice.tab.evaluate("JSON.parse(sessionStorage['latchkey.session']).token").startswith("s_")
    assert "s_" not in alice.tab.evaluate("JSON.stringify(localStorage)")
    assert alice.context.cookies() == []


@in_make_pages
def test_slow_network_shows_progress_and_sends_once(service, visit):
    alice = visit(service)
    alice.registers("alice")
    alice.opens("/login")
    waiting = []
    alice.tab.route("**/api/auth/login", lambda route: waiting.append(route))
    alice.logs_in()
    button = alice.tab.get_by_role("button", name="Log in")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    alice.tab.get_by_label("Password", exact=True).press("Enter")
    (only,) = waiting
    only.continue_()
    alice.is_at("/account")
    assert len(waiting) == 1


@in_make_pages
def test_account_page_without_the_service_offers_to_try_again(service, visit):
    alice = visit(service)
    alice.expected = "Failed to load resource: net::ERR_FAILED"
    alice.is_logged_in("alice")
    alice.tab.route("**/api/auth/session", lambda route: route.abort())
    alice.tab.reload()
    alice.reads("The service cannot be reached. Check your connection, then try again.")
    alice.tab.unroute("**/api/auth/session")
    alice.presses("Try again")
    alice.reads(alice.email)


@in_make_pages
def test_too_many_attempts_say_how_long_to_wait(service, visit):
    alice = visit(service, locale="de")
    refusal = {"status": 429, "headers": {"Retry-After": "150"}, "json": {"error_code": "rate_limited"}}
    alice.opens("/login")
    alice.tab.route("**/api/auth/login", lambda route: route.fulfill(**refusal))
    alice.tab.get_by_label("E-Mail-Adresse").fill("alice@example.org")
    alice.tab.get_by_label("Passwort", exact=True).fill("any")
    alice.presses("Anmelden")
    alice.reads("Das waren zu viele Versuche. Bitte warten Sie 3 Minuten, und versuchen Sie es dann noch einmal.")
