"""The client of docs/clients.md in two tabs of a real Chromium, behind the nginx of docs/front-end-hosting.md."""

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler
from threading import Event
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import requests
import urllib3
from playwright.sync_api import expect

from ...browser import GIVE_UP_AFTER, answering, chromium, documented, needs_chromium
from ...npm import node
from ...server import ROOT, database, free_port, serving, wait_until_up
from .package import built, bundle, client_module, needs_node

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
in_make_clients = pytest.mark.skipif("ALL_CLIENTS" not in os.environ, reason="Only `make clients` runs this.")
PASSWORD = "correct horse battery"
PAGE = """<!doctype html><meta charset="utf-8"><title>A front end</title>
<p id="told"></p><button>Try again</button>
<script src="/ui.js"></script><script type="module" src="/app.js"></script>
"""
UI = """const show = (text) => (document.querySelector("#told").textContent = text);
const showApp = (user) => show(`logged in: ${user.email}`);
const showLogin = () => show("log in, please");
function showUnreachable(again) {
  show("cannot be reached");
  document.querySelector("button").onclick = again;
}
"""

pytestmark = [pytest.mark.once, pytest.mark.postgres]
with_chromium = needs_chromium("no test runs the client of docs/clients.md")
behind_nginx = pytest.mark.skipif(
    not NGINX,
    reason="NO NGINX, so no test runs that of front-end-hosting.md: install one, e.g. `apt-get install nginx-light`.",
)


def in_chromium(test):
    return with_chromium(needs_node(test))


def write_front_end(folder, api, store="localStorage"):
    """Write the documented files, for an API at this address, and the client in one file."""
    files = {"index.html": PAGE, "ui.js": UI, "client.js": client_module(api, store)}
    files["app.js"] = documented("clients.md", "js", "At page load")
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "bare.html").write_text("<!doctype html><title>A page without any script</title>")
    (folder / "react.html").write_text(
        '<!doctype html><p id="root"></p><script type="module" src="/react.js"></script>'
    )
    if node():
        shutil.copy(built() / "dist" / "latchkey.js", folder)
        bundle(built() / "test" / "react.page.mjs", folder / "react.js")


class FrontEnd(SimpleHTTPRequestHandler):
    def end_headers(self):
        name, _, value = documented("token-storage.md", "http", "In a browser").partition(": ")
        self.send_header(name, value.strip().replace("http://localhost:8000", self.server.api))
        super().end_headers()

    def log_message(self, *_):
        pass


class RecordingProxy(BaseHTTPRequestHandler):
    """A proxy between browser and service. It records requests, and refuses or delays those that a test chooses."""

    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        recorder, path = self.server, urlsplit(self.path).path
        if self.command != "OPTIONS" and recorder.refusals[path]:
            status, headers = recorder.refusals[path].pop()
            headers |= {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
            content = b"<h1>A proxy's own words</h1>"
        else:
            sent = {name: value for name, value in self.headers.items() if name != "Connection"}
            options = {"headers": sent, "data": body, "timeout": 30, "allow_redirects": False}
            answer = requests.request(self.command, recorder.to + self.path, **options)
            status, headers, content = answer.status_code, answer.headers, answer.content
        recorder.seen.append((self.command, path, status))
        if self.command != "OPTIONS" and path in recorder.held:
            assert recorder.held.pop(path).wait(20)
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in {"content-length", "connection", "date", "server", "transfer-encoding"}:
                self.send_header(name, value)
        self.send_header("Content-Length", len(content))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = do_OPTIONS = pass_on  # noqa: N815

    def log_message(self, *_):
        pass


@contextmanager
def recording(url):
    with answering(RecordingProxy) as recorder:
        recorder.url, recorder.to = f"http://localhost:{recorder.server_port}", url
        recorder.seen, recorder.refusals, recorder.held = [], defaultdict(list), {}
        yield recorder


@contextmanager
def front_end(folder, api, store):
    """A front end on an origin of its own, which is another site for a browser."""
    write_front_end(folder, api, store)
    with answering(partial(FrontEnd, directory=folder)) as server:
        server.url, server.api = f"http://127.0.0.1:{server.server_port}", api
        yield server


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """The service with the settings of the page for nginx. Front ends of other origins may call it as well."""
    folder = tmp_path_factory.mktemp("clients")
    with ExitStack() as stack:
        service_port, nginx_port = free_port(), free_port()
        recorder = stack.enter_context(recording(f"http://127.0.0.1:{service_port}"))
        shared = stack.enter_context(front_end(folder / "shared", recorder.url, "localStorage"))
        alone = stack.enter_context(front_end(folder / "alone", recorder.url, "sessionStorage"))
        same = f"http://localhost:{nginx_port}"
        settings = documented("front-end-hosting.md", "ini", "One origin").replace("https://app.example.org", same)
        env = dict(line.split("=", 1) for line in settings.split())
        env |= {
            "CORS_ALLOWED_ORIGINS": f"{shared.url},{alone.url}",
            "GITHUB_CLIENT_ID": "x",
            "GITHUB_CLIENT_SECRET": "y",
        }
        env["DATABASE_URL"] = stack.enter_context(database(folder))
        service = stack.enter_context(serving(port=service_port, log=folder / "log", **env))
        service.recorder, service.shared, service.alone, service.same = recorder, shared, alone, same
        service.folder, service.database = folder, env["DATABASE_URL"]
        yield service


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


ASKS = 'latchkey.api.GET("/api/users/me").then(({ data }) => data)'


class Refused(Exception):
    """The status, code and Retry-After that the client threw."""


class Tab:
    def __init__(self, context, url):
        context.set_default_timeout(GIVE_UP_AFTER)
        self.page, self.url = context.new_page(), url
        self.told = self.page.locator("#told")
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: "Security Policy" in said.text and self.complaints.append(said.text))

    def opens(self, path="/"):
        self.page.goto(self.url + path)
        return self

    def reads(self, text):
        expect(self.told).to_have_text(text, timeout=GIVE_UP_AFTER)

    def begins(self, code):
        """Start this in the client without waiting for it."""
        self.page.evaluate(
            f"""() => {{ window.doing = import("/client.js").then(async ({{ latchkey }}) => {code}).then(
                (done) => ({{ done }}), ({{ status, code, retryAfter }}) => ({{ refused: [status, code, retryAfter] }})
            ) ; }}"""
        )

    def ends(self):
        outcome = self.page.evaluate("window.doing")
        if "refused" in outcome:
            raise Refused(*outcome["refused"])
        return outcome.get("done")

    def does(self, code):
        self.begins(code)
        return self.ends()

    def asks(self):
        return self.does(ASKS)

    def logs_in(self, user, password=PASSWORD):
        self.does(f'latchkey.login({{ email: "{user}", password: "{password}" }})')

    def is_refused(self, code):
        with pytest.raises(Refused) as refusal:
            self.does(code)
        return refusal.value.args

    @property
    def token(self):
        stored = "localStorage['latchkey.session'] ?? sessionStorage['latchkey.session'] ?? null"
        return self.page.evaluate(f"JSON.parse({stored})?.token")


@pytest.fixture
def tab(browser, service):
    """A function that opens tabs of one new browser profile."""
    service.recorder.seen.clear()
    context, tabs = browser.new_context(), []

    def tab(url=service.shared.url):
        tabs.append(Tab(context, url))
        return tabs[-1]

    yield tab
    context.close()
    assert not [complaint for opened in tabs for complaint in opened.complaints]
    assert not any(service.recorder.refusals.values()), "a refusal that no request met"


@pytest.fixture
def alice(service):
    return user(service, "alice")


def user(service, name):
    """The email address of this user, registered once."""
    email = f"{name}@example.org"
    answer = service.call("POST", "/api/auth/register", {"email": email, "password": PASSWORD})
    assert answer.status_code in {201, 409}
    return email


def seen(service, path):
    return [
        (method, status) for method, where, status in service.recorder.seen if where == path and method != "OPTIONS"
    ]


RENEWS = f'latchkey.reauthenticate({{ password: "{PASSWORD}" }})'
LIVE, DEAD = ("GET", 200), ("GET", 401)


@in_chromium
@pytest.mark.asvs("14.3.3", "14.3.1")
def test_client_shows_the_logged_in_user_with_one_request(service, tab, alice):
    one = tab().opens()
    one.reads("log in, please")
    assert seen(service, "/api/auth/session") == []
    one.logs_in(alice)
    one.opens().reads("logged in: alice@example.org")
    assert seen(service, "/api/auth/session") == [LIVE]
    assert one.page.evaluate("[localStorage, sessionStorage].flatMap(Object.keys).sort()") == [
        "latchkey.device",
        "latchkey.session",
    ]
    assert one.page.evaluate("Object.keys(JSON.parse(localStorage['latchkey.session']))") == ["login", "token"]
    two = tab().opens()
    two.reads("logged in: alice@example.org")
    service.call("POST", "/api/auth/logout", token=two.token)
    two.opens().reads("log in, please")
    assert two.token is None
    one.reads("log in, please")  # the other tab learned of it


@in_chromium
def test_client_keeps_the_token_while_the_service_is_down(service, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    token = one.token
    for refusal in [(503, {"Retry-After": "3600"}), (502, {}), (500, {})]:
        service.recorder.refusals["/api/auth/session"] = [refusal]
        one.opens().reads("cannot be reached")
    one.page.route("**/api/**", lambda route: route.abort())
    one.opens().reads("cannot be reached")
    assert one.is_refused('latchkey.api.GET("/api/users/me")')[0] == 0
    one.page.unroute("**/api/**")
    one.page.get_by_role("button", name="Try again").click()
    one.reads("logged in: alice@example.org")
    assert one.token == token


@in_chromium
def test_client_reads_retry_after_and_recovers_by_itself(service, tab, alice):
    one, two = tab().opens(), tab().opens()
    one.logs_in(alice)
    two.reads("logged in: alice@example.org")
    name = urlsplit(service.database).path.strip("/")
    at_the_server = urlsplit(service.database)._replace(path="/postgres").geturl()
    with psycopg.connect(at_the_server, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        try:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            two.begins(
                'latchkey.api.PATCH("/api/users/me", { body: { display_name: "Alice" } })'
            )  # the client does not repeat a PATCH
            with one.page.expect_response("**/api/auth/session") as answered:
                one.opens()
            assert answered.value.status == 503
            with pytest.raises(Refused) as refusal:
                two.ends()
        finally:
            server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    assert refusal.value.args == (503, "service_unavailable", 2)
    one.reads("logged in: alice@example.org")
    assert seen(service, "/api/auth/session")[-2:] == [("GET", 503), LIVE]


@in_chromium
def test_client_repeats_only_safe_requests_after_a_short_retry_after(service, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    me, sessions = "/api/users/me", "/api/auth/sessions"
    soon, never = {"Retry-After": "0.1"}, {"Retry-After": "3600"}
    service.recorder.refusals[me] = [(503, {"Retry-After": "1"})]
    service.recorder.refusals[sessions] = [(429, soon), (429, soon)]
    service.recorder.refusals["/api/auth/login"] = [(429, soon)]
    one.does(
        f"""Promise.all([
            latchkey.api.GET("{me}"), latchkey.api.GET("{sessions}"),
            latchkey.login({{ email: "{alice}", password: "{PASSWORD}" }}),
        ])"""
    )
    assert seen(service, me) == [("GET", 503), LIVE]
    assert seen(service, sessions) == [("GET", 429), ("GET", 429), LIVE]
    assert seen(service, "/api/auth/login") == [("POST", 200), ("POST", 429), ("POST", 200)]
    token = one.token
    service.recorder.refusals[me] = [(429, never)]
    assert one.is_refused(f'latchkey.api.GET("{me}")') == (429, None, 3600)
    service.recorder.refusals[me] = [(503, soon)]
    assert one.is_refused(f'latchkey.api.PATCH("{me}", {{ body: {{ display_name: "Alice" }} }})') == (503, None, 0.1)
    assert one.token == token


@in_chromium
def test_client_stops_after_two_retries(service, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    service.recorder.refusals["/api/users/me"] = [(503, {"Retry-After": "0.1"})] * 3
    assert one.is_refused('latchkey.api.GET("/api/users/me")') == (503, None, 0.1)
    assert one.asks()["email"] == alice


@in_chromium
def test_client_keeps_the_session_after_other_refusals(service, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    token = one.token
    wrong = f'latchkey.login({{ email: "{alice}", password: "not this one" }})'
    assert one.is_refused(wrong)[:2] == (401, "authentication_failed")
    wrong = 'latchkey.reauthenticate({ password: "not this one" })'
    assert one.is_refused(wrong)[:2] == (403, "invalid_password")
    assert one.is_refused('latchkey.api.GET("/api/nowhere")')[:2] == (404, "not_found")
    sends_a_number = 'latchkey.api.PATCH("/api/users/me", { body: { display_name: 5 } })'
    assert one.does(f'{sends_a_number}.catch((error) => error.field("display_name").loc)') == ["body", "display_name"]
    assert one.token == token
    assert one.asks()["email"] == alice


@in_chromium
def test_client_reauthenticates_and_continues_what_needs_a_recent_login(service, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    before = one.token
    with psycopg.connect(service.database, autocommit=True) as connection:
        connection.execute("UPDATE sessions_api_session SET authenticated_at = now() - interval '1 hour'")
    ends_others = """latchkey.withRecentLogin(
        () => latchkey.api.DELETE("/api/auth/sessions").then(() => {}), async () => ({ password: "%s" })
    )"""
    assert one.is_refused(ends_others % "not this one")[:2] == (403, "invalid_password")
    assert one.token == before
    one.does(ends_others % PASSWORD)
    assert seen(service, "/api/auth/sessions") == [("DELETE", 403), ("DELETE", 403), ("DELETE", 204)]
    assert one.token != before
    assert one.asks()["email"] == alice


TWO_EXPORTS = f"""{{
    const work = () => latchkey.api.GET("/api/users/me/export").then(({{ data }}) => data.user.email);
    const ask = async () => {{
        window.asked++;
        await new Promise((resolve) => (window.answer = resolve));
        return {{ password: "{PASSWORD}" }};
    }};
    return Promise.all([latchkey.withRecentLogin(work, ask), latchkey.withRecentLogin(work, ask)]);
}}"""


@in_chromium
def test_client_renews_once_for_all_tabs_and_calls(service, tab, alice):
    one, two = tab().opens(), tab().opens()
    one.logs_in(alice)
    two.reads("logged in: alice@example.org")
    with psycopg.connect(service.database, autocommit=True) as connection:
        connection.execute("UPDATE sessions_api_session SET authenticated_at = now() - interval '1 hour'")
    for each in (one, two):
        each.page.evaluate("window.asked = 0")
        each.begins(TWO_EXPORTS)
    for each in (one, two):
        assert any(each.page.evaluate("'answer' in window") for _ in range(2000)), "the tab does not ask"
    for each in (one, two):
        each.page.evaluate("window.answer()")
    assert one.ends() == two.ends() == [alice, alice]
    assert [each.page.evaluate("window.asked") for each in (one, two)] == [1, 1]
    assert seen(service, "/api/auth/reauthenticate") == [("POST", 200)]


@in_chromium
def test_client_shares_a_renewed_token_between_tabs(service, tab, alice):
    one, two = tab().opens(), tab().opens()
    one.logs_in(alice)
    two.reads("logged in: alice@example.org")
    one.does(RENEWS)
    assert two.asks()["email"] == alice
    two.does(RENEWS)
    assert one.asks()["email"] == alice
    assert seen(service, "/api/users/me") == [LIVE, LIVE]


@in_chromium
def test_client_renews_the_token_in_two_tabs_at_once(service, tab, alice):
    """The tabs take turns: the second one sends what the first one has stored."""
    one = tab().opens()
    one.logs_in(alice)
    two = tab().opens()
    two.reads("logged in: alice@example.org")
    service.recorder.held["/api/auth/reauthenticate"] = arrives = Event()
    one.begins(RENEWS)
    two.begins(RENEWS)
    arrives.set()
    assert (one.ends(), two.ends()) == (None, None)
    assert seen(service, "/api/auth/reauthenticate") == [("POST", 200)] * 2
    assert one.asks()["email"] == two.asks()["email"] == alice


@in_chromium
@pytest.mark.parametrize("tabs", [1, 2])
def test_client_waits_for_a_renewal_before_it_believes_a_401(service, tab, alice, tabs):
    one = tab().opens()
    one.logs_in(alice)
    two = tab().opens()
    two.reads("logged in: alice@example.org")
    other = one if tabs == 1 else two
    service.recorder.held["/api/auth/reauthenticate"] = arrives = Event()
    renewing = f"import('/client.js').then(({{ latchkey }}) => {RENEWS}).then(() => true)"
    one.page.evaluate(f"window.renewing = {renewing}; null")
    while not seen(service, "/api/auth/reauthenticate"):
        one.page.evaluate("null")
    with other.page.expect_response(lambda answer: answer.status == 401):
        other.begins(ASKS)
    patient = "navigator.locks.query().then((locks) => locks.pending.length)"
    assert any(other.page.evaluate(patient) for _ in range(2000)), "the tab does not wait for the renewal"
    arrives.set()
    assert other.ends()["email"] == alice
    assert seen(service, "/api/users/me") == [DEAD, LIVE]
    assert one.page.evaluate("window.renewing")


@in_chromium
def test_client_logs_out_in_two_tabs_at_once(service, tab, alice):
    one, two = tab().opens("/bare.html"), tab().opens("/bare.html")
    one.logs_in(alice)
    two.opens("/bare.html")
    assert two.asks()["email"] == alice
    token = one.token
    for each in (one, two):
        each.begins("latchkey.logout()")
    assert (one.ends(), two.ends()) == (True, True)
    assert one.token is None
    assert service.call("GET", "/api/auth/session", token=token).status_code == 401


@pytest.mark.asvs("14.3.1")
@in_chromium
def test_client_logs_out_locally_without_a_network_and_says_so(service, tab, alice):
    one, two = tab().opens(), tab().opens()
    one.logs_in(alice)
    two.reads("logged in: alice@example.org")
    token = one.token
    one.page.route("**/api/**", lambda route: route.abort())
    assert one.does("latchkey.logout()") is False
    assert one.token is None
    two.reads("log in, please")
    assert service.call("GET", "/api/auth/session", token=token).status_code == 200


@in_chromium
@pytest.mark.asvs("7.4.1")
def test_client_logout_waits_for_no_renewal_and_revokes_its_new_token(service, tab, alice):
    one, two = tab().opens("/bare.html"), tab().opens("/bare.html")
    one.logs_in(alice)
    two.opens("/bare.html")
    assert two.asks()["email"] == alice
    service.recorder.held["/api/auth/reauthenticate"] = arrives = Event()
    one.begins(RENEWS)
    while not seen(service, "/api/auth/reauthenticate"):
        one.page.evaluate("null")
    assert two.does("latchkey.logout()") is True
    assert two.token is None
    arrives.set()
    with pytest.raises(Refused) as refusal:
        one.ends()
    assert refusal.value.args[:2] == (401, "not_authenticated")
    assert one.token is None
    assert seen(service, "/api/auth/logout") == [("POST", 401), ("POST", 204)]  # with the old token, with the new one


@in_chromium
@pytest.mark.parametrize("foreign", ["no JSON", "null", "5", '"text"'])
def test_client_ignores_foreign_content_under_its_storage_key(tab, alice, foreign):
    one = tab().opens("/bare.html")
    one.page.evaluate("(foreign) => localStorage.setItem('latchkey.session', foreign)", foreign)
    one.opens().reads("log in, please")
    one.logs_in(alice)
    assert one.asks()["email"] == alice


@in_chromium
def test_client_logout_of_a_revoked_session_succeeds(service, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    service.call("POST", "/api/auth/logout", token=one.token)
    assert one.does("latchkey.logout()") is True


@in_chromium
def test_client_sends_no_request_of_alice_as_bob(service, tab, alice):
    one, two = tab().opens("/bare.html"), tab().opens("/bare.html")
    one.logs_in(alice)
    assert one.asks()["email"] == alice
    two.logs_in(user(service, "bob"))
    assert one.is_refused('latchkey.api.DELETE("/api/users/me")')[:2] == (401, "not_authenticated")
    assert two.asks()["email"] == "bob@example.org"
    one.opens().reads("logged in: bob@example.org")


@in_chromium
def test_client_with_session_storage_logs_in_each_tab_separately(service, tab, alice):
    one, two = tab(service.alone.url).opens(), tab(service.alone.url).opens()
    one.logs_in(alice)
    one.opens().reads("logged in: alice@example.org")
    two.opens().reads("log in, please")
    assert one.page.evaluate("Object.keys(localStorage)") == ["latchkey.device"]  # it authenticates no request
    service.call("POST", "/api/auth/logout", token=one.token)
    one.opens().reads("log in, please")
    assert one.token is None


@in_make_clients
@in_chromium
def test_react_hook_follows_logins_of_this_tab_and_logouts_of_another(service, tab, alice):
    one = tab().opens("/react.html")
    one.reads("out")
    one.logs_in(alice)
    one.reads(f"in: {alice}")
    two = tab().opens("/react.html")
    two.reads(f"in: {alice}")
    expect(two.page.locator("#too")).to_have_text(f"in: {alice}")
    assert seen(service, "/api/auth/session") == [LIVE, LIVE]  # one for all components of a page
    service.recorder.refusals["/api/auth/session"] = [(502, {})]
    two.told.click()
    two.reads("unknown")
    one.does("latchkey.logout()")
    one.reads("out")
    two.reads("out")


NO_STORAGE = """
    for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, { get() { throw new DOMException("Access is denied", "SecurityError"); } });
    }
"""
NO_ROOM = """
    for (let size = 2 ** 23; size; size >>= 1) {
        try { while (true) localStorage.setItem(`full${Math.random()}`, "x".repeat(size)); } catch {}
    }
"""
NO_LOCKS = "delete Navigator.prototype.locks"  # as without https


@in_make_clients
@in_chromium
@pytest.mark.parametrize("without", [NO_STORAGE, NO_ROOM, NO_LOCKS], ids=["no storage", "no room", "no locks"])
def test_client_works_in_a_browser(service, tab, alice, without):
    one = tab()
    one.page.add_init_script(without)
    one.opens("/bare.html")
    one.logs_in(alice)
    assert one.does(f"Promise.all([{RENEWS}, {ASKS}])")[1]["email"] == alice
    assert one.asks()["email"] == alice
    assert one.does("latchkey.logout()") is True
    assert one.does("latchkey.whoAmI()") == {"state": "out"}


@in_chromium
def test_client_on_another_origin_needs_one_preflight_for_each_url(service, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    one.asks()
    one.asks()
    assert [method for method, path, _ in service.recorder.seen if path == "/api/users/me"] == ["OPTIONS", "GET", "GET"]
    asking = {"Origin": service.shared.url, "Access-Control-Request-Method": "GET"}
    allowed = service.call("OPTIONS", "/api/users/me", headers=asking)
    assert allowed.headers["Access-Control-Max-Age"] == "7200"  # the page says: two hours


@contextmanager
def proxying(folder, port, to):
    """Run the documented nginx on this port."""
    server = documented("front-end-hosting.md", "nginx", "One origin")
    for said, here in {
        "listen 80;": f"listen 127.0.0.1:{port};",
        "/srv/app": str(folder / "pages"),
        "http://127.0.0.1:8000": to,
    }.items():
        assert said in server
        server = server.replace(said, here)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    )
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; events {{}}\n"
        f"http {{ include /etc/nginx/mime.types; access_log off; {places}\n{server}\n}}\n"
    )
    with (folder / "nginx.out").open("w") as out:
        command = [NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "nginx.log"]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        wait_until_up(f"http://127.0.0.1:{port}/", process)
        yield
    finally:
        process.terminate()
        process.wait(10)
    assert "[e" not in (folder / "nginx.log").read_text()  # [error], [emerg]


@pytest.fixture(scope="module")
def nginx(service):
    """The documented nginx, in front of the recording proxy."""
    write_front_end(service.folder / "pages", "")
    with proxying(service.folder, urlsplit(service.same).port, f"http://127.0.0.1:{service.recorder.server_port}"):
        yield service.same


@in_chromium
@behind_nginx
def test_one_origin_behind_nginx_needs_no_preflight(nginx, service, tab, alice):
    one = tab(nginx).opens()
    one.reads("log in, please")
    one.logs_in(alice)
    one.opens("/some/page/of/the/app").reads("logged in: alice@example.org")
    one.does(RENEWS)
    one.asks()
    assert [method for method, _, _ in service.recorder.seen] == ["POST", "GET", "POST", "GET"]


@behind_nginx
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a second loopback address")
def test_one_origin_behind_nginx_records_the_address_that_nginx_saw(nginx, service, alice):
    claimed = {"X-Forwarded-For": "203.0.113.9"}
    with urllib3.PoolManager(source_address=("127.0.0.2", 0)) as caller:
        url = f"http://127.0.0.1:{urlsplit(nginx).port}/api/auth/login"
        answer = caller.request("POST", url, json={"email": alice, "password": PASSWORD}, headers=claimed)
    session = service.call("GET", "/api/auth/session", token=answer.json()["token"]).json()
    assert session["ip_address"] == "127.0.0.2"


@behind_nginx
def test_one_origin_behind_nginx_is_the_callback_of_a_sign_in(nginx):
    started = requests.get(f"{nginx}/api/auth/oauth/github", allow_redirects=False, timeout=20)
    back = parse_qs(urlsplit(started.headers["Location"]).query)["redirect_uri"]
    assert back == [f"{nginx}/api/auth/oauth/github/callback"]


@behind_nginx
def test_one_origin_behind_nginx_has_no_admin(nginx):
    assert requests.get(f"{nginx}/admin/", timeout=20).text == PAGE


def test_clients_page_lists_only_existing_error_codes():
    def pairs(page):
        rows = (ROOT / "docs" / page).read_text().splitlines()
        return {found.groups() for row in rows if (found := re.match(r"\| (\d{3}) \|? ?`(\w+)` \|", row))}

    assert len(pairs("clients.md")) >= 5
    assert pairs("clients.md") <= pairs("errors.md")
