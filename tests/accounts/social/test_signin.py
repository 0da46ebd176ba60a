import random
import string
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as django_settings
from social_django.models import UserSocialAuth

from accounts.login.models import SessionExchangeCode
from accounts.models import User
from accounts.single_use.models import ConsumedToken
from accounts.social.signin import error_url
from sessions_api.http.errors import NotFound
from sessions_api.models import Session

from ...server import database, serving
from ...users import problem


def query(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.mark.asvs("3.7.2")
def test_sign_in_ends_at_the_front_end_with_a_session(browser, api):
    landing = browser.sign_in("dave", start={"next": "/inbox", "state": "mine"})
    assert landing.path == "/oauth/callback"
    assert (landing.told["next"], landing.told["state"]) == ("/inbox", "mine")
    session = api.check_session(landing.told["session"]).json()
    assert session["method"] == "google"
    assert session["user"] | {"id": "", "created_at": ""} == {
        "id": "",
        "email": "dave@gmail.com",
        "email_verified": True,
        "display_name": "Dave",
        "has_password": False,
        "created_at": "",
    }


@pytest.mark.asvs("10.2.3", "10.1.2")
def test_authorization_request_has_pkce_nonce_and_three_scopes(browser, google):
    asked = query(browser.start())
    assert asked["scope"].split() == ["openid", "email", "profile"]
    assert (asked["response_type"], asked["client_id"]) == ("code", "our-client-id")
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["code_challenge"]) == 43
    assert len(asked["nonce"]) == 64
    assert asked["redirect_uri"] == f"{django_settings.PUBLIC_URL}/api/auth/oauth/google/callback"


def test_authorization_request_passes_on_no_parameter_of_the_caller(browser):
    sent = {"login_hint": "x", "hd": "x", "scope": "x", "redirect_uri": "https://evil", "client_id": "x", "prompt": "x"}
    asked = query(browser.start(**sent))
    assert "x" not in asked.values()
    assert "evil" not in str(asked)


@pytest.mark.asvs("7.6.2")
def test_start_stores_nothing(browser):
    for _ in range(20):
        browser.start()
    for table in (ConsumedToken, SessionExchangeCode, UserSocialAuth, User, Session):
        assert not table.objects.exists()


@pytest.mark.asvs("3.3.2", "3.3.4")
def test_start_sets_one_cookie_that_scripts_cannot_read(browser):
    state = query(browser.start())["state"]
    (cookie,) = browser.cookies.values()
    assert cookie.key == f"latchkey-oauth-{state}"
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Lax", "/", 600)


def test_browser_keeps_five_starts_and_each_can_be_completed(browser):
    addresses = [browser.start() for _ in range(7)]
    kept = [cookie for cookie in browser.cookies.values() if cookie.value]
    assert len(kept) == 5
    assert browser.land(browser.consent(addresses[0], "dave")).error == "invalid_state"
    for address in addresses[2:]:
        assert browser.land(browser.consent(address, "dave")).path == "/oauth/callback"
    assert not [cookie for cookie in browser.cookies.values() if cookie.value]


def bytes_of_cookies(browser):
    """In the header that the browser would send."""
    return len("; ".join(f"{cookie.key}={cookie.coded_value}" for cookie in browser.cookies.values() if cookie.value))


LONG = {  # as long as possible, and hardly compressible
    "ascii": lambda length: "".join(
        random.choices(string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@", k=length)
    ),
    "four bytes each": lambda length: "".join(chr(random.randint(0x10000, 0x1FFFF)) for _ in range(length // 4)),
    "two bytes each": lambda length: "".join(chr(random.randint(0xA1, 0x7FF)) for _ in range(length // 2)),
}


@pytest.mark.parametrize("made_of", LONG.values(), ids=LONG)
def test_cookies_of_starts_stay_below_four_kibibytes_and_long_texts_go_along(browser, root, made_of):
    browser.force_login(root)
    browser.get("/admin/password_change/")  # sets the cookie against CSRF
    admin = bytes_of_cookies(browser)
    assert admin > 80
    for _ in range(6):
        next, state = "/" + made_of(996), made_of(500)
        address = browser.start(next=next, state=state)
        assert bytes_of_cookies(browser) <= 4096
    landing = browser.land(browser.consent(address, "dave"))
    assert (landing.path, landing.told["next"], landing.told["state"]) == ("/oauth/callback", next, state)
    assert [name for name in browser.cookies if "admin" in name and browser.cookies[name].value]


def test_long_start_evicts_the_oldest_starts_first(browser):
    short = [browser.start(state=LONG["ascii"](200)) for _ in range(4)]
    long = browser.start(next="/" + LONG["ascii"](999), state=LONG["ascii"](500))
    assert bytes_of_cookies(browser) <= 4096
    assert browser.land(browser.consent(short[0], "dave")).error == "invalid_state"
    for address in (short[-1], long):
        assert browser.land(browser.consent(address, "dave")).path == "/oauth/callback"


@pytest.mark.parametrize(("name", "text"), [("next", "/" + "é" * 500), ("state", "é" * 251), ("state", "x" * 501)])
def test_next_and_state_are_limited_in_bytes(browser, name, text):
    answer = browser.get("/api/auth/oauth/google", {name: text})
    assert problem(answer) == (422, "validation_error")
    assert answer.json()["errors"][0]["code"] == "string_too_long"
    assert not browser.cookies


@pytest.mark.asvs("7.6.2", "3.5.1")
@pytest.mark.parametrize("mode", ["cors", "no-cors", "same-origin", "websocket"])
def test_start_in_the_background_is_refused(browser, mode):
    answer = browser.get("/api/auth/oauth/google", headers={"Sec-Fetch-Mode": mode})
    assert problem(answer) == (403, "permission_denied")
    assert not browser.cookies


@pytest.mark.asvs("7.6.2", "3.5.1")
@pytest.mark.parametrize("destination", ["iframe", "frame", "embed", "object", "empty", "image"])
def test_start_in_a_frame_is_refused(browser, destination):
    sent = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": destination, "Sec-Fetch-Site": "cross-site"}
    assert problem(browser.get("/api/auth/oauth/google", headers=sent)) == (403, "permission_denied")
    assert not browser.cookies


SPECULATIVE = [
    {"Sec-Purpose": "prefetch"},
    {"Sec-Purpose": "prefetch;prerender"},
    {"Sec-Purpose": "prefetch;anonymous-client-ip"},
    {"Purpose": "prefetch"},
    {"X-Purpose": "preview"},
    {"X-Moz": "prefetch"},
]


@pytest.mark.parametrize("sent", SPECULATIVE, ids=str)
def test_request_ahead_of_the_user_uses_up_no_sign_in(browser, sent):
    assert problem(browser.get("/api/auth/oauth/google", headers=sent)) == (403, "permission_denied")
    assert not browser.cookies
    address = browser.consent(browser.start(), "dave")
    early = browser.get(address, headers=sent)
    assert problem(early) == (403, "permission_denied")
    assert early.headers["Cache-Control"] == "no-store"
    assert browser.land(address).path == "/oauth/callback"


def test_start_by_a_link_on_another_site_is_accepted(browser):
    sent = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site"}
    assert browser.get("/api/auth/oauth/google", headers=sent).status_code == 302


def test_start_of_a_browser_without_fetch_metadata_is_accepted(browser):
    assert browser.get("/api/auth/oauth/google").status_code == 302


@pytest.mark.parametrize("name", ["github", "facebook", "password", "x" * 300])
def test_start_at_a_provider_that_is_not_configured_is_not_found(browser, name):
    assert problem(browser.get(f"/api/auth/oauth/{name}")) == (404, "provider_not_found")


def test_config_lists_the_provider_for_the_login_page(browser, api):
    (told,) = api.call("GET", "/api/auth/config").json()["providers"]
    assert told == {
        "provider": "google",
        "name": "Google",
        "start_url": f"{django_settings.PUBLIC_URL}/api/auth/oauth/google",
    }


@pytest.mark.asvs("10.1.2", "10.2.1", "2.3.1")
def test_callback_in_another_browser_is_refused(browser, other_browser):
    address = browser.consent(browser.start(), "dave")
    assert other_browser.land(address).error == "invalid_state"
    assert not User.objects.exists()
    assert browser.land(address).path == "/oauth/callback"


@pytest.mark.asvs("10.2.1", "2.3.4")
def test_callback_is_valid_once(browser, google):
    address = browser.consent(browser.start(), "dave")
    cookies = browser.cookies.copy()
    assert browser.land(address).path == "/oauth/callback"
    assert browser.land(address).error == "invalid_state"
    browser.cookies = cookies.copy()  # kept by an attacker
    assert browser.land(address).error == "sign_in_repeated"
    fresh = query(browser.consent(browser.start(), "dave"))["code"]
    browser.cookies = cookies
    assert browser.land(address.replace(query(address)["code"], fresh)).error == "sign_in_repeated"
    assert Session.objects.count() == 1


def test_start_expires_after_ten_minutes(browser, clock):
    address = browser.start()
    clock.shift(601)
    assert browser.land(browser.consent(address, "dave")).error == "invalid_state"


def test_sign_in_that_begins_at_our_pages_ends_there(browser, settings):
    settings.PAGES = True
    callback = browser.consent(browser.start(landing="pages"), "dave").partition(django_settings.PUBLIC_URL)[2]
    assert browser.get(callback).headers["Location"].startswith(f"{django_settings.PUBLIC_URL}/oauth/callback?")
    assert browser.sign_in("dave").path == "/oauth/callback"  # another one ends at the front end


def test_error_page_receives_no_other_code_than_its_own():
    assert query(error_url(NotFound())) == {"error": "server_error"}


def test_callback_before_its_start_is_refused(browser, clock):
    address = browser.start()
    clock.shift(-2)  # a second host, whose clock is behind
    assert browser.land(browser.consent(address, "dave")).error == "invalid_state"


@pytest.mark.asvs("15.3.7")
@pytest.mark.parametrize("broken", ["", "&state=another", "&state="])
def test_callback_without_exactly_one_state_is_refused(browser, broken):
    address = browser.consent(browser.start(), "dave")
    if not broken:
        address = address.replace("state=", "nostate=")
    assert browser.land(address + broken).error == "invalid_state"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "access_denied"),
        ("temporarily_unavailable", "provider_unavailable"),
        ("server_error", "provider_unavailable"),
        ("interaction_required", "provider_error"),
        ("login_required", "provider_error"),
        ("consent_required", "provider_error"),
        ("account_selection_required", "provider_error"),
        ("invalid_scope", "provider_error"),
        ("unauthorized_client", "provider_error"),
        ("an_error_of_tomorrow", "provider_error"),
    ],
)
def test_callback_error_of_the_provider_lands_as(browser, error, code):
    state = query(browser.start())["state"]
    assert browser.land(f"/api/auth/oauth/google/callback?error={error}&state={state}").error == code


def test_callback_with_access_denied_lands_on_the_error_page(browser):
    state = query(browser.start(state="mine"))["state"]
    landing = browser.land(f"/api/auth/oauth/google/callback?error=access_denied&state={state}")
    assert landing.error == "access_denied"
    assert landing.told["state"] == "mine"


@pytest.mark.asvs("16.5.1")
@pytest.mark.parametrize("error", ["<script>", "x\r\nSet-Cookie: a=b", "y" * 10_000, "invalid_request", "server_error"])
def test_callback_error_of_the_provider_is_not_passed_on(browser, error):
    state = query(browser.start())["state"]
    answer = browser.get(
        "/api/auth/oauth/google/callback", {"error": error, "error_description": error, "state": state}
    )
    assert answer.status_code == 302
    assert query(answer.headers["Location"])["error"] in {"provider_error", "access_denied", "provider_unavailable"}
    stranger = browser.get("/api/auth/oauth/google/callback", {"error": error})
    assert query(stranger.headers["Location"]) == {"error": "invalid_state"}


@pytest.mark.asvs("3.7.2", "1.2.2")
@pytest.mark.parametrize(
    "path",
    [
        "//evil",
        "///evil",
        "https:evil",
        "https:///evil",
        "/\\evil",
        "\\\\evil",
        "http://good@evil",
        "javascript:x()",
        "/a\r\nX: y",
        "/\t/evil",
        "/a\0",
        "inbox",
        "/" + "x" * 10_000,
    ],
)
def test_next_must_be_a_path_on_the_front_end(browser, path):
    answer = browser.get("/api/auth/oauth/google", {"next": path})
    assert problem(answer) == (422, "validation_error")
    assert not browser.cookies


@pytest.mark.asvs("3.4.5", "14.3.2")
def test_callback_is_not_cached_and_sends_no_referrer(browser):
    address = browser.consent(browser.start(), "dave")
    answer = browser.get("/api/auth/oauth/google/callback?" + urlsplit(address).query)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.asvs("10.1.1")
def test_sign_in_leaves_no_cookie_and_stores_no_token_of_the_provider(browser):
    browser.sign_in("dave")
    assert not [cookie for cookie in browser.cookies.values() if cookie.value]
    assert browser.get("/admin/").status_code == 302
    row = UserSocialAuth.objects.get()
    assert (row.provider, row.uid, row.id_key, row.extra_data) == ("google", "dave", "", {})


def test_sign_in_ignores_the_admin_session(browser, root):
    browser.force_login(root)
    landing = browser.sign_in("dave")
    assert landing.path == "/oauth/callback"
    assert UserSocialAuth.objects.get().user.email == "dave@gmail.com"
    assert not root.social_auth.exists()


@pytest.mark.once
@pytest.mark.asvs("3.3.1", "3.3.3")
def test_cookie_has_the_host_prefix_over_https(provider, tmp_path):
    env = {"PUBLIC_URL": "https://auth.example.org", "GOOGLE_OIDC_ENDPOINT": provider}
    env |= {"GOOGLE_CLIENT_ID": "x", "GOOGLE_CLIENT_SECRET": "x"}
    with database(tmp_path) as url, serving(log=tmp_path / "log", DATABASE_URL=url, **env) as server:
        answer = server.call("GET", "/api/auth/oauth/google", allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-latchkey-oauth-")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
