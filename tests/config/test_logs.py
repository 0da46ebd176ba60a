"""The log: enough to follow a request, no secret, and no line that a caller forged."""

import errno
import io
import json
import logging
import re
import sys
from uuid import UUID

import pytest
from django.contrib.admin.models import LogEntry
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils.log import AdminEmailHandler
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from structlog.stdlib import ProcessorFormatter

from accounts.models import User
from config import health
from config.logs import LineFormatter, LineHandler, line_of_check
from config.middleware import AccessLogMiddleware
from config.request_id import request_id
from sessions_api.adminkit.models import AdminAction
from sessions_api.events.models import Event
from sessions_api.http.client import warn_of_proxy, warn_of_unreadable_address
from sessions_api.models import Session

from ..server import ROOT, database, serving
from ..users import ApiClient

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def lines():
    """A function: the JSON lines that were logged since, which have these fields."""
    written = io.StringIO()
    with handling(written):
        yield lambda **wanted: [
            line for line in map(json.loads, written.getvalue().splitlines()) if wanted.items() <= line.items()
        ]


class handling:  # noqa: N801
    """A handler as in LOGGING, for another stream."""

    def __init__(self, stream, form="json"):
        self.handler = LineHandler(stream)
        self.handler.setFormatter(LineFormatter(form))

    def __enter__(self):
        logging.getLogger().addHandler(self.handler)
        return self

    def __exit__(self, *_):
        logging.getLogger().removeHandler(self.handler)


def written(form="json", message="said", *arguments, exc_info=None, **extra):
    """The text of one line."""
    stream = io.StringIO()
    logger = logging.Logger("other.code")
    logger.addHandler(handling(stream, form).handler)
    logger.info(message, *arguments, exc_info=exc_info, extra=extra)
    return stream.getvalue()


# One line for each request


@pytest.mark.asvs("16.2.1", "16.2.2", "16.2.4", "15.3.4")
def test_access_log_line_has_user_action_address_and_result(api, alice, lines):
    answer = api.call("GET", "/api/users/me?code=hidden", token=alice.token)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("ms") >= 0
    session = Session.objects.get()
    assert line == {
        "event": "request",
        "level": "info",
        "logger": "config.middleware",
        "method": "GET",
        "path": "/api/users/me",
        "status": 200,
        "ip": "127.0.0.1",
        "user": str(session.user_id),
        "session_id": str(session.pk),
        "request_id": answer["X-Request-ID"],
    }


@pytest.mark.asvs("16.3.2")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/users/me", 401),
        ("GET", "/nowhere", 404),
        ("PUT", "/api/auth/login", 405),
        ("POST", "/api/auth/login", 422),
        ("GET", "/admin/nowhere/", 302),
        ("GET", "/static/admin/css/base.css", 200),
        ("OPTIONS", "/api/auth/login", 405),
    ],
)
def test_access_log_has_one_line_for_each_answer(api, lines, method, path, status):
    body = {} if method == "POST" else None
    api.call(method, path, body).close()
    (line,) = lines()
    assert (line["method"], line["path"], line["status"], line["level"]) == (method, path, status, "info")


@pytest.mark.asvs("16.3.2")
def test_access_log_has_a_line_for_each_refused_authorization(api, alice, user, bob, lines, clock):
    """An old login, another user's session, and a page of the admin without the permission for it."""
    clerk = Client()
    User.objects.filter(pk=user.pk).update(is_staff=True)
    clerk.force_login(user)
    others = Session.objects.get(user__email=bob.email).pk
    alice.token = alice.logs_in(api)
    api.call("DELETE", f"/api/auth/sessions/{others}", token=alice.token)
    clerk.get("/admin/accounts/user/")
    clock.shift(601)
    api.call("DELETE", "/api/users/me", token=alice.token)
    refused = [line for line in lines() if line.get("status", 0) >= 400]
    assert [(line["method"], line["path"], line["status"]) for line in refused] == [
        ("DELETE", f"/api/auth/sessions/{others}", 404),
        ("GET", "/admin/accounts/user/", 403),
        ("DELETE", "/api/users/me", 403),
    ]
    assert {line["user"] for line in refused[:2]} == {str(user.pk)}


@pytest.mark.asvs("16.3.3")
def test_access_log_has_a_line_for_each_attempt_above_a_limit(api, alice, lines):
    for _ in range(7):
        api.login(alice.email, "a wrong password")
    assert [line["status"] for line in lines(path="/api/auth/login")] == [401] * 5 + [429] * 2
    assert {line["ip"] for line in lines(path="/api/auth/login")} == {"127.0.0.1"}


def test_access_log_includes_preflights_with_their_request_id(api, lines):
    asked = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    answer = api.options("/api/auth/login", headers=asked)
    assert lines()[0]["request_id"] == answer["X-Request-ID"]


def test_access_log_names_an_administrator_by_id(admin, root, lines):
    admin.get("/admin/")
    assert lines()[0]["user"] == str(root.pk)


def test_access_log_includes_only_failed_probes(api, lines, monkeypatch):
    for path in ("/healthz", "/readyz"):
        assert api.get(path).status_code == 200
    assert lines() == []
    monkeypatch.setattr(health, "migrated", lambda: False)
    api.get("/readyz")
    (line,) = lines()
    assert (line["status"], line["level"]) == (503, "error")


# The id of a request


def test_request_id_is_in_every_answer(api, root):
    paths = ["/", "/nowhere", "/healthz", "/api/docs", "/api/auth/config", "/api/users/me", "/admin", "/admin/login/"]
    ids = [api.get(path)["X-Request-ID"] for path in paths]
    assert len(set(ids)) == len(paths)
    assert all(len(number) == 32 for number in ids)


@pytest.mark.parametrize("sent", ["b7ad6b7169203331", "4bf92f35-77b3.4da6_A3CE", "x" * 64])
def test_request_id_of_a_caller_is_used(api, lines, sent):
    assert api.get("/api/auth/config", headers={"X-Request-ID": sent})["X-Request-ID"] == sent
    assert lines()[0]["request_id"] == sent


@pytest.mark.asvs("16.4.1")
@pytest.mark.parametrize(
    "sent", ["", "short", "x" * 65, "12345678\n", "1234 5678", "\x1b[31m1234", "12345678é", "<script>"]
)
def test_request_id_of_a_caller_is_replaced_if_malformed(api, lines, sent):
    made = api.get("/api/auth/config", headers={"X-Request-ID": sent})["X-Request-ID"]
    assert made != sent
    assert (len(made), lines()[0]["request_id"]) == (32, made)


def test_request_id_is_in_the_lines_of_its_request_only(api, alice, lines, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        api.login(alice.email, alice.password, X_Request_ID="the-login", User_Agent=FIREFOX)
    logging.getLogger("later").warning("later")
    event, later = lines(event="account:login:success")[0], lines(event="later")[0]
    assert "request_id" not in later
    assert request_id.get() == ""
    session = Session.objects.latest("created_at")
    assert (event["user"], event["session_id"]) == (str(session.user_id), str(session.pk))
    assert (event["ip"], event["device"], event["data"]) == ("127.0.0.1", "Firefox on Linux", {"method": "password"})


# Errors


@pytest.mark.asvs("16.3.4", "16.5.4")
@pytest.mark.parametrize("path", ["/api/auth/login", "/admin/login/"])
def test_unexpected_error_is_logged_with_its_trace_without_values(api, root, lines, monkeypatch, path):
    said = "password=hunter2 and\nforged"

    def fail(*arguments, **options):
        held = "-".join(["held", "in", "a", "variable"])
        raise RuntimeError(said) from ValueError(len(held))

    monkeypatch.setattr(User.objects, "get_by_natural_key", fail)
    monkeypatch.setattr(User.objects, "filter", fail)
    body = {"email": root.email, "password": "hunter2", "username": root.email}
    if path.startswith("/admin"):
        answer = Client(raise_request_exception=False).post(path, body)
    else:
        answer = api.call("POST", path, {"email": root.email, "password": "hunter2"})
    assert answer.status_code == 500
    trace, request = lines(level="error")
    assert (trace["request_id"], trace["request_id"]) == (request["request_id"], answer["X-Request-ID"])
    assert "exception" not in request
    assert "RuntimeError: password=*** and\nforged" in trace["exception"]
    assert "hunter2" not in str(lines())
    assert "held-in-a-variable" not in str(lines())


@pytest.mark.asvs("16.3.3")
def test_forged_form_of_the_admin_is_logged(root, lines):
    ApiClient(enforce_csrf_checks=True).post("/admin/login/", {})
    told, request = lines()
    assert (told["logger"], told["level"], request["status"]) == ("django.security.csrf", "warning", 403)


def test_untrusted_proxy_is_logged_once(api, lines, settings):
    warn_of_proxy.cache_clear()
    settings.TRUSTED_PROXY_COUNT = 1
    api.get("/api/auth/config", headers={"X-Forwarded-For": "192.0.2.1"})
    assert lines(level="warning") == []
    settings.TRUSTED_PROXY_COUNT = 0
    for value in ("", "192.0.2.1", "192.0.2.1"):  # the server sends a header with other bytes than ASCII as empty
        api.get("/api/auth/config", headers={"X-Forwarded-For": value})
        (line,) = lines(level="warning")
        assert "TRUSTED_PROXY_COUNT" in line["event"]


def test_unreadable_address_of_a_proxy_is_logged_once_without_its_text(api, lines, settings):
    warn_of_unreadable_address.cache_clear()
    settings.TRUSTED_PROXY_COUNT = 1
    api.get("/api/auth/config", headers={"X-Forwarded-For": "192.0.2.1:80"})
    assert lines(level="warning") == []
    for value in ("_hidden", "unknown"):
        api.get("/api/auth/config", headers={"X-Forwarded-For": value})
    (line,) = lines(level="warning")
    assert "TRUSTED_PROXY_COUNT" in line["event"]
    assert "_hidden" not in str(line)


@pytest.mark.asvs("16.5.2")
def test_unwritable_log_fails_no_request(api, alice):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(errno.ENOSPC, "No space left on device")

    closed = io.StringIO()
    closed.close()
    with handling(Full()), handling(closed):
        assert api.is_live(alice.token)


def test_malformed_log_call_loses_only_its_line():
    line = json.loads(written("json", "%d", "hunter2"))
    assert (line["event"], line["logger"]) == ("A line was lost", "other.code")


# Secrets


TOKEN, MAILED = "s_" + "aB3-_" * 17 + "x", "0f" * 48  # constant, because they are part of the names of tests
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.mark.asvs("16.2.5")
@pytest.mark.parametrize(
    "text",
    [
        f"{TOKEN}",
        f"x{TOKEN}x",
        f"in\n{TOKEN}\n",
        f"http://localhost:3000/email/verify#{MAILED}",
        f"Bearer {TOKEN}",
        "Authorization: Bearer hunter2",
        "{'Authorization': 'Basic hunter2'}",
        "authorization=hunter2",
        "Cookie: a=hunter2; b=hunter2",
        "Set-Cookie: a=hunter2",
        "bearer hunter2",
        JWT,
        "/callback?code=hunter2&state=hunter2",
        "/callback?session=hunter2",
        "/x?access_token=hunter2",
        '{"password": "hunter2", "email": "x"}',
        "{'new_password': 'hunter2 hunter2'}",
        "password = hunter2",
        "client_secret=hunter2&x=1",
        "postgres://latchkey:hunter2@db.example.org/latchkey",
        "redis://:hunter2@valkey:6379/0",
        "x" * 5000 + f" {TOKEN}",
        f"{TOKEN} " + "x" * 480,
        "password=" + "hunter2" * 100,
    ],
)
def test_log_hides_secrets_in_texts(text):
    for form in ("json", "console"):
        for line in (written(form, text), written(form, "said", found=text), written(form, deep={"in": [text]})):
            assert "***" in line or len(text) > 500
            for secret in ("hunter2", TOKEN, TOKEN[-50:], MAILED, JWT):
                assert secret not in line


@pytest.mark.asvs("16.2.5")
@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "token",
        "id_token",
        "Authorization",
        "cookie",
        "client_secret",
        "code",
        "session",
        "state",
    ],
)
def test_log_hides_values_with_secret_names(name):
    for form in ("json", "console"):
        assert "hunter2" not in written(form, **{name: "hunter2"}) + written(form, deep=[{name: "hunter2"}])


def test_log_keeps_harmless_values(api):
    harmless = {
        "error_code": "x",
        "status": 200,
        "path": "/api/auth/sessions",
        "session_id": "39b1c462-56fc-4230-b122-2ea2dedcf8f4",
    }
    line = json.loads(written(digest="a" * 64, ratio=0.5, none=None, **harmless))
    assert harmless.items() | {"digest": "a" * 64, "ratio": 0.5}.items() <= line.items()
    assert "none" not in line


@pytest.mark.parametrize("part", ["eyJ", "s_", "passw", "bearer ", "://", "/x", "a:", "code=", "\x1b"])
def test_log_keeps_the_end_of_a_long_text(part):
    assert len(written(found=part * 20_000)) < 4_096


# The line of a request with a session, which is written directly


class Comparison(logging.Handler):
    """Writes each record directly, where that is possible, and always by the processors."""

    def __init__(self):
        super().__init__()
        self.formatter, self.lines = LineFormatter("json"), []

    def __enter__(self):
        logging.getLogger("config.middleware").addHandler(self)
        return self.lines

    def __exit__(self, *_):
        logging.getLogger("config.middleware").removeHandler(self)

    def emit(self, record):
        ordinary = ProcessorFormatter.format(self.formatter, record)
        self.lines.append((line_of_check(record), self.formatter.format(record), ordinary))


def compared(path, *, method, status, session, address, request_id):
    """The lines of one request: written directly or None, as LineFormatter writes it, and by the processors."""

    def respond(request):
        request.auth = session
        return HttpResponse(status=status)

    headers = {"X-Request-ID": request_id}
    request = RequestFactory().generic(method, "/", headers=headers, REMOTE_ADDR=address)
    request.path_info = path
    with Comparison() as compared_lines:
        AccessLogMiddleware(respond)(request)
    (lines,) = compared_lines
    return lines


SECRETS = st.sampled_from([TOKEN, MAILED, JWT, f"?code={TOKEN}", "password=hunter2", "Bearer hunter2", "a:b@c://d:e@f"])
PIECES = (
    st.text() | SECRETS | st.sampled_from(['"', "\\", "\0\x1b\r\n", "\u2028\ud800", "é", "😀", "</script>", "/" * 70])
)
SESSIONS = st.none() | st.builds(Session, id=st.uuids(), user_id=st.uuids())
ADDRESSES = st.ip_addresses().map(str) | st.sampled_from(["", "unknown", TOKEN, '1.2.3.4"'])
REQUEST_IDS = st.from_regex("[A-Za-z0-9._-]{8,64}", fullmatch=True) | st.sampled_from(["", JWT[:64], TOKEN[:64]])
ID = UUID("0490430e-4e99-404d-9562-fa9f76f06710")


@pytest.mark.asvs("16.2.4", "16.2.5", "16.4.1")
@hypothesis(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.lists(PIECES, max_size=4).map(lambda pieces: "/" + "".join(pieces)),
    method=st.sampled_from(["GET", "HEAD", "DELETE", "X" * 100, JWT, 'A"B']),
    status=st.sampled_from([200, 204, 404, 500, 503]),
    session=SESSIONS,
    address=ADDRESSES,
    request_id=REQUEST_IDS,
)
@example("/a", "GET", 200, Session(id=ID, user_id=ID), "127.0.0.1", "12345678")
def test_access_log_line_is_the_same_written_directly(clock, path, method, status, session, address, request_id):
    request = {"method": method, "status": status, "session": session, "address": address, "request_id": request_id}
    directly, line, ordinary = compared(path, **request)
    assert line == ordinary
    assert directly in {None, ordinary}


def test_access_log_line_of_a_bearer_check_is_written_directly(api, alice, clock):
    with Comparison() as compared_lines:
        for address in ("127.0.0.1", "2001:db8::7"):
            headers = {"Authorization": f"Bearer {alice.token}"}
            assert api.get("/api/auth/session", headers=headers, REMOTE_ADDR=address).status_code == 200
    assert [directly for directly, *_ in compared_lines] == [ordinary for *_, ordinary in compared_lines]


@pytest.mark.parametrize("form", ["json", "console"])
def test_access_log_line_contains_what_a_filter_of_the_operator_added(api, alice, form):
    stream = io.StringIO()
    with handling(stream, form) as handled:
        handled.handler.addFilter(lambda record: setattr(record, "region", "north") or True)
        api.call("GET", "/api/users/me", token=alice.token)
    assert "north" in stream.getvalue()


def test_access_log_record_reaches_other_handlers_with_its_fields(api, alice, caplog):
    api.call("GET", "/api/users/me", token=alice.token)
    (record,) = [record for record in caplog.records if record.name == "config.middleware"]
    session = Session.objects.get()
    assert (record.getMessage(), record.path, record.status) == ("request", "/api/users/me", 200)
    assert (record.user, record.session_id) == (session.user_id, session.pk)


# Forged lines


HOSTILE = "x\r\n2026-11-24T00:00:00Z [error] forged\x1b[31m\x1b]0;title\x07\u2028\u202e\x85\x00<script>"


@pytest.mark.asvs("16.4.1")
def test_log_escapes_line_breaks_and_cursor_movements():
    for form in ("json", "console"):
        for text in (written(form, HOSTILE), written(form, found=HOSTILE), written(form, deep={"a": [HOSTILE]})):
            assert text.count("\n") == 1
            assert text.rstrip("\n").isprintable()


@pytest.mark.asvs("16.4.1")
def test_console_log_quotes_values_with_spaces():
    line = written("console", path="/x status=200 user=root", quoted="'a'")
    assert "path='/x status=200 user=root'" in line


@pytest.mark.asvs("16.4.1")
def test_console_log_indents_traces():
    failure = RuntimeError(HOSTILE)
    first, *trace = written("console", exc_info=failure).splitlines()
    assert "said" in first
    assert len(trace) >= 1
    assert all(line.startswith("    ") and line.isprintable() for line in trace)


@pytest.fixture(scope="module")
def talking(tmp_path_factory):
    """A real server that writes only its log."""
    folder = tmp_path_factory.mktemp("talking")
    with database(folder) as url, serving(log=folder / "log", DATABASE_URL=url, EMAIL_URL="dummymail://") as server:
        yield server


def ask_with_hostility(server):
    server.call("POST", "/api/auth/register", {"email": "ann\n@example.org", "password": "correct horse battery"})
    server.call("POST", "/api/auth/login", {"email": HOSTILE, "password": HOSTILE})
    head = b"GET /x%0a%7b%22event%22%3a%22forged%22%7d%0d%0a%1b[31m?code=hunter2 HTTP/1.1\r\nHost: localhost\r\n"
    forged = b"X-Request-ID: \x9b31m forged\r\nX-Forwarded-For: \x9b31m\tforged\r\nAuthorization: Bearer hunter2\r\n"
    for agent in (b"x" * 65_536, b"\x9b31m\tforged", b"<script>", b"\xff\xfe"):
        server.exchange(head + b"User-Agent: " + agent + b"\r\n" + forged + b"Connection: close\r\n\r\n")


@pytest.mark.asvs("16.2.4", "16.4.1", "16.2.5")
def test_json_log_of_the_real_server_has_one_object_a_line(talking):
    """Except granian's own lines before its workers start, which contain nothing of a request."""
    ask_with_hostility(talking)
    text = talking.log.read_bytes().decode()
    lines = [line for line in text.split("\n") if line and not line.startswith("[")]
    requests = [line for line in map(json.loads, lines) if line["event"] == "request"]
    assert [line["status"] for line in requests] == [422, 422, 404, 404, 404, 404]
    assert requests[-1]["path"] == '/x\n{"event":"forged"}\r\n\x1b[31m'
    assert "hunter2" not in text
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.once
@pytest.mark.asvs("16.4.1")
def test_console_log_of_the_real_server_cannot_be_forged(tmp_path):
    quiet = {"MAIL_IN_PROCESS": "false", "LOG_FORMAT": "console", "LOG_LEVEL": "debug"}
    with serving(log=tmp_path / "log", DATABASE_URL=f"sqlite:///{tmp_path}/none.sqlite3", **quiet) as server:
        ask_with_hostility(server)
    lines = server.log.read_bytes().decode().split("\n")
    assert all(line.isprintable() for line in lines)
    assert all(line.startswith(("20", "[", "    ")) for line in lines if line)
    assert sum(" request " in line for line in lines) >= 6


def test_log_fields_are_documented(api, alice, lines, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        api.login(alice.email, alice.password, User_Agent=FIREFOX)
    api.call("GET", "/api/users/me", token=alice.token)
    page = (ROOT / "docs" / "logs.md").read_text()
    shown = json.loads(page.split("```json\n")[1].split("\n```")[0])
    assert list(shown) == list(lines(path="/api/users/me")[0])
    table = page.split("## What else")[0].split("|---|---|")[1]
    documented = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split(" | ")[0])}
    assert documented == {name for line in lines() for name in line} | {"exception"}


def rows_of_the_inventory():
    below = (ROOT / "docs" / "logs.md").read_text().partition("## Where the logs are")[2].partition("\n## ")[0]
    table = [line.split("|")[1:-1] for line in below.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in table[2:]]


@pytest.mark.asvs("16.1.1")
def test_logs_page_lists_each_place_of_logs():
    places = set(re.findall(r"`([^`]+)`", " ".join(row[2] for row in rows_of_the_inventory())))
    nginx = re.findall(r"^ *(?:access|error)_log (\S+)", (ROOT / "deploy" / "nginx.conf").read_text(), re.MULTILINE)
    tables = {Event._meta.db_table, AdminAction._meta.db_table, LogEntry._meta.db_table}
    assert places == tables | set(nginx)
    assert all(cell for row in rows_of_the_inventory() for cell in row)
    assert [row[4] for row in rows_of_the_inventory()].count("`EVENTS_KEEP_DAYS`") == 1


@pytest.mark.asvs("16.2.3")
def test_log_goes_to_standard_error_only(settings):
    """No handler, and no mail to Django's ADMINS, sends lines elsewhere."""
    assert {name: handler["()"] for name, handler in settings.LOGGING["handlers"].items()} == {
        "stderr": "config.logs.LineHandler"
    }
    assert LineHandler().stream is sys.stderr
    used = [settings.LOGGING["root"], *settings.LOGGING["loggers"].values()]
    assert {name for logger in used for name in logger.get("handlers", [])} == {"stderr"}
    assert [name for name in ("django", "django.request", "django.server", "") if mails(logging.getLogger(name))] == []
    assert "writes no other file, and sends logs nowhere" in (ROOT / "docs" / "logs.md").read_text()


def mails(logger):
    return [handler for handler in logger.handlers if isinstance(handler, AdminEmailHandler)]
