"""Sign-in from the first click to the session, in a real Chromium, by a provider that insists on PKCE.

The front end's JavaScript comes from docs/google.md and examples/browser/. `make pages` keeps pictures.
"""

import re
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import expect

from ...browser import ALL_PAGES, GIVE_UP_AFTER, answering, chromium, documented, needs_chromium, picture
from ...clients.typescript.package import built, client_module
from ...server import ROOT, database, free_port, serving
from .npm_provider import needs_node, providing

CLIENT = {"client_id": "in-a-browser", "client_secret": "only-for-tests-only-for-tests-only-for-tests"}

PAGE = """<!doctype html><meta charset="utf-8"><title>A front end</title><link rel="icon" href="data:,">
<h1>A front end</h1>
<p id="told"></p>
<button id="sign-in">Sign in with Google</button> <button id="link">Link Google</button>
<script type="module">
%s
const show = (text) => (document.querySelector("#told").textContent = text);
const refused = (error) => show(`refused: ${error.message}`);
%s
</script>
"""

BY_CODE = """
document.querySelector("#sign-in").onclick = signIn;
document.querySelector("#link").onclick = () => latchkey.startLink("google").catch(refused);
const outcome = async () => `goes on to ${await land()} as ${(await latchkey.whoAmI()).user.email}`;
if (location.pathname !== "/") outcome().then(show, refused);
"""

BY_SESSION = """
document.querySelector("#sign-in").onclick = () => signIn("/inbox");

async function land() {
  const { token, next } = await finishSignIn();
  const answer = await fetch(`${API}/api/auth/session`, { headers: { Authorization: `Bearer ${token}` } });
  localStorage.setItem("latchkey.session", JSON.stringify({ token }));
  return `goes on to ${next} as ${(await answer.json()).user.email}`;
}

if (location.pathname === "/oauth/callback") land().then(show, refused);
"""

pytestmark = [pytest.mark.once, needs_chromium("the sign-in button is not tried"), needs_node]


class FrontEnd(BaseHTTPRequestHandler):
    """A page on another origin, with the JavaScript that the test puts into the server."""

    def do_GET(self):
        path = urlsplit(self.path).path
        known = path in {"/", "/oauth/callback", "/oauth/error"}
        module = self.server.modules.get(path)
        self.send_response(200 if known or module else 404)
        self.send_header("Content-Type", "text/javascript" if module else "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((module or (PAGE % self.server.script if known else "Not here")).encode())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def front_end():
    with answering(FrontEnd) as server:
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server


@pytest.fixture(scope="module")
def service(front_end, tmp_path_factory):
    """The service as in production. For a browser, localhost is another site than 127.0.0.1, where the rest is."""
    folder = tmp_path_factory.mktemp("sign-in")
    port = free_port()
    env = {f"GOOGLE_{name.upper()}": value for name, value in CLIENT.items()}
    env |= {"PUBLIC_URL": f"http://localhost:{port}", "FRONTEND_URL": front_end.url}
    redirect_uri = f"{env['PUBLIC_URL']}/api/auth/oauth/google/callback"
    with ExitStack() as stack:
        provider = providing(**CLIENT, redirect_uri=redirect_uri, log=folder / "provider.log")
        env["GOOGLE_OIDC_ENDPOINT"] = stack.enter_context(provider)
        env["DATABASE_URL"] = stack.enter_context(database(folder))
        server = stack.enter_context(serving(port=port, log=folder / "log", **env))
        server.url = env["PUBLIC_URL"]
        yield server
    assert "Traceback" not in (folder / "log").read_text()


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


class Visitor:
    """A user with a browser tab."""

    def __init__(self, context, front_end, service):
        context.set_default_timeout(GIVE_UP_AFTER)
        self.page, self.front_end, self.service = context.new_page(), front_end, service
        self.told = self.page.locator("#told")
        self.asked = []  # every address that the tab asked for
        self.complaints = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def begins(self):
        self.page.goto(f"{self.front_end.url}/")
        self.page.get_by_role("button", name="Sign in with Google").click()

    def says_who_they_are(self, login):
        self.page.get_by_placeholder("Enter any login").fill(login)
        self.page.get_by_placeholder("and password").fill("any")
        self.page.get_by_role("button", name="Sign-in").click()

    def agrees(self):
        self.page.get_by_role("button", name="Continue").click()

    def reads(self, text):
        expect(self.told).to_have_text(text, timeout=GIVE_UP_AFTER)

    def looks(self, name):
        picture(self.page, f"google-{name}", full_page=False)

    @property
    def token(self):
        return self.page.evaluate("JSON.parse(localStorage['latchkey.session'] ?? null)?.token")

    @property
    def landing(self):
        """The address by which the front end got the outcome."""
        (url,) = [url for url in self.asked if url.startswith(f"{self.front_end.url}/oauth/callback?")]
        return url

    @property
    def cookies(self):
        """The cookies that this service has set."""
        return self.page.context.cookies(self.service.url)


@pytest.fixture
def visit(browser, front_end, service, section):
    """New visitors, each with a fresh browser, of a front end that works as this section of docs/google.md says."""
    by_session = (ROOT / "examples" / "browser" / "google_by_session.js").read_text()
    by_code = documented("google.md", "js", "By a code").replace("./client.js", "/client.js")
    script, glue = (by_code, BY_CODE) if section == SECTIONS["code"] else (by_session, BY_SESSION)
    front_end.script = (script.replace("http://localhost:8000", service.url), glue)
    front_end.modules = {
        "/client.js": client_module(service.url),
        "/latchkey.js": (built() / "dist" / "latchkey.js").read_text(),
    }
    visitors = []

    def visit(context=None):
        visitors.append(Visitor(context or browser.new_context(), front_end, service))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.page.context.close()
        assert {urlsplit(url).hostname for url in visitor.asked} <= {"localhost", "127.0.0.1", None}  # None: data:
        assert not visitor.complaints


SECTIONS = {"code": "By a code", "session": "By the session itself"}
by_code = pytest.mark.parametrize("section", [SECTIONS["code"]], ids=["code"])
by_each = pytest.mark.parametrize("section", SECTIONS.values(), ids=SECTIONS) if ALL_PAGES else by_code


@pytest.mark.asvs("14.2.1")
@by_each
def test_sign_in_button_ends_with_a_session_and_no_token_in_the_history(visit, section, request):
    dave = visit()
    dave.begins()
    dave.says_who_they_are("dave")
    dave.looks(f"{request.node.callspec.id}-1-at-the-provider")
    dave.agrees()
    dave.reads("goes on to /inbox as dave@gmail.com")
    dave.looks(f"{request.node.callspec.id}-2-back")
    session = dave.service.call("GET", "/api/auth/session", token=dave.token).json()
    assert (session["method"], session["user"]["email_verified"]) == ("google", True)
    assert dave.page.url == f"{dave.front_end.url}/oauth/callback"
    assert not [url for url in dave.page.evaluate("navigation.entries().map((entry) => entry.url)") if "?" in url]
    told = parse_qs(urlsplit(dave.landing).query)
    if section == "By a code":
        assert told.keys() == {"code", "state", "next"}
        assert not [url for url in dave.asked if dave.token in url]
    else:
        assert told.keys() == {"session", "state", "next"}
        assert [url for url in dave.asked if dave.token in url] == [dave.landing]


@by_code
def test_sign_in_leaves_no_cookie_that_the_admin_accepts(visit):
    dave = visit()
    dave.begins()
    (cookie,) = dave.cookies
    assert cookie["name"].startswith("latchkey-oauth-")
    dave.says_who_they_are("dave")
    dave.agrees()
    dave.reads("goes on to /inbox as dave@gmail.com")
    assert dave.cookies == []
    dave.page.goto(f"{dave.service.url}/admin/")
    assert urlsplit(dave.page.url).path == "/admin/login/"


@by_code
def test_sign_in_needs_its_cookie_in_top_level_navigations_only(visit):
    """So browsers that block third-party cookies send it, and `Lax` suffices for the redirect from another site."""
    dave, sent = visit(), []
    dave.page.on("request", lambda request: sent.append(request))  # playwright wants a Python function
    dave.begins()
    dave.says_who_they_are("dave")
    dave.agrees()
    dave.reads("goes on to /inbox as dave@gmail.com")
    ours = [(request, request.all_headers()) for request in sent if request.url.startswith(dave.service.url)]
    assert {request.method for request, _ in ours} >= {"GET", "POST"}
    ((callback, headers),) = [(request, headers) for request, headers in ours if "cookie" in headers]
    assert urlsplit(callback.url).path == "/api/auth/oauth/google/callback"
    assert callback.is_navigation_request()
    assert headers["sec-fetch-site"] == "cross-site"
    assert dave.page.evaluate("document.cookie") == ""


@by_code
def test_sign_in_that_the_user_cancels_lands_on_the_error_page(visit):
    dave = visit()
    dave.begins()
    dave.page.get_by_role("link", name="Cancel").click()
    dave.reads("refused: access_denied")
    dave.looks("cancelled")
    assert dave.page.url == f"{dave.front_end.url}/oauth/error"
    assert dave.cookies == []


@by_each
def test_sign_in_of_an_attacker_is_refused_by_the_victims_front_end(visit, section):
    mallory, dave = visit(), visit()
    theirs = {"By a code": f"code_challenge={'x' * 43}", "By the session itself": "state=theirs"}[section]
    mallory.page.goto(f"{mallory.service.url}/api/auth/oauth/google?{theirs}")
    mallory.says_who_they_are("mallory")
    mallory.agrees()
    refused = {"By a code": "refused: invalid_state"}.get(section, "refused: This sign-in was not begun here.")
    mallory.reads(refused)
    dave.page.goto(mallory.landing)
    dave.reads(refused)
    dave.begins()
    dave.page.goto(mallory.landing)
    dave.reads(refused)
    assert dave.token is None
    assert dave.page.url == f"{dave.front_end.url}/oauth/callback"


@by_code
def test_sign_in_in_two_tabs_at_once_succeeds_in_both(visit):
    first = visit()
    second = visit(first.page.context)
    first.begins()
    second.begins()
    first.says_who_they_are("dave")
    first.agrees()
    first.reads("goes on to /inbox as dave@gmail.com")
    token = first.token
    second.says_who_they_are("dave")  # the provider remembers that he agreed
    second.reads("goes on to /inbox as dave@gmail.com")
    assert second.token != token


@by_code
def test_sign_in_again_renews_the_token_of_the_same_session(visit):
    dave = visit()
    dave.begins()
    dave.says_who_they_are("dave")
    dave.agrees()
    dave.reads("goes on to /inbox as dave@gmail.com")
    before = dave.token
    handle = dave.service.call("GET", "/api/auth/session", token=before).json()["handle"]
    dave.page.evaluate("import('/client.js').then(({ latchkey }) => latchkey.startSignIn('google', { again: true }))")
    dave.reads("goes on to / as dave@gmail.com")  # the provider remembers that he agreed
    assert dave.service.call("GET", "/api/auth/session", token=before).status_code == 401
    assert dave.service.call("GET", "/api/auth/session", token=dave.token).json()["handle"] == handle


@by_code
def test_link_button_links_google_and_google_logs_in_afterwards(visit):
    frank = visit()
    registered = {"email": "frank@example.org", "password": "the password of frank"}
    assert frank.service.call("POST", "/api/auth/register", registered).status_code == 201
    frank.page.goto(f"{frank.front_end.url}/")
    frank.page.evaluate("async (user) => (await import('/client.js')).latchkey.login(user)", registered)
    frank.page.get_by_role("button", name="Link Google").click()
    frank.says_who_they_are("frank")
    frank.agrees()
    frank.reads("goes on to /settings as frank@example.org")
    assert frank.page.url == f"{frank.front_end.url}/oauth/callback"
    frank.begins()  # the provider remembers the login
    frank.reads("goes on to /inbox as frank@example.org")


def test_pkce_is_enforced_by_the_provider_of_these_tests(service):
    started = requests.get(f"{service.url}/api/auth/oauth/google", allow_redirects=False, timeout=20)
    stripped = re.sub(r"&code_challenge(_method)?=[^&]*", "", started.headers["Location"])
    assert stripped != started.headers["Location"]
    answer = requests.get(stripped, allow_redirects=False, timeout=20)
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["invalid_request"]
