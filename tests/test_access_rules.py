"""docs/access-rules.md, held to the code: who may call, read and change what, and for how long."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from django.conf import settings as django_settings
from django.contrib import admin as django_admin
from django.contrib.auth.models import Permission
from django.test import RequestFactory
from django.urls import get_resolver

from accounts.login import lockout
from accounts.login.models import LOCKED_FROM
from accounts.mail.token_types import RULES, TokenType
from accounts.models import User
from config.api import api as described

from .test_open_doors import BESIDES_THE_API, operations
from .users import problem

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "access-rules.md").read_text()
PUBLIC_PAGES = {"/api/docs", "/api/openapi.json", "/healthz", "/readyz", "/static/"}
STALE = 601


def section(heading):
    """The rows of the tables below this heading, each as the texts of its cells."""
    text = re.split(rf"^#+ {heading}$", PAGE, flags=re.MULTILINE)[1]
    rows = re.split(r"^#", text, flags=re.MULTILINE)[0].splitlines()
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows if row.startswith("|")]


def names(cell):
    return set(re.findall(r"`([^`]+)`", cell))


def in_first_column(rows, *, after, until=None):
    """The names in backticks of the first column, below the row that begins with `after`."""
    firsts = [row[0] for row in rows]
    below = firsts[firsts.index(after) + 2 :]
    return set().union(*map(names, below[: below.index(until) if until else None]))


API = section("Functions of the API")


@pytest.mark.asvs("8.1.1", "13.4.5")
def test_access_page_lists_exactly_the_open_routes_and_the_public_pages():
    listed = in_first_column(API, after="without a token", until="with a recent login")
    assert listed == {name for name, operation in operations() if not operation["security"]} | PUBLIC_PAGES
    below_api = {f"/api/{route}" for route in ("docs", "openapi.json")}
    served = {
        f"/api/{pattern.pattern}"
        for pattern in get_resolver("config.urls").url_patterns[0].url_patterns
        if not str(pattern.pattern).startswith(("auth/", "users/"))
    }
    assert served == below_api | {"/api/"}  # the last one has no page
    probes = {f"/{path}" for path in BESIDES_THE_API if not path.startswith(("api/", "admin")) and path}
    assert probes == {"/healthz", "/readyz"}


@pytest.mark.asvs("13.4.5")
def test_other_documentation_and_monitoring_is_not_served(client, db):
    for path in ("/api/", "/metrics", "/status", "/debug", "/__debug__/", "/admin/doc/", "/api/redoc", "/docs"):
        assert client.get(path).status_code in {302, 404}, path
    assert client.get("/admin/doc/").headers["Location"].startswith("/admin/login/")


@pytest.mark.asvs("8.1.1")
def test_access_page_lists_exactly_the_routes_that_need_a_recent_login():
    told = {name for name, operation in operations() if "reauthentication_required" in str(operation["responses"])}
    assert in_first_column(API, after="with a recent login") == told


@pytest.mark.asvs("8.2.1", "7.5.1", "7.5.3")
@pytest.mark.parametrize("name", sorted(in_first_column(API, after="with a recent login")))
def test_route_that_needs_a_recent_login_refuses_an_old_one(api, alice, clock, settings, name):
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "x"
    User.objects.filter(email=alice.email).store_hash("!")  # without a password: a first one needs a recent login
    clock.shift(STALE)
    method, path = name.split()
    path = path.format(provider="github", id=1, handle="00000000-0000-0000-0000-000000000000")
    bodies = {
        "/api/auth/email/change": {"email": "new@example.org"},
        "/api/auth/password": {"new_password": "a new one"},
    }
    answer = api.call(method, path, bodies.get(path), token=alice.token)
    assert problem(answer) == (403, "reauthentication_required")


@pytest.mark.asvs("8.1.1")
def test_access_page_lists_each_admin_list_and_its_permissions(db):
    rows = {row[0]: names(row[1]) for row in section("Functions of the admin")[2:]}
    registered = {str(model._meta.verbose_name_plural): model for model in django_admin.site._registry}
    known = {"linked providers": "user social auths", "actions of administrators": "admin actions"}
    assert {known.get(name, name) for name in rows} == registered.keys()
    for name, codenames in rows.items():
        model = registered[known.get(name, name)]
        of_model = set(
            Permission.objects.filter(content_type__model=model._meta.model_name).values_list("codename", flat=True)
        )
        assert codenames <= of_model, name


def request_of(user):
    request = RequestFactory().get("/admin/")
    request.user = user
    return request


FIELDS = {name: cells[1:] for cells in section("Fields of a user")[2:] for name in names(cells[0])}


@pytest.mark.asvs("8.1.2")
def test_access_page_lists_the_fields_that_a_user_reads_and_changes():
    schemas = described.get_openapi_schema()["components"]["schemas"]
    read = {name for name, (user, _, _) in FIELDS.items() if "reads" in user}
    assert read == schemas["UserResponse"]["properties"].keys()
    directly = {name for name, (user, _, _) in FIELDS.items() if user == "reads, changes"}
    assert directly == schemas["UserUpdate"]["properties"].keys()


@pytest.mark.asvs("8.1.2")
def test_access_page_lists_the_fields_that_administrators_change(root):
    page = django_admin.site._registry[User]
    helper = User.objects.create_user("helper@example.org", is_staff=True)
    helper.user_permissions.set(Permission.objects.all())
    alice = User.objects.create_user("alice@example.org")
    for column, administrator in ((1, helper), (2, root)):
        may = {name for name, cells in FIELDS.items() if cells[column] in {"changes", "requests the same"}}
        assert set(page.get_form(request_of(administrator), alice).base_fields) == may


@pytest.mark.asvs("8.1.3", "8.1.4")
def test_access_page_has_the_thresholds_of_the_code():
    rows = {row[0].split(",")[0].split(";")[0]: row[1:] for row in section("Context")[2:]}
    seconds = lambda time: f"{int(time.total_seconds())} s"  # noqa: E731
    first, longest = lockout.COOL_OFF.first, lockout.COOL_OFF.longest
    assert rows["wrong passwords in a row"] == [
        f"{lockout.COOL_OFF_FROM}; {LOCKED_FROM}",
        f"cool-offs of {seconds(first)} up to {longest // timedelta(hours=1)} h; locked until a reset by mail",
    ]
    assert rows["failed logins since the last one"][0] == str(lockout.COOL_OFF_FROM)
    assert rows["age of the login"][0] == seconds(django_settings.REAUTHENTICATION)
    assert rows["age of a linked provider"][0] == f"{RULES[TokenType.REVERT].lifetime // timedelta(days=1)} days"


@pytest.mark.asvs("7.1.1", "7.1.2")
def test_access_page_has_the_lifetimes_of_the_code():
    """What happens beyond them, other tests show."""
    of_api, of_admin = section("Sessions")[2:4]
    source = (ROOT / "config" / "settings.py").read_text()
    for cell in of_api[1:4]:
        name, default = re.fullmatch(r"`(\w+)` \((\d+).*\)", cell).groups()
        assert re.search(rf'\("{name}", default={default}\)', source), name
    assert of_api[4] == "revokes the least recently seen"
    assert of_admin[1] == f"{django_settings.SESSION_COOKIE_AGE // 3600} hours"
    text = " ".join(PAGE.split())
    assert "NIST SP 800-63B-4" in text
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["latchkey"]["environment"]
    assert compose["SESSION_IDLE_DAYS"] == "${SESSION_IDLE_DAYS:-30}"
    assert "`compose.yaml` sets `SESSION_IDLE_DAYS` to 30" in text
