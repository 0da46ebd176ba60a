"""The admin and the API documentation in a real Chromium. `make pages` keeps a picture of each page."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from ..browser import chromium, needs_chromium, picture
from ..server import database, free_port, manage, serving

PHONE = (
    "Mozilla/5.0 (Linux; Android 16; Pixel 10 Pro Build/BP1A.260505.005; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/156.0.8078.79 Mobile Safari/537.36 SomeApplicationOnAPhone/12.34.56 <b>not bold</b>"
)

pytestmark = [pytest.mark.once, needs_chromium("no test opens the pages")]


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """The URL of the server's database."""
    with database(tmp_path_factory.mktemp("browser")) as url:
        root = {"DJANGO_SUPERUSER_EMAIL": "root@example.org", "DJANGO_SUPERUSER_PASSWORD": "the password of root"}
        manage("createsuperuser", "--noinput", DATABASE_URL=url, **root)
        yield url


@pytest.fixture(scope="module")
def server(url, tmp_path_factory):
    log = tmp_path_factory.mktemp("browser") / "log"
    port = free_port()
    address = f"http://127.0.0.1:{port}"  # the documentation page calls the service there
    with serving(log=log, port=port, PUBLIC_URL=address, DATABASE_URL=url, TRUSTED_PROXY_COUNT="1") as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with chromium() as launched:
        yield launched


@pytest.fixture
def page(browser, server):
    """A tab. The test fails if it reports an error, or sends a request to another machine."""
    context = browser.new_context(base_url=server.url, viewport={"width": 1280, "height": 800})
    tab, complaints, hosts = context.new_page(), [], set()
    tab.on("console", lambda said: said.type in {"error", "warning"} and complaints.append(f"{tab.url}: {said.text}"))
    tab.on("pageerror", lambda error: complaints.append(f"{tab.url}: {error}"))
    tab.on("requestfailed", lambda request: complaints.append(f"{request.url}: {request.failure}"))
    tab.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    yield tab
    context.close()
    assert not complaints, "\n".join(complaints)
    assert hosts <= {"127.0.0.1", None}  # None: images within the stylesheet


def look(tab, name):
    picture(tab, name)
    hidden = "[...document.querySelectorAll('html, .results')].map(part => part.scrollWidth - part.clientWidth)"
    assert max(tab.evaluate(hidden)) <= 0, f"{name} is wider than the window"


def look_as_on_a_phone(tab, name):
    """With a dark color scheme, 390 pixels wide."""
    before = tab.viewport_size
    tab.emulate_media(color_scheme="dark")
    tab.set_viewport_size({"width": 390, "height": 844})
    picture(tab, f"{name}-phone")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390, f"{name} is wider than a phone"
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size(before)


def register(server, name, **headers):
    user = {"email": f"{name}@example.org", "password": f"the password of {name}", "display_name": name.capitalize()}
    answer = server.call("POST", "/api/auth/register", user, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def status(server, token):
    return server.call("GET", "/api/auth/session", token=token).status_code


def log_in(tab):
    tab.goto("/admin/")
    tab.get_by_label("Email address").fill("root@example.org")
    tab.get_by_label("Password").fill("the password of root")
    tab.get_by_role("button", name="Log in").click()
    expect(tab).to_have_title("Users and sessions | Latchkey")


def test_admin_manages_users_and_sessions_in_a_browser(server, page):
    address = "2001:db8:1234:5678:9abc:def0:1234:5678"
    alice = register(server, "alice", **{"User-Agent": PHONE, "X-Forwarded-For": address})
    bob = register(server, "bob")
    eve = register(server, "eve", **{"User-Agent": PHONE, "X-Forwarded-For": address})
    credentials = {"email": "eve@example.org", "password": "the password of eve"}
    other = server.call("POST", "/api/auth/login", credentials).json()["token"]

    page.goto("/admin/")
    look(page, "1-login")
    log_in(page)
    expect(page.get_by_role("img", name="Sessions created on each of the last 30 days")).to_be_visible()
    expect(page.get_by_role("row", name="within a day 4")).to_be_visible()
    page.get_by_text("As a table").click()
    expect(page.locator(".charts details tr").nth(1)).to_contain_text("4")
    page.get_by_text("As a table").click()
    look(page, "2-index")
    look_as_on_a_phone(page, "2-index")

    page.get_by_role("link", name="Users", exact=True).click()
    expect(page.get_by_role("row", name="alice@example.org")).to_be_visible()
    look(page, "3-users")

    page.get_by_role("link", name="Add user").click()
    look(page, "4-add")
    page.get_by_label("Email address").fill("Carol@EXAMPLE.org")
    page.get_by_label("Display name").fill("Carol")
    expect(page.get_by_label("Send the user a mail to choose a password")).to_be_checked()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("carol@example.org")
    expect(page.locator(".messagelist")).to_contain_text("A mail to choose a password is queued.")
    look(page, "5-user")
    page.get_by_role("button", name="Send verification mail").click()
    expect(page.locator(".messagelist")).to_contain_text("1 user: queued a verification mail.")
    expect(page).to_have_title("carol@example.org | Change user | Latchkey")

    page.goto("/admin/accounts/user/")
    page.get_by_role("row", name="bob@example.org").get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Disable selected users")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_contain_text("1 user: disabled.")
    look(page, "6-disabled")
    assert status(server, bob) == 401

    assert status(server, alice) == 200
    page.goto("/admin/sessions_api/session/")
    look(page, "7-sessions")
    page.locator("#result_list tbody tr", has_text="alice@example.org").locator("th a").click()
    expect(page.locator("#content")).to_contain_text("<b>not bold</b>")
    look(page, "8-session")
    page.go_back()
    page.locator("#result_list tbody tr", has_text="alice@example.org").get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Revoke selected sessions")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_contain_text("1 session: revoked.")
    look(page, "9-revoked")
    assert status(server, alice) == 401

    page.goto("/admin/accounts/user/")
    page.get_by_role("link", name="eve@example.org").click()
    section = page.get_by_role("form", name="Live sessions")
    expect(section.get_by_role("row")).to_have_count(3)
    look(page, "10-sessions-of-a-user")
    look_as_on_a_phone(page, "10-sessions-of-a-user")
    section.get_by_role("row", name="Chrome Mobile WebView on Android").get_by_role("checkbox").check()
    section.get_by_role("button", name="Revoke selected sessions").click()
    expect(page.locator(".messagelist")).to_contain_text("1 session: revoked.")
    expect(page).to_have_title("eve@example.org | Change user | Latchkey")
    assert (status(server, eve), status(server, other)) == (401, 200)
    section.get_by_role("button", name="Revoke all").click()
    expect(page.locator(".messagelist")).to_contain_text("1 session: revoked.")
    assert status(server, other) == 401
    expect(page.get_by_role("region", name="Events").get_by_role("listitem").first).to_contain_text(
        "Sessions revoked (by: administrator, number: 1)"
    )
    look(page, "11-events-of-a-user")
    look_as_on_a_phone(page, "11-events-of-a-user")
    page.get_by_role("link", name="All events of this user").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(5)
    page.goto("/admin/events/event/")
    expect(page.get_by_role("img", name="Failed logins on each of the last 30 days")).to_be_visible()
    look(page, "12-events")
    look_as_on_a_phone(page, "12-events")
    page.go_back()
    page.go_back()
    page.get_by_label("Display name").fill("Eve")
    page.get_by_label("Display name").press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")

    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in again")).to_be_visible()


def test_admin_deletes_many_users_with_progress_in_a_browser(server, url, page):
    code = """
from accounts.models import User
User.objects.bulk_create(User(email=f"{n}@many.example.org", password="!") for n in range(1100))
"""
    manage("shell", "--no-imports", "-c", code, DATABASE_URL=url)
    log_in(page)
    page.goto("/admin/accounts/user/?q=@many")
    page.locator("#action-toggle").check()
    page.get_by_text("Select all 1100 users").click()
    page.get_by_label("Action:").select_option(label="Delete selected users")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_text("1,100 users will be deleted")).to_be_visible()
    look(page, "16-delete-users")
    page.route("**/accounts/continue.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.get_by_role("button", name="Yes, I’m sure").click()
    expect(page.get_by_label("500 of 1,100 users are deleted.")).to_be_visible()
    look(page, "17-deleting-users")
    look_as_on_a_phone(page, "17-deleting-users")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_label("1,000 of 1,100 users are deleted.")).to_be_visible()
    page.unroute("**/accounts/continue.js")
    page.reload()
    expect(page.locator(".messagelist")).to_contain_text("1,100 users: deleted.")


def test_admin_manages_the_mail_queue_in_a_browser(server, url, page):
    code = """
from accounts.mail.models import QueuedMail
told = {"due_at": None, "attempts": 9, "last_error": "SMTPRecipientsRefused 550", "data": {"device": "<b>a phone</b>"}}
for name in ("frank", "grace-of-a-very-long-address-as-there-are-some-and-longer"):
    QueuedMail.objects.create(type="reset", email=f"{name}@example.org", **told)
"""
    manage("shell", "--no-imports", "-c", code, DATABASE_URL=url)
    log_in(page)
    expect(page.locator(".messagelist")).to_contain_text("Mails that could not be sent: 2")
    look(page, "13-failed-mails")
    look_as_on_a_phone(page, "13-failed-mails")
    page.locator(".messagelist").get_by_role("link").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    look(page, "14-queue")
    look_as_on_a_phone(page, "14-queue")
    page.get_by_role("row", name="frank@example.org").get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Send selected mails again")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_contain_text("1 queued mail: due now.")
    page.locator("#result_list tbody th a").click()
    expect(page.locator("#content")).to_contain_text("SMTPRecipientsRefused 550")
    look(page, "15-mail")
    page.go_back()
    page.locator("#result_list tbody tr").get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Delete selected mails without sending them")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_contain_text("1 queued mail: deleted.")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("link", name="Log in again")).to_be_visible()


def test_admin_pages_work_under_their_content_security_policy(server, page):
    register(server, "dave")
    log_in(page)
    links = "[...document.links].map(link => new URL(link.href).pathname).filter(path => path.startsWith('/admin/'))"
    kinds, ahead = set(), ["/admin/"]
    while ahead:
        path = ahead.pop()
        kind = re.sub("[0-9a-f-]{36}|[0-9]+", "one", path).strip("/").replace("/", "-")
        if kind not in kinds:
            kinds.add(kind)
            page.goto(path)
            look(page, kind)
            ahead += page.evaluate(links)
    assert len(kinds) >= 17


def test_api_docs_work_without_the_internet(server, page):
    page.goto("/api/docs")
    for path in ("/api/auth/login", "/api/auth/session", "/api/users/me"):
        expect(page.locator(".opblock-summary-path", has_text=re.compile(path)).first).to_be_visible()
    page.locator(".opblock-summary", has_text="/api/auth/login").first.click()
    expect(page.locator(".opblock-body")).to_be_visible()
    look(page, "docs")


def test_api_docs_ask_for_one_token(server, page):
    token = register(server, "dora")
    page.goto("/api/docs")
    page.get_by_role("button", name="Authorize").first.click()
    expect(page.locator(".modal-ux .auth-container")).to_have_count(1)
    page.locator(".modal-ux input").fill(token)
    page.locator(".modal-ux").get_by_role("button", name="Apply credentials").click()
    page.locator(".modal-ux").get_by_role("button", name="Close").first.click()
    operation = page.locator("#operations-account-getMe")
    operation.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table")).to_contain_text("dora@example.org")
