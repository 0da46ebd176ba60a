"""The client of docs/clients.md in a real Chromium, behind the nginx of docs/front-end-hosting.md."""

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

from ..browser import GIVE_UP_AFTER, answering, chromium, documented, needs_chromium
from ..server import ROOT, database, free_port, serving, wait_until_up

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
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
in_chromium = needs_chromium("no test runs the client of docs/clients.md")
behind_nginx = pytest.mark.skipif(
    not NGINX,
    reason="NO NGINX, so no test runs that of front-end-hosting.md: install one, e.g. `apt-get install nginx-light`.",
)


def write_front_end(folder, api, store="localStorage"):
    """The documented files, for an API at this address."""
    code = (ROOT / "examples" / "browser" / "auth.js").read_text()
    assert '"http://localhost:8000"' in code
    assert "store = localStorage;" in code
    code = code.replace('"http://localhost:8000"', f'"{api}"').replace("store = localStorage;", f"store = {store};")
    files = {"index.html": PAGE, "ui.js": UI, "auth.js": code, "app.js": documented("clients.md", "js", "At page load")}
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "bare.html").write_text("<!doctype html><title>A page that hears of nothing</title>")


class FrontEnd(SimpleHTTPRequestHandler):
    def end_headers(self):
        name, _, value = documented("token-storage.md", "http", "In a browser").partition(": ")
        self.send_header(name, value.strip().replace("http://localhost:8000", self.server.api))
        super().end_headers()

    def log_message(self, *_):
        pass


class Road(BaseHTTPRequestHandler):
    """What lies between a browser and the service: it takes note, and does what a test wants to happen there."""

    protocol_version = "HTTP/1.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        road, path = self.server, urlsplit(self.path).path
        if self.command != "OPTIONS" and road.refusals[path]:
            status, headers = road.refusals[path].pop()
            headers |= {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
            content = b"<h1>A proxy's own words</h1>"
        else:
            sent = {name: value for name, value in self.headers.items() if name != "Connection"}
            options = {"headers": sent, "data": body, "timeout": 30, "allow_redirects": False}
            answer = requests.request(self.command, road.to + self.path, **options)
            status, headers, content = answer.status_code, answer.headers, answer.content
        road.seen.append((self.command, path, status))
        if self.command != "OPTIONS" and path in road.held:
            assert road.held.pop(path).wait(20)
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
def road_to(url):
    with answering(Road) as road:
        road.url, road.to = f"http://localhost:{road.server_port}", url
        road.seen, road.refusals, road.held = [], defaultdict(list), {}
        yield road


@contextmanager
def front_end(folder, api, store):
    """Of an origin of its own; to a browser, even of another site."""
    write_front_end(folder, api, store)
    with answering(partial(FrontEnd, directory=folder)) as server:
        server.url, server.api = f"http://127.0.0.1:{server.server_port}", api
        yield server


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The service as the page sets it up behind nginx, and also open to front ends of other origins."""
    folder = tmp_path_factory.mktemp("clients")
    with ExitStack() as stack:
        service_port, nginx_port = free_port(), free_port()
        road = stack.enter_context(road_to(f"http://127.0.0.1:{service_port}"))
        shared = stack.enter_context(front_end(folder / "shared", road.url, "localStorage"))
        alone = stack.enter_context(front_end(folder / "alone", road.url, "sessionStorage"))
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
        service.road, service.shared, service.alone, service.same = road, shared, alone, same
        service.folder, service.database = folder, env["DATABASE_URL"]
        yield service


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


class Refused(Exception):
    """What the client threw."""


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
        """Lets the client do this, and does not wait for it."""
        self.page.evaluate(
            f"""() => {{ window.doing = import("/auth.js").then(async (auth) => ({code})).then(
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

    def asks(self, method="GET", path="/api/users/me"):
        return self.does(f'auth.call("{method}", "{path}")')

    def logs_in(self, user, password=PASSWORD):
        self.does(f'auth.open("/api/auth/login", {{ email: "{user}", password: "{password}" }})')

    def is_refused(self, code):
        with pytest.raises(Refused) as refusal:
            self.does(code)
        return refusal.value.args

    @property
    def token(self):
        stored = "JSON.parse(localStorage.getItem('latchkey') ?? sessionStorage.getItem('latchkey'))?.token"
        return self.page.evaluate(stored)


@pytest.fixture
def tab(browser, place):
    """New tabs of a browser that nobody used before."""
    place.road.seen.clear()
    context, tabs = browser.new_context(), []

    def tab(url=place.shared.url):
        tabs.append(Tab(context, url))
        return tabs[-1]

    yield tab
    context.close()
    assert not [complaint for opened in tabs for complaint in opened.complaints]
    assert not any(place.road.refusals.values()), "a refusal that nobody met"


@pytest.fixture
def alice(place):
    return user(place, "alice")


def user(place, name):
    """Somebody's address, registered once."""
    email = f"{name}@example.org"
    answer = place.call("POST", "/api/auth/register", {"email": email, "password": PASSWORD})
    assert answer.status_code in {201, 409}
    return email


def seen(place, path):
    return [(method, status) for method, where, status in place.road.seen if where == path and method != "OPTIONS"]


RENEWS = f'auth.renew("/api/auth/reauthenticate", {{ password: "{PASSWORD}" }})'
LIVE, DEAD = ("GET", 200), ("GET", 401)


@in_chromium
@pytest.mark.asvs("14.3.3")
def test_a_page_shows_who_is_logged_in_and_asks_once(place, tab, alice):
    one = tab().opens()
    one.reads("log in, please")
    assert seen(place, "/api/auth/session") == []
    one.logs_in(alice)
    one.opens().reads("logged in: alice@example.org")
    assert seen(place, "/api/auth/session") == [LIVE]
    assert one.page.evaluate("[localStorage, sessionStorage].flatMap(Object.keys)") == ["latchkey"]
    assert one.page.evaluate("Object.keys(JSON.parse(localStorage.getItem('latchkey')))") == ["login", "token"]
    two = tab().opens()
    two.reads("logged in: alice@example.org")
    place.call("POST", "/api/auth/logout", token=two.token)
    two.opens().reads("log in, please")
    assert two.token is None
    one.reads("log in, please")  # the other tab has heard of it


@in_chromium
def test_while_the_service_is_away_a_page_says_so_and_keeps_the_token(place, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    token = one.token
    for refusal in [(503, {"Retry-After": "3600"}), (502, {}), (500, {})]:
        place.road.refusals["/api/auth/session"] = [refusal]
        one.opens().reads("cannot be reached")
    one.page.route("**/api/**", lambda route: route.abort())
    one.opens().reads("cannot be reached")
    assert one.is_refused('auth.call("GET", "/api/users/me")')[0] == 0
    one.page.unroute("**/api/**")
    one.page.get_by_role("button", name="Try again").click()
    one.reads("logged in: alice@example.org")
    assert one.token == token


@in_chromium
def test_a_page_reads_how_long_the_database_may_be_gone_and_heals_by_itself(place, tab, alice):
    one, two = tab().opens(), tab().opens()
    one.logs_in(alice)
    two.reads("logged in: alice@example.org")
    name = urlsplit(place.database).path.strip("/")
    at_the_server = urlsplit(place.database)._replace(path="/postgres").geturl()
    with psycopg.connect(at_the_server, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        try:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
            two.begins('auth.call("PATCH", "/api/users/me", { display_name: "Alice" })')  # not repeated by itself
            with one.page.expect_response("**/api/auth/session") as answered:
                one.opens()
            assert answered.value.status == 503
            with pytest.raises(Refused) as refusal:
                two.ends()
        finally:
            server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    assert refusal.value.args == (503, "service_unavailable", 2)
    one.reads("logged in: alice@example.org")
    assert seen(place, "/api/auth/session")[-2:] == [("GET", 503), LIVE]


@in_chromium
def test_what_passes_is_waited_for_and_repeated_where_that_does_no_harm(place, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    me, sessions = "/api/users/me", "/api/auth/sessions"
    soon, never = {"Retry-After": "0.1"}, {"Retry-After": "3600"}
    place.road.refusals[me] = [(503, {"Retry-After": "1"})]
    place.road.refusals[sessions] = [(429, soon), (429, soon)]
    place.road.refusals["/api/auth/login"] = [(429, soon)]
    one.does(
        f"""Promise.all([
            auth.call("GET", "{me}"), auth.call("GET", "{sessions}"),
            auth.open("/api/auth/login", {{ email: "{alice}", password: "{PASSWORD}" }}),
        ])"""
    )
    assert seen(place, me) == [("GET", 503), LIVE]
    assert seen(place, sessions) == [("GET", 429), ("GET", 429), LIVE]
    assert seen(place, "/api/auth/login") == [("POST", 200), ("POST", 429), ("POST", 200)]
    token = one.token
    place.road.refusals[me] = [(429, never)]
    assert one.is_refused(f'auth.call("GET", "{me}")') == (429, None, 3600)
    place.road.refusals[me] = [(503, soon)]
    assert one.is_refused(f'auth.call("PATCH", "{me}", {{ display_name: "Alice" }})') == (503, None, 0.1)
    assert one.token == token


@in_chromium
def test_no_wait_is_repeated_for_ever(place, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    place.road.refusals["/api/users/me"] = [(503, {"Retry-After": "0.1"})] * 3
    assert one.is_refused('auth.call("GET", "/api/users/me")') == (503, None, 0.1)
    assert one.asks()["email"] == alice


@in_chromium
def test_a_refusal_that_is_not_about_the_session_leaves_it_alone(place, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    token = one.token
    wrong = f'auth.open("/api/auth/login", {{ email: "{alice}", password: "not this one" }})'
    assert one.is_refused(wrong)[:2] == (401, "authentication_failed")
    wrong = 'auth.renew("/api/auth/reauthenticate", { password: "not this one" })'
    assert one.is_refused(wrong)[:2] == (403, "invalid_password")
    assert one.is_refused('auth.call("GET", "/api/nowhere")')[:2] == (404, "not_found")
    fields = 'auth.call("PATCH", "/api/users/me", { display_name: 5 }).catch((refused) => refused.errors[0].loc)'
    assert one.does(fields) == ["body", "display_name"]
    assert one.token == token
    assert one.asks()["email"] == alice


@in_chromium
def test_what_needs_a_recent_login_asks_for_the_password_and_goes_on(place, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    before = one.token
    with psycopg.connect(place.database, autocommit=True) as connection:
        connection.execute("UPDATE sessions_api_session SET authenticated_at = now() - interval '1 hour'")
    ends_others = 'auth.withPassword(async () => "%s", () => auth.call("DELETE", "/api/auth/sessions"))'
    assert one.is_refused(ends_others % "not this one")[:2] == (403, "invalid_password")
    assert one.token == before
    one.does(ends_others % PASSWORD)
    assert seen(place, "/api/auth/sessions") == [("DELETE", 403), ("DELETE", 403), ("DELETE", 204)]
    assert one.token != before
    assert one.asks()["email"] == alice


@in_chromium
def test_a_token_that_one_tab_renewed_is_the_one_that_the_other_uses(place, tab, alice):
    one, two = tab().opens(), tab().opens()
    one.logs_in(alice)
    two.reads("logged in: alice@example.org")
    one.does(RENEWS)
    assert two.asks()["email"] == alice
    two.does(RENEWS)
    assert one.asks()["email"] == alice
    assert seen(place, "/api/users/me") == [LIVE, LIVE]


@in_chromium
@pytest.mark.parametrize("tabs", [1, 2])
def test_a_renewal_that_is_on_its_way_logs_nobody_out(place, tab, alice, tabs):
    one = tab().opens()
    one.logs_in(alice)
    two = tab().opens()
    two.reads("logged in: alice@example.org")
    other = one if tabs == 1 else two
    place.road.held["/api/auth/reauthenticate"] = arrives = Event()
    one.page.evaluate(f"window.renewing = import('/auth.js').then((auth) => {RENEWS}).then(() => true); null")
    while not seen(place, "/api/auth/reauthenticate"):
        one.page.evaluate("null")
    with other.page.expect_response(lambda answer: answer.status == 401):
        other.begins('auth.call("GET", "/api/users/me")')
    patient = "navigator.locks.query().then((locks) => locks.pending.length)"
    assert any(other.page.evaluate(patient) for _ in range(2000)), "it does not wait for the renewal"
    arrives.set()
    assert other.ends()["email"] == alice
    assert seen(place, "/api/users/me") == [DEAD, LIVE]
    assert one.page.evaluate("window.renewing")


@in_chromium
def test_two_tabs_that_log_out_at_once_are_both_logged_out(place, tab, alice):
    one, two = tab().opens("/bare.html"), tab().opens("/bare.html")
    one.logs_in(alice)
    two.opens("/bare.html")
    assert two.asks()["email"] == alice
    token = one.token
    for each in (one, two):
        each.begins("auth.logOut()")
    assert (one.ends(), two.ends()) == (True, True)
    assert one.token is None
    assert place.call("GET", "/api/auth/session", token=token).status_code == 401


@in_chromium
def test_whoever_logs_out_without_a_network_is_logged_out_here_and_told(place, tab, alice):
    one, two = tab().opens(), tab().opens()
    one.logs_in(alice)
    two.reads("logged in: alice@example.org")
    token = one.token
    one.page.route("**/api/**", lambda route: route.abort())
    assert one.does("auth.logOut()") is False
    assert one.token is None
    two.reads("log in, please")
    assert place.call("GET", "/api/auth/session", token=token).status_code == 200


@in_chromium
@pytest.mark.asvs("7.4.1")
def test_logging_out_waits_for_no_renewal_and_its_new_token_is_kept_by_nobody(place, tab, alice):
    one, two = tab().opens("/bare.html"), tab().opens("/bare.html")
    one.logs_in(alice)
    two.opens("/bare.html")
    assert two.asks()["email"] == alice
    place.road.held["/api/auth/reauthenticate"] = arrives = Event()
    one.begins(RENEWS)
    while not seen(place, "/api/auth/reauthenticate"):
        one.page.evaluate("null")
    assert two.does("auth.logOut()") is True
    assert two.token is None
    arrives.set()
    with pytest.raises(Refused) as refusal:
        one.ends()
    assert refusal.value.args[:2] == (401, "not_authenticated")
    assert one.token is None
    assert seen(place, "/api/auth/logout") == [("POST", 401), ("POST", 204)]  # with the old token, with the new one


@in_chromium
@pytest.mark.parametrize("foreign", ["no JSON", "null", "5", '"text"'])
def test_what_somebody_else_stored_under_the_name_breaks_nothing(tab, alice, foreign):
    one = tab().opens("/bare.html")
    one.page.evaluate("(foreign) => localStorage.setItem('latchkey', foreign)", foreign)
    one.opens().reads("log in, please")
    one.logs_in(alice)
    assert one.asks()["email"] == alice


@in_chromium
def test_logging_out_of_a_session_that_has_ended_is_no_error(place, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    place.call("POST", "/api/auth/logout", token=one.token)
    assert one.does("auth.logOut()") is True


@in_chromium
def test_what_alice_clicked_is_not_done_as_bob(place, tab, alice):
    one, two = tab().opens("/bare.html"), tab().opens("/bare.html")
    one.logs_in(alice)
    assert one.asks()["email"] == alice
    two.logs_in(user(place, "bob"))
    assert one.is_refused('auth.call("DELETE", "/api/users/me")')[:2] == (401, "not_authenticated")
    assert two.asks()["email"] == "bob@example.org"
    one.opens().reads("logged in: bob@example.org")


@in_chromium
def test_with_session_storage_each_tab_logs_in_for_itself(place, tab, alice):
    one, two = tab(place.alone.url).opens(), tab(place.alone.url).opens()
    one.logs_in(alice)
    one.opens().reads("logged in: alice@example.org")
    two.opens().reads("log in, please")
    assert one.page.evaluate("localStorage.length") == 0
    place.call("POST", "/api/auth/logout", token=one.token)
    one.opens().reads("log in, please")
    assert one.token is None


@in_chromium
def test_another_origin_costs_one_preflight_for_each_address(place, tab, alice):
    one = tab().opens()
    one.logs_in(alice)
    one.asks()
    one.asks()
    assert [method for method, path, _ in place.road.seen if path == "/api/users/me"] == ["OPTIONS", "GET", "GET"]
    asking = {"Origin": place.shared.url, "Access-Control-Request-Method": "GET"}
    allowed = place.call("OPTIONS", "/api/users/me", headers=asking)
    assert allowed.headers["Access-Control-Max-Age"] == "7200"  # the page says: two hours


@contextmanager
def proxying(folder, port, to):
    """The documented nginx, on this port."""
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
def nginx(place):
    """What the documented nginx passes on has to take the road."""
    write_front_end(place.folder / "pages", "")
    with proxying(place.folder, urlsplit(place.same).port, f"http://127.0.0.1:{place.road.server_port}"):
        yield place.same


@in_chromium
@behind_nginx
def test_behind_nginx_on_one_origin_no_browser_asks_first(nginx, place, tab, alice):
    one = tab(nginx).opens()
    one.reads("log in, please")
    one.logs_in(alice)
    one.opens("/some/page/of/the/app").reads("logged in: alice@example.org")
    one.does(RENEWS)
    one.asks()
    assert [method for method, _, _ in place.road.seen] == ["POST", "GET", "POST", "GET"]


@behind_nginx
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a second address of its own to call from")
def test_behind_nginx_the_callers_address_is_the_one_that_nginx_saw(nginx, place, alice):
    claimed = {"X-Forwarded-For": "203.0.113.9"}
    with urllib3.PoolManager(source_address=("127.0.0.2", 0)) as caller:
        url = f"http://127.0.0.1:{urlsplit(nginx).port}/api/auth/login"
        answer = caller.request("POST", url, json={"email": alice, "password": PASSWORD}, headers=claimed)
    session = place.call("GET", "/api/auth/session", token=answer.json()["token"]).json()
    assert session["ip_address"] == "127.0.0.2"


@behind_nginx
def test_behind_nginx_a_sign_in_comes_back_to_the_origin_of_the_front_end(nginx):
    started = requests.get(f"{nginx}/api/auth/oauth/github", allow_redirects=False, timeout=20)
    back = parse_qs(urlsplit(started.headers["Location"]).query)["redirect_uri"]
    assert back == [f"{nginx}/api/auth/oauth/github/callback"]


@behind_nginx
def test_behind_nginx_the_admin_is_not_there(nginx):
    assert requests.get(f"{nginx}/admin/", timeout=20).text == PAGE


def test_every_answer_in_the_table_is_one_that_there_is():
    def pairs(page):
        rows = (ROOT / "docs" / page).read_text().splitlines()
        return {found.groups() for row in rows if (found := re.match(r"\| (\d{3}) \|? ?`(\w+)` \|", row))}

    assert len(pairs("clients.md")) >= 5
    assert pairs("clients.md") <= pairs("errors.md")
