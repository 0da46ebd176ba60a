"""What all pages have in common: their look, their size, their policy and their languages."""

import ast
import gzip
import re
import shutil
from gettext import GNUTranslations

import pytest
from playwright.sync_api import expect

from accounts.pages.languages import languages
from accounts.pages.texts import EVENTS, FIELDS, REFUSALS, TEXTS
from accounts.pages.urls import PAGES
from accounts.pages.views import rendered
from accounts.social.signin import LANDING_CODES
from sessions_api.events.tags import Tag

from ...browser import needs_chromium
from ...server import ROOT
from ..social.npm_provider import needs_node
from .conftest import looks

FOLDER = ROOT / "accounts" / "pages"
BUDGET = 30_000  # bytes of the login page over the wire

pytestmark = pytest.mark.once
in_a_browser = needs_chromium("no test looks at the service's own pages")


@pytest.fixture
def site(settings, client):
    """The pages by Django's test client, with settings that a test changes before its first request."""
    settings.ROOT_URLCONF = "accounts.pages.urls"
    caches = (languages.cache_clear, rendered.cache_clear)
    for clear in caches:
        clear()
    yield client
    for clear in caches:
        clear()


TOKEN = "#" + "x" * 43
STATES = {  # each page that needs no session, and a part that it shows then
    "reset": ("/password/reset", "#ask"),
    "reset-by-mail": (f"/password/reset{TOKEN}", "#reset"),
    "confirm-registration": (f"/register/confirm{TOKEN}", "#confirm"),
    "undo": (f"/secure{TOKEN}", "#undo"),
    "verify-without-token": ("/email/verify", "[data-alert]:not(:empty)"),
    "change-without-token": ("/email/change", "[data-alert]:not(:empty)"),
    "landing": (f"/oauth/callback?code={'x' * 43}", "[data-after]"),
    "error": ("/oauth/error?error=account_exists", "[data-alert]:not(:empty)"),
}


@in_a_browser
@needs_node
@looks
def test_each_page_fits_and_is_accessible(service, verified, beside, visit, look):
    language, scheme, device = look
    options = {"language": language, "scheme": scheme, "device": device}
    alice = visit(service, **options)
    alice.opens("/login")
    alice.looks("login")
    submit = alice.tab.locator("form button:not([type=button])").first
    submit.click()
    alice.looks("login-incomplete")
    alice.opens("/register")
    alice.tab.locator("[name=email]").fill("alice@example")
    alice.tab.locator("[name=password]").fill("password")
    alice.tab.locator("[name=display_name]").fill("<b>Alice</b>")
    submit.click()
    expect(alice.tab.locator(".error:visible").first).to_be_visible()
    alice.looks("register-refused")
    for name, (path, shown) in STATES.items():
        alice.opens(path)
        expect(alice.tab.locator(shown)).to_be_visible()
        alice.looks(name)

    alice.registers("alice-of-a-very-long-address-as-there-are-some", display_name="Alice " + "Longname" * 9)
    for _ in range(3):
        alice.service.call("POST", "/api/auth/login", {"email": alice.email, "password": alice.password})
    alice.opens("/login")
    alice.tab.locator("[name=email]").fill(alice.email)
    alice.tab.locator("[name=password]").fill(alice.password)
    submit.click()
    expect(alice.tab.locator("#events li")).to_have_count(6)
    expect(alice.tab.locator("#connections li")).to_have_count(1)
    alice.looks("account")
    alice.tab.locator("#delete").click()
    alice.looks("delete", full_page=False)

    alice.tab.keyboard.press("Escape")
    alice.tab.evaluate("document.querySelector('#again').showModal()")
    alice.looks("again", full_page=False)

    bob = visit(beside, **options)
    bob.registers("bob")
    bob.opens("/login")
    bob.tab.locator("[name=email]").fill(bob.email)
    bob.tab.locator("[name=password]").fill(bob.password)
    bob.tab.locator("form button:not([type=button])").click()
    bob.is_at("/account")
    bob.opens(f"/login?code_challenge={'x' * 43}&state=any")
    expect(bob.tab.locator("#go-on")).to_be_visible()
    bob.looks("continue")

    erin = visit(verified, **options)
    erin.opens("/register")
    erin.looks("register-verified")
    erin.tab.locator("[name=email]").fill("erin@example.org")
    erin.tab.locator("form button").click()
    expect(erin.tab.get_by_role("status")).not_to_be_empty()
    erin.looks("look-into-your-mail")


@in_a_browser
@needs_node
def test_login_page_is_small_and_paints_without_further_requests(service, visit):
    alice = visit(service)
    shifts = "new PerformanceObserver((list) => (window.shifts = [...(window.shifts ?? []), ...list.getEntries()]))"
    alice.tab.add_init_script(f"{shifts}.observe({{type: 'layout-shift', buffered: true}})")
    alice.opens("/login")
    expect(alice.tab.get_by_role("button", name="Log in")).to_be_enabled()
    needed = [url for url in alice.asked if not url.endswith("/static/pages/icon.svg")]  # fetched when all is done
    assert [url.removeprefix(service.url) for url in needed] == [
        "/login",
        "/pages/style.css",
        "/static/pages/pages.js",
    ]
    sizes = [len(gzip.compress(service.call("GET", url.removeprefix(service.url)).content, 6)) for url in needed]
    assert sum(sizes) <= BUDGET
    assert alice.tab.evaluate("window.shifts ?? []") == []


@in_a_browser
@needs_node
def test_policy_of_the_pages_stops_inline_code_markup_and_other_sites(service, visit):
    mallory = visit(service)
    mallory.expected = ".*"  # the browser says what it refused
    mallory.opens("/login")
    refused = """async () => {
        const script = document.createElement("script")
        const outcomes = [
            () => (document.body.innerHTML = "<b>Alice</b>"),
            () => (script.textContent = "window.ran = true"),
            () => setTimeout("window.ran = true"),
            () => fetch("http://127.0.0.1:9/"),
            () => new Promise((done, failed) => new Worker("/static/pages/pages.js").onerror = failed),
        ].map(async (attempt) => attempt())
        return (await Promise.allSettled(outcomes)).map(({status}) => status)
    }"""
    assert mallory.tab.evaluate(refused) == ["rejected"] * 5
    assert mallory.tab.evaluate("window.ran") is None


@in_a_browser
@needs_node
def test_page_without_javascript_says_so_in_one_line(service, visit):
    alice = visit(service, java_script_enabled=False)
    alice.opens("/login")
    assert alice.tab.locator("main").inner_text().strip() == (
        "This page needs JavaScript. Please switch it on in your browser."
    )


@in_a_browser
@needs_node
def test_page_that_did_not_load_completely_says_so(service, visit):
    alice = visit(service)
    alice.expected = "Failed to load resource: net::ERR_FAILED"
    alice.tab.route("**/pages.js", lambda route: route.abort())
    alice.opens("/login")
    told = alice.tab.get_by_text("This page has not loaded completely. Please reload it.")
    expect(told).to_be_hidden()
    alice.tab.evaluate("for (const animation of document.getAnimations()) animation.finish()")
    expect(told).to_be_visible()
    expect(alice.tab.get_by_role("button", name="Log in")).to_be_disabled()
    alice.tab.unroute("**/pages.js")
    alice.tab.reload()
    expect(alice.tab.get_by_role("button", name="Log in")).to_be_enabled()
    expect(told).to_be_hidden()


@in_a_browser
@needs_node
def test_browser_that_keeps_no_data_is_told_what_to_do(service, visit):
    alice = visit(service)
    forbid = "Object.defineProperty(window, 'sessionStorage', {get() { throw new DOMException('', 'SecurityError') }})"
    alice.tab.add_init_script(forbid)
    alice.opens("/login")
    alice.reads("Your browser keeps no data for this site. Allow it in the settings, then reload the page.")


@in_a_browser
@needs_node
def test_chosen_language_stays_over_links_and_logins(service, visit):
    alice = visit(service)
    alice.registers("alice")
    alice.opens("/login")
    alice.follows("Deutsch")
    alice.follows("Konto erstellen")
    alice.follows("Ich habe ein Konto")
    alice.tab.get_by_label("E-Mail-Adresse").fill(alice.email)
    alice.tab.get_by_label("Passwort", exact=True).fill(alice.password)
    alice.presses("Anmelden")
    alice.reads("Ihr Konto")
    alice.follows("English")
    alice.reads("Your account")


@in_a_browser
@needs_node
def test_login_works_by_keyboard_alone(service, visit):
    alice = visit(service)
    alice.registers("alice")
    alice.opens("/login")
    expect(alice.tab.get_by_role("button", name="Log in")).to_be_enabled()
    reached = []
    for _ in range(6):
        alice.tab.keyboard.press("Tab")
        focused = "[document.activeElement.name || document.activeElement.textContent, "
        outline = "getComputedStyle(document.activeElement).outlineStyle]"
        name, style = alice.tab.evaluate(focused + outline)
        assert style == "solid", f"no visible focus: {name}"
        reached.append(name)
        if name in {"email", "password"}:
            alice.tab.keyboard.type(getattr(alice, name))
    assert reached == ["Example", "Continue with Google", "email", "password", "Show", "Log in"]
    alice.tab.keyboard.press("Enter")
    alice.is_at("/account")


def test_each_page_has_the_policy_and_is_asked_for_again(site):
    for path in [*PAGES, "pages/style.css"]:
        answer = site.get(f"/{path}")
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert "trusted-types 'none'" in answer.headers["Content-Security-Policy"]
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")
        again = site.get(f"/{path}", headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Content-Security-Policy"] == answer.headers["Content-Security-Policy"]


def test_pages_have_no_inline_code_or_style(site):
    for path in PAGES:
        page = site.get(f"/{path}").content.decode()
        assert not re.search(r"\s(style|on\w+)=|<style|javascript:", page)
        assert set(re.findall("<script ([^>]*)>", page)) == {
            'type="module" src="/static/pages/pages.js"',
            'id="config" type="application/json"',
            'id="texts" type="application/json"',
        }


@pytest.mark.parametrize(
    ("accepted", "query", "language"),
    [
        ("", "", "en"),
        ("de-AT,en;q=0.5", "", "de"),
        ("fr", "", "en"),
        ("de", "?lang=en", "en"),
        ("en", "?lang=xx", "en"),
    ],
)
def test_language_is_that_of_the_browser_or_the_chosen_one(site, accepted, query, language):
    answer = site.get(f"/login{query}", headers={"Accept-Language": accepted})
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}" dir="ltr">' in answer.content.decode()


def test_closed_registration_offers_no_account(site, settings):
    settings.REGISTRATION = "closed"
    assert "by invitation only" in site.get("/register").content.decode()
    assert "<form" not in site.get("/register").content.decode()
    assert "/register" not in site.get("/login").content.decode()


def test_logo_and_theme_are_replaced_by_the_operator(site, settings, tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "theme.css").write_text(":root { --accent: #663399; }")
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    settings.SITE_NAME, settings.PAGES_LOGO = "Example", "/static/logo.png"
    assert site.get("/pages/style.css").content.decode().startswith(":root { --accent: #663399; }")
    assert '<img src="/static/logo.png" alt="Example">' in site.get("/login").content.decode()


def test_language_of_the_operator_is_offered(site, settings, tmp_path):
    shutil.copytree(FOLDER / "locale" / "de", tmp_path / "fr")
    shutil.copytree(ROOT / "accounts" / "mail" / "locale" / "de", tmp_path / "it")  # of the mails only
    settings.LOCALE_PATHS = [tmp_path]
    page = site.get("/login", headers={"Accept-Language": "fr"}).content.decode()
    assert '<html lang="fr"' in page
    assert "Anmelden" in page
    assert re.findall('data-language="([^"]+)"', page) == ["de", "en"]
    assert re.findall('data-language="([^"]+)"', site.get("/login").content.decode()) == ["de", "fr"]


def test_password_managers_find_the_password_form(site):
    answer = site.get("/.well-known/change-password")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account#password-title")
    account = site.get("/account").content.decode()
    assert 'id="password-title"' in account
    assert {"username", "current-password", "new-password", "name", "email"} <= set(
        re.findall('autocomplete="([^"]+)"', account)
    )
    assert 'passwordrules="minlength: 8; maxlength: 128;"' in account


def test_each_event_has_a_sentence():
    assert EVENTS.keys() == set(Tag.values) - {Tag.DELETED}


def test_each_end_of_a_sign_in_has_a_sentence():
    assert REFUSALS.keys() >= LANDING_CODES


@pytest.mark.django_db
def test_each_field_that_is_too_long_has_a_sentence(client):
    sent = {"email": "alice@example.org", "password": "x" * 200}
    for path, more in {"/api/auth/login": {}, "/api/auth/register": {"display_name": "x" * 300}}.items():
        errors = client.post(path, sent | more, content_type="application/json").json()["errors"]
        assert errors
        assert {error["code"] for error in errors} <= FIELDS.keys()


def sentences():
    """Each English sentence of the templates and of texts.py."""
    for texts in TEXTS.values():
        yield from map(str, texts.values())
    for template in (FOLDER / "templates" / "pages").iterdir():
        text = template.read_text()
        yield from re.findall(r'{% translate "([^"]+)"', text)
        for block in re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", text):
            yield block.replace("{{ ", "%(").replace(" }}", ")s")


def test_each_sentence_has_a_translation_in_each_language():
    catalogs = list(FOLDER.glob("locale/*/LC_MESSAGES/django.po"))
    assert catalogs
    for catalog in catalogs:
        found = re.findall(r'^msgid (".*")\nmsgstr (".*")$', catalog.read_text(), re.MULTILINE)
        source = {ast.literal_eval(key): ast.literal_eval(value) for key, value in found}
        source.pop("", None)
        assert source.keys() == set(sentences())
        for key, value in source.items():
            assert value, key
            assert sorted(re.findall(r"{\w+}|%\(\w+\)s", key)) == sorted(re.findall(r"{\w+}|%\(\w+\)s", value))
        with catalog.with_suffix(".mo").open("rb") as compiled:
            translations = GNUTranslations(compiled)._catalog
        assert {key: value for key, value in translations.items() if key} == source
