"""Sign-in from the first click to the session, in a real Chromium, by a provider that insists on PKCE.

The front end's JavaScript comes from docs/google.md and examples/browser/. Screenshots are in `screenshots/`.
"""

import fcntl
import re
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import expect

from ...browser import GIVE_UP_AFTER, answering, chromium, documented, needs_chromium
from ...server import ROOT, database, free_port, serving, wait_until_up

PROVIDER = Path(__file__).with_name("provider")
CLIENT = {"GOOGLE_CLIENT_ID": "in-a-browser", "GOOGLE_CLIENT_SECRET": "only-for-tests-only-for-tests-only-for-tests"}

PAGE = """<!doctype html><meta charset="utf-8"><title>A front end</title><link rel="icon" href="data:,">
<h1>A front end</h1>
<p id="told"></p>
<button id="sign-in">Sign in with Google</button> <button id="link">OneTimeToken Google</button>
<script>
%s
const show = (text) => (document.querySelector("#told").textContent = text);
const refused = (error) => show(`refused: ${error.message}`);
const token = () => sessionStorage.getItem("token");

document.querySelector("#sign-in").onclick = () => signIn("/inbox");
document.querySelector("#link").onclick = () => linkGoogle(token()).catch(refused);

async function land() {
  if (new URLSearchParams(location.search).has("link_code")) return `linked: ${(await finishLink(token())).provider}`;
  const session = await finishSignIn();
  sessionStorage.setItem("token", session.token);
  return `${(await whoAmI(session.token)).email} goes on to ${session.next}`;
}

if (location.pathname === "/oauth/callback") land().then(show, refused);
if (location.pathname === "/oauth/error") show(new URLSearchParams(location.search).get("error"));
</script>
"""


def node():
    """The version of Node, its first part; 0 where there is none that could install anything."""
    if not (shutil.which("node") and shutil.which("npm")):
        return 0
    said = subprocess.run(["node", "--version"], text=True, capture_output=True).stdout
    return int(said.removeprefix("v").partition(".")[0])


pytestmark = [
    pytest.mark.once,
    needs_chromium("nobody tries Google's button"),
    pytest.mark.skipif(
        node() < 20, reason="NO NODE from 20 on with npm, so nobody tries Google's button: it runs the provider."
    ),
]


class FrontEnd(BaseHTTPRequestHandler):
    """A page on an origin of its own; what it does is the JavaScript that the test puts into the server."""

    def do_GET(self):
        known = urlsplit(self.path).path in {"/", "/oauth/callback", "/oauth/error"}
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write((PAGE % self.server.script if known else "Not here").encode())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def front_end():
    with answering(FrontEnd) as server:
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server


def install():
    """Once, whoever of several processes comes first. The file that is looked for is the last that npm writes."""
    with (PROVIDER / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (PROVIDER / "node_modules" / ".package-lock.json").exists():
            return
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=PROVIDER, text=True, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def providing(redirect_uri, log):
    """The address of a provider that knows one client."""
    install()
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as out:
        command = ["node", "server.mjs", port, *CLIENT.values(), redirect_uri]
        process = subprocess.Popen(command, cwd=PROVIDER, stdout=out, stderr=out)
    try:
        wait_until_up(f"{url}/.well-known/openid-configuration", process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def service(front_end, tmp_path_factory):
    """The service as it runs for real. To a browser, localhost is another site than 127.0.0.1, where all else is."""
    folder = tmp_path_factory.mktemp("sign-in")
    port = free_port()
    env = CLIENT | {"PUBLIC_URL": f"http://localhost:{port}", "FRONTEND_URL": front_end.url}
    redirect_uri = f"{env['PUBLIC_URL']}/api/auth/oauth/google/callback"
    with ExitStack() as stack:
        env["GOOGLE_OIDC_ENDPOINT"] = stack.enter_context(providing(redirect_uri, folder / "provider.log"))
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
    """Somebody in front of a tab."""

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
        self.page.screenshot(path=ROOT / "screenshots" / f"google-{name}.png")

    @property
    def token(self):
        return self.page.evaluate("sessionStorage.getItem('token')")

    @property
    def landing(self):
        """The address with which the front end was given the outcome."""
        (url,) = [url for url in self.asked if url.startswith(f"{self.front_end.url}/oauth/callback?")]
        return url

    @property
    def cookies(self):
        """What this service has left in the browser."""
        return self.page.context.cookies(self.service.url)


@pytest.fixture
def visit(browser, front_end, service, hand_over):
    """New visitors, each with a browser that nobody used before, of a front end with this hand-over."""
    examples = ROOT / "examples" / "browser"
    sign_in = {
        "By a code": documented("google.md", "js", "By a code"),
        "By the session itself": (examples / "google_by_session.js").read_text(),
    }
    link = (examples / "google_link.js").read_text()
    script = "\n".join([sign_in[hand_over], documented("google.md", "js", "And then"), link])
    assert "http://localhost:8000" in script
    front_end.script = script.replace("http://localhost:8000", service.url)
    visitors = []

    def visit(context=None):
        visitors.append(Visitor(context or browser.new_context(), front_end, service))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.page.context.close()
        assert {urlsplit(url).hostname for url in visitor.asked} <= {"localhost", "127.0.0.1", None}  # None: data:
        assert not visitor.complaints


by_each = pytest.mark.parametrize("hand_over", ["By a code", "By the session itself"], ids=["code", "session"])
by_code = pytest.mark.parametrize("hand_over", ["By a code"], ids=["code"])


@by_each
def test_a_click_ends_with_a_session_and_its_token_stays_in_no_address(visit, hand_over, request):
    dave = visit()
    dave.begins()
    dave.says_who_they_are("dave")
    dave.looks(f"{request.node.callspec.id}-1-at-the-provider")
    dave.agrees()
    dave.reads("dave@gmail.com goes on to /inbox")
    dave.looks(f"{request.node.callspec.id}-2-back")
    session = dave.service.call("GET", "/api/auth/session", token=dave.token).json()
    assert (session["method"], session["user"]["email_verified"]) == ("google", True)
    assert dave.page.url == f"{dave.front_end.url}/oauth/callback"
    assert not [url for url in dave.page.evaluate("navigation.entries().map((entry) => entry.url)") if "?" in url]
    told = parse_qs(urlsplit(dave.landing).query)
    if hand_over == "By a code":
        assert told.keys() == {"code", "next"}
        assert not [url for url in dave.asked if dave.token in url]
    else:
        assert told.keys() == {"session", "state", "next"}
        assert [url for url in dave.asked if dave.token in url] == [dave.landing]


@by_code
def test_nothing_that_the_browser_keeps_opens_the_admin(visit):
    dave = visit()
    dave.begins()
    (cookie,) = dave.cookies
    assert cookie["name"].startswith("latchkey-oauth-")
    dave.says_who_they_are("dave")
    dave.agrees()
    dave.reads("dave@gmail.com goes on to /inbox")
    assert dave.cookies == []
    dave.page.goto(f"{dave.service.url}/admin/")
    assert urlsplit(dave.page.url).path == "/admin/login/"


@by_code
def test_whoever_cancels_lands_on_the_error_page(visit):
    dave = visit()
    dave.begins()
    dave.page.get_by_role("link", name="Cancel").click()
    dave.reads("access_denied")
    dave.looks("cancelled")
    assert dave.page.url == f"{dave.front_end.url}/oauth/error?error=access_denied&next=%2Finbox"
    assert dave.cookies == []


@by_each
def test_a_link_with_an_attackers_sign_in_logs_nobody_in(visit, hand_over):
    mallory, dave = visit(), visit()
    theirs = {"By a code": f"code_challenge={'x' * 43}", "By the session itself": "state=theirs"}[hand_over]
    mallory.page.goto(f"{mallory.service.url}/api/auth/oauth/google?{theirs}")
    mallory.says_who_they_are("mallory")
    mallory.agrees()
    mallory.reads("refused: This sign-in was not begun here.")
    dave.page.goto(mallory.landing)
    dave.reads("refused: This sign-in was not begun here.")
    dave.begins()
    dave.page.goto(mallory.landing)
    dave.reads("refused: invalid_code" if hand_over == "By a code" else "refused: This sign-in was not begun here.")
    assert dave.token is None
    assert dave.page.url == f"{dave.front_end.url}/oauth/callback"


@by_code
def test_two_tabs_do_not_disturb_each_other(visit):
    first = visit()
    second = visit(first.page.context)
    first.begins()
    second.begins()
    first.says_who_they_are("dave")
    first.agrees()
    first.reads("dave@gmail.com goes on to /inbox")
    second.says_who_they_are("dave")  # the provider remembers that he agreed
    second.reads("dave@gmail.com goes on to /inbox")
    assert first.token != second.token


@by_code
def test_somebody_who_is_in_links_google_and_comes_in_by_it(visit):
    frank = visit()
    registered = {"email": "frank@example.org", "password": "the password of frank"}
    token = frank.service.call("POST", "/api/auth/register", registered).json()["token"]
    frank.page.goto(f"{frank.front_end.url}/")
    frank.page.evaluate("(token) => sessionStorage.setItem('token', token)", token)
    frank.page.get_by_role("button", name="OneTimeToken Google").click()
    frank.says_who_they_are("frank")
    frank.agrees()
    frank.reads("linked: google")
    assert frank.page.url == f"{frank.front_end.url}/oauth/callback"
    frank.begins()  # the provider knows him by now
    frank.reads("frank@example.org goes on to /inbox")


def test_the_provider_of_these_tests_insists_on_pkce(service):
    started = requests.get(f"{service.url}/api/auth/oauth/google", allow_redirects=False, timeout=20)
    stripped = re.sub(r"&code_challenge(_method)?=[^&]*", "", started.headers["Location"])
    assert stripped != started.headers["Location"]
    answer = requests.get(stripped, allow_redirects=False, timeout=20)
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["invalid_request"]
