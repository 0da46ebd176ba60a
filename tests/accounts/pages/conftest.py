"""The pages in a real Chromium, by a real server, with mails over SMTP and a provider that enforces PKCE."""

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from itertools import count
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from ...browser import ALL_PAGES, GIVE_UP_AFTER, answering, chromium, picture
from ...npm import install
from ...server import ROOT, database, free_port, manage, serving
from ...smtp import mail_server
from ..social.npm_provider import providing

AXE = ROOT / "tests" / "accounts" / "pages" / "axe"
GOOGLE = {"client_id": "of-the-pages", "client_secret": "only-for-tests-only-for-tests-only-for-tests"}
WIDTHS = {"phone": 360, "desktop": 1280}
NUMBERS = count(1)
PHONE = (
    "Mozilla/5.0 (Linux; Android 16; Pixel 10 Pro) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile "
    "Safari/537.36"
)
NARROWEST = 320  # WCAG 2.2, 1.4.10
LOOKS = [(language, scheme, device) for language in ("en", "de") for scheme in ("light", "dark") for device in WIDTHS]
# WCAG 2.2 AA, and what axe recommends beyond.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class FrontEnd(BaseHTTPRequestHandler):
    """A front end without a login page."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b'<!doctype html><title>The application</title><link rel="icon" href="data:,">')

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def mails():
    with mail_server() as server:
        yield server


@pytest.fixture(scope="session")
def services(mails, tmp_path_factory):
    """Start a service with these settings, once for each of them."""
    folder = tmp_path_factory.mktemp("pages")
    started = {}
    with ExitStack() as stack:

        def start(**settings):
            key = tuple(settings.items())
            if key not in started:
                port = free_port()
                env = {"PUBLIC_URL": f"http://localhost:{port}", "FRONTEND_URL": "", "SITE_NAME": "Example"}
                env |= {"EMAIL_URL": f"smtp://127.0.0.1:{mails.port}", "MAIL_IN_PROCESS": "true"}
                env |= {"DATABASE_URL": stack.enter_context(database(folder))} | settings
                if settings.pop("google", None):
                    redirect_uri = f"{env['PUBLIC_URL']}/api/auth/oauth/google/callback"
                    log = folder / f"provider-{port}.log"
                    issuer = stack.enter_context(providing(**GOOGLE, redirect_uri=redirect_uri, log=log))
                    env |= {f"GOOGLE_{name.upper()}": value for name, value in GOOGLE.items()}
                    env |= {"GOOGLE_OIDC_ENDPOINT": issuer}
                    del env["google"]
                server = stack.enter_context(serving(port=port, log=folder / f"{port}.log", **env))
                server.url, server.database = env["PUBLIC_URL"], env["DATABASE_URL"]
                started[key] = server
            return started[key]

        yield start
    for server in started.values():
        assert "Traceback" not in server.log.read_text()


@pytest.fixture
def service(services):
    """A service that is its own front end."""
    return services(google="on")


@pytest.fixture
def verified(services):
    """One where the address comes first at a registration."""
    return services(REGISTRATION="verified")


@pytest.fixture(scope="session")
def application():
    with answering(FrontEnd) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def beside(services, application):
    """One whose pages log in for a front end."""
    return services(google="on", PAGES="on", FRONTEND_URL=application)


@pytest.fixture
def visit(browser, mails):
    """Open a browser at a service. The test fails if a page complains, or asks another machine."""
    visitors = []

    def visit(service, *, context=None, language="en", scheme="light", device="desktop", **options):
        size = {"width": WIDTHS[device], "height": 800}
        options = {"locale": language, "color_scheme": scheme, "viewport": size} | options
        context = context or browser.new_context(base_url=service.url, reduced_motion="reduce", **options)
        visitors.append(Visitor(context, service, mails, f"{language}-{scheme}-{device}"))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.tab.context.close()
        assert {urlsplit(url).hostname for url in visitor.asked} <= {"localhost", "127.0.0.1", None}
        assert not visitor.complaints, "\n".join(visitor.complaints)


looks = pytest.mark.parametrize("look", LOOKS if ALL_PAGES else [("en", "light", "desktop")], ids="-".join)


@dataclass
class Visitor:
    """A user with a tab."""

    context: object
    service: object
    mails: object
    name: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    # A refusal of the API is no mistake of a page, but Chromium writes it to the console.
    expected: str = r"Failed to load resource: the server responded with a status of (4\d\d|503)"

    def __post_init__(self):
        self.context.set_default_timeout(GIVE_UP_AFTER)
        self.tab = self.context.new_page()
        self.tab.on("request", lambda request: self.asked.append(request.url))
        self.tab.on("pageerror", lambda error: self.complaints.append(f"{self.tab.url}: {error}"))
        self.tab.on("console", self.hear)

    def hear(self, said):
        if said.type in {"error", "warning"} and not re.match(self.expected, said.text):
            self.complaints.append(f"{self.tab.url}: {said.text}")

    def opens(self, path):
        self.tab.goto(path)

    def fills(self, label, text, **where):
        self.tab.get_by_label(label, exact=True, **where).fill(text)

    def presses(self, name, **options):
        self.tab.get_by_role("button", name=name, exact=True, **options).click()

    def follows(self, name):
        self.tab.get_by_role("link", name=name, exact=True).click()

    def reads(self, text):
        expect(self.tab.get_by_text(text).locator("visible=true").first).to_be_visible(timeout=GIVE_UP_AFTER)

    def is_at(self, path):
        expect(self.tab).to_have_url(re.compile(rf"^{re.escape(self.service.url + path)}(\?lang=\w+)?$"))

    def registers(self, name, **more):
        """Through the API, with an address of its own in each test."""
        self.email, self.password = f"{name}-{next(NUMBERS)}@example.org", f"the password of {name}"
        body = {"email": self.email, "password": self.password} | more
        answer = self.service.call("POST", "/api/auth/register", body, headers={"User-Agent": PHONE})
        assert answer.status_code == 201, answer.text
        self.token = answer.json()["token"]  # of another device

    def logs_in(self):
        self.fills("Email address", self.email)
        self.fills("Password", self.password)
        self.presses("Log in")

    def is_logged_in(self, name, **more):
        """At the account page."""
        self.registers(name, **more)
        self.opens("/login")
        self.logs_in()
        self.is_at("/account")

    def signs_in_at_google(self, login):
        """On the pages of the provider, which remembers its user afterwards."""
        self.tab.get_by_placeholder("Enter any login").fill(login)
        self.tab.get_by_placeholder("and password").fill("any")
        self.presses("Sign-in")
        self.presses("Continue")

    def logged_in_an_hour_ago(self):
        """Makes all logins of the service too old for what needs a recent one."""
        code = (
            "from sessions_api.models import Session; from django.db.models import F; from datetime import timedelta; "
        )
        code += "Session.objects.update(authenticated_at=F('authenticated_at') - timedelta(hours=1))"
        manage("shell", "--no-imports", "-c", code, DATABASE_URL=self.service.database)

    def gets_the_link(self, email, path):
        """The link to this page in the newest mail to this address, once it has arrived."""
        pattern = re.compile(rf"^{re.escape(self.service.url + path)}#\S+$", re.MULTILINE)
        while True:
            self.mails.arrived.clear()
            for mail in [mail for mail in reversed(self.mails.mails) if mail["To"] == email]:
                if found := pattern.search(mail.get_body(("plain",)).get_content()):
                    return found[0]
            assert self.mails.arrived.wait(20), f"no mail to {email} leads to {path}"

    def has_no_violation(self):
        """Of WCAG and of what axe calls best practice."""
        install(AXE)
        # The page's policy refuses the code of others, so it does not come through the page.
        self.tab.evaluate((AXE / "node_modules" / "axe-core" / "axe.min.js").read_text() + "; undefined")
        run = "(rules) => axe.run(document, {runOnly: rules}).then(({violations}) => violations)"
        violations = self.tab.evaluate(run, RULES)
        told = [f"{rule['id']}: {rule['help']}: {node['html']}" for rule in violations for node in rule["nodes"]]
        assert not told, "\n".join(told)

    def looks(self, name, *, full_page=True):
        """The page fits into the window, also into the narrowest of phones, and axe finds nothing."""
        picture(self.tab, f"pages-{name}-{self.name}", full_page=full_page)
        size = self.tab.viewport_size
        for width in (size["width"], NARROWEST):
            self.tab.set_viewport_size(size | {"width": width})
            assert self.tab.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is too wide"
        self.tab.set_viewport_size(size)
        self.has_no_violation()
