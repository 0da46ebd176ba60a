"""The short way and the whole way give the same answers; the short way gives only a plain yes."""

import io
import json
import logging
import re

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import OperationalError, connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given
from hypothesis import settings as run
from hypothesis import strategies as st

from accounts.models import User
from accounts.schemas import UserResponse, UserSessionResponse
from config.request_id import ACCEPTED
from config.short_way import QUESTIONS, SHAPES, Question, ShortWay
from sessions_api.models import Session
from sessions_api.tokens import new_token

from .test_settings import setting

pytestmark = pytest.mark.django_db(transaction=True)  # as in production, a statement is outside any transaction
HOST = "localhost:8000"
PLAIN = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/api/auth/session",
    "SCRIPT_NAME": "",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": HOST,
    "HTTP_AUTHORIZATION": "Bearer {token}",
    "wsgi.url_scheme": "http",
}
ODD = {
    "REQUEST_METHOD": ["HEAD", "OPTIONS", "POST", "get"],
    "PATH_INFO": ["/api/users/me", "/api/users/me/", "/api/auth//session", "/api/auth/sessions", "/healthz", "/%61"],
    "SCRIPT_NAME": ["/auth"],
    "QUERY_STRING": ["a=1", "%00"],
    "REMOTE_ADDR": ["", "2001:db8::7", None],
    "HTTP_HOST": ["LOCALHOST:8000", "localhost", "evil.example", "", None],
    "HTTP_AUTHORIZATION": [
        "bearer {token}",
        "Bearer  {token}",
        "Bearer {token} ",
        "Bearer {token}x",
        "Bearer",
        "Basic YTpi",
        "",
        None,
        f"Bearer {new_token()}",
    ],
    "HTTP_ORIGIN": ["http://localhost:3000", "https://evil.example", "null", "", "http://[", "\x00"],
    "HTTP_X_FORWARDED_FOR": ["203.0.113.7", "203.0.113.7, 198.51.100.1", "", "nonsense"],
    "HTTP_X_FORWARDED_PROTO": ["https", "http", "", "HTTPS"],
    "HTTP_X_FORWARDED_HOST": ["evil.example"],
    "HTTP_X_REQUEST_ID": ["a-valid-id", "short", "an id with spaces", ""],
    "HTTP_USER_AGENT": ["curl/8.5.0", "", "Mozilla/5.0 (\u202e)"],
    "HTTP_COOKIE": ["latchkey-session=1", "\x80"],
    "HTTP_ACCEPT": ["text/html"],
    "HTTP_IF_NONE_MATCH": ["*"],
    "HTTP_RANGE": ["bytes=0-1"],
    "HTTP_TRANSFER_ENCODING": ["chunked"],
    "CONTENT_LENGTH": ["", "0", "5", "-1", "x"],
    "CONTENT_TYPE": ["application/json", "nonsense"],
    "wsgi.url_scheme": ["https"],
}
# Up to four variables that differ from a plain request.
oddities = st.lists(st.sampled_from(sorted(ODD)), max_size=4, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: st.sampled_from(ODD[name]) for name in names})
)


def asked(application, token, **odd):
    """The status, the headers and the body of the answer. A header with None is not sent."""
    environ = {name: value for name, value in (PLAIN | odd).items() if value is not None}
    if "HTTP_AUTHORIZATION" in environ:
        environ["HTTP_AUTHORIZATION"] = environ["HTTP_AUTHORIZATION"].replace("{token}", token)
    said = []
    answer = application(
        environ | {"wsgi.input": io.BytesIO(b"12345"), "wsgi.errors": io.StringIO()},
        lambda status, headers, *_: said.append((status, headers)),
    )
    try:
        body = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    ((status, headers),) = said
    return status, headers, body


class Both:
    """Both ways, with the number of requests that took the whole one."""

    def __init__(self):
        self.handler, self.whole = WSGIHandler(), 0
        self.short = ShortWay(self.count)

    def count(self, environ, start_response):
        self.whole += 1
        return self.handler(environ, start_response)


@pytest.fixture(params=["plain", "behind a proxy"])
def both(request, settings, alice, clock):
    if request.param == "behind a proxy":
        settings.TRUSTED_PROXY_COUNT, settings.SECURE_HSTS_SECONDS = 1, 31536000
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    return Both()


def without_new_id(answer, sent):
    """A request id that the service draws is another one each time."""
    status, headers, body = answer
    if ACCEPTED.fullmatch(sent or ""):
        return answer
    assert all(re.fullmatch("[0-9a-f]{32}", value) for name, value in headers if name == "X-Request-ID")
    return status, [(name, "" if name == "X-Request-ID" else value) for name, value in headers], body


@run(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=oddities)
@example(odd={})
@example(odd={"PATH_INFO": "/api/users/me"})
@example(odd={"REQUEST_METHOD": "HEAD"})
@example(odd={"HTTP_ORIGIN": "http://localhost:3000"})
@example(odd={"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "203.0.113.7"})
@example(odd={"HTTP_AUTHORIZATION": f"Bearer {new_token()}"})
def test_short_way_answers_byte_for_byte_as_the_whole_way(both, alice, odd):
    first = asked(both.short, alice.token, **odd)  # from which the short way learns
    second, whole = asked(both.short, alice.token, **odd), asked(both.handler, alice.token, **odd)
    sent = odd.get("HTTP_X_REQUEST_ID")
    assert without_new_id(first, sent) == without_new_id(second, sent) == without_new_id(whole, sent)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"REQUEST_METHOD": "HEAD"},
        {"HTTP_ORIGIN": "http://localhost:3000"},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_FOR": "203.0.113.7", "HTTP_X_FORWARDED_HOST": HOST},
        {"HTTP_X_REQUEST_ID": "a-valid-id", "HTTP_USER_AGENT": "curl/8.5.0", "HTTP_COOKIE": "other=1"},
    ],
)
@pytest.mark.parametrize("path", sorted(QUESTIONS))
def test_short_way_takes_plain_requests(both, alice, path, odd):
    for _ in range(3):
        assert asked(both.short, alice.token, PATH_INFO=path, **odd)[0] == "200 OK"
    assert both.whole == 1


def test_short_way_body_is_what_the_schemas_write(both, alice):
    session = Session.objects.get()
    expected = UserSessionResponse.from_session(session, current=True, user=session.user)
    for path, schema in {
        "/api/auth/session": expected,
        "/api/users/me": UserResponse.model_validate(session.user),
    }.items():
        assert json.loads(asked(both.short, alice.token, PATH_INFO=path)[2]) == json.loads(schema.model_dump_json())


@pytest.fixture
def learned(alice, clock):
    """Both ways, after a plain answer at each path."""
    both = Both()
    for path in QUESTIONS:
        asked(both.short, alice.token, PATH_INFO=path)
    both.whole = 0
    return both


@pytest.mark.parametrize("path", sorted(QUESTIONS))
def test_short_way_looks_an_unknown_token_up_once(learned, path):
    with CaptureQueriesContext(connection) as queries:
        status, _, body = asked(learned.short, new_token(), PATH_INFO=path)
    assert (status, json.loads(body)["error_code"]) == ("401 Unauthorized", "session_expired")
    assert (len(queries), learned.whole) == (1, 1)


@pytest.mark.parametrize("path", sorted(QUESTIONS))
def test_short_way_asks_a_failing_database_once(learned, alice, path):
    tries = []

    def fail(*_):
        tries.append(1)
        raise OperationalError("the connection is lost")

    with connection.execute_wrapper(fail):
        status, _, body = asked(learned.short, alice.token, PATH_INFO=path)
    assert (status, json.loads(body)["error_code"]) == ("503 Service Unavailable", "service_unavailable")
    assert len(tries) == 1


def test_short_way_leaves_an_unexpected_error_to_the_whole_way(learned, alice, monkeypatch):
    def fail(session):
        raise MemoryError

    monkeypatch.setitem(QUESTIONS, "/api/auth/session", Question(fail, is_use=False))
    status, _, body = asked(learned.short, alice.token)
    assert (status, json.loads(body)["error_code"]) == ("500 Internal Server Error", "server_error")


@pytest.mark.parametrize(("path", "counts"), [("/api/users/me", True), ("/api/auth/session", False)])
def test_short_way_records_use_as_the_whole_way_does(learned, alice, clock, settings, path, counts):
    before = Session.objects.get().last_seen_at
    clock.shift(settings.SESSION_TOUCH)
    asked(learned.short, alice.token, PATH_INFO=path)
    assert (Session.objects.get().last_seen_at > before) == counts
    assert learned.whole == 0


@pytest.mark.parametrize(
    "end",
    [
        lambda: Session.objects.all().delete(),
        lambda: User.objects.update(is_active=False),
        lambda: Session.objects.update(expires_at=F("created_at")),
    ],
    ids=["revoked", "disabled", "expired"],
)
def test_short_way_refuses_at_once(learned, alice, end):
    end()
    assert asked(learned.short, alice.token)[0] == "401 Unauthorized"


def test_short_way_logs_the_same_line(learned, alice, caplog):
    caplog.set_level(logging.INFO, "config.middleware")
    odd = {"HTTP_X_REQUEST_ID": "a-valid-id", "HTTP_USER_AGENT": "curl/8.5.0"}
    asked(learned.short, alice.token, **odd)
    asked(learned.handler, alice.token, **odd)
    short, whole = caplog.records
    fields = ("name", "levelname", "msg", "method", "path", "status", "ip", "user", "session_id")
    assert [getattr(short, field) for field in fields] == [getattr(whole, field) for field in fields]


def test_short_way_remembers_few_shapes(learned, alice):
    for number in range(SHAPES + 10):
        asked(learned.short, alice.token, HTTP_ORIGIN=f"https://{number}.example")
    assert len(learned.short.headers) <= SHAPES
    asked(learned.short, alice.token, HTTP_ORIGIN=f"https://{'a' * 1000}.example")
    assert max(len(value or "") for shape in learned.short.headers for value in shape) < 1000


def test_short_way_can_be_switched_off():
    kind = "__import__('config.application').application.application.__class__.__name__"
    assert setting(kind) == "ShortWay"
    assert setting(kind, SHORT_WAY="off") == "Handler"
