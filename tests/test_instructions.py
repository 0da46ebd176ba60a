"""How many bytecode instructions a bearer check needs: a count is the same on each machine, busy or not."""

import gc
import logging
import sys
from datetime import timedelta

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from config.short_way import QUESTIONS, ShortWay
from sessions_api.models import Session

pytestmark = pytest.mark.django_db(transaction=True)  # a plan is kept outside of transactions only
SHORT_AT_MOST = 0.3
AT_MOST = 1.15  # times one raw SELECT behind the same middlewares
LIST_AT_MOST = 3.5  # times the same, for 50 sessions
MIDDLEWARES_AT_MOST = 1.7  # times the same without any


def serving(handler):
    """A function that calls this handler with GET requests, as a WSGI server does."""

    def get(path, **environ):
        environ = RequestFactory().get(path, **environ).environ
        said = []
        response = handler(environ, lambda status, _: said.append(status))
        assert b"".join(response)
        assert said == ["200 OK"]

    return get


@pytest.fixture
def serve(settings, caplog):
    settings.ROOT_URLCONF = "tests.raw_select"
    caplog.set_level(logging.WARNING, "config.middleware")  # else pytest's own work on each line would count
    return serving(WSGIHandler())


@pytest.fixture
def check(serve, alice):
    return lambda: serve("/api/users/me", HTTP_AUTHORIZATION=f"Bearer {alice.token}")


@pytest.fixture
def select(serve, alice):
    user = User.objects.get(email=alice.email)
    return lambda serve=serve: serve("/api/raw/select", HTTP_X_USER=str(user.pk))


def instructions(call):
    """The bytecode instructions of a second call. The first call also does work that is needed once."""
    call()
    seen = 0

    def count(frame, event, _):
        nonlocal seen
        frame.f_trace_opcodes = True
        seen += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        call()
    finally:
        sys.settrace(before)
    return seen


@pytest.mark.postgres
def test_bearer_check_executes_little_more_than_a_raw_select(check, select):
    assert instructions(check) <= AT_MOST * instructions(select)


@pytest.mark.postgres
@pytest.mark.parametrize("path", sorted(QUESTIONS))
def test_short_way_executes_less_than_a_third_of_a_raw_select(serve, select, alice, path):
    short = serving(ShortWay(WSGIHandler()))

    def check():
        short(path, HTTP_AUTHORIZATION=f"Bearer {alice.token}")

    check()  # takes the whole way, and the short way learns from it
    assert instructions(check) <= SHORT_AT_MOST * instructions(select)


@pytest.mark.postgres
def test_session_list_of_fifty_executes_less_than_three_raw_selects(serve, select, alice):
    user, now = User.objects.get(email=alice.email), timezone.now()
    seen = {"created_at": now, "last_seen_at": now, "authenticated_at": now, "expires_at": now + timedelta(days=1)}
    rows = [Session(user=user, digest=bytes([number]) * 32, method="password", **seen) for number in range(49)]
    Session.objects.bulk_create(rows)
    listed = instructions(lambda: serve("/api/auth/sessions", HTTP_AUTHORIZATION=f"Bearer {alice.token}"))
    assert listed <= LIST_AT_MOST * instructions(select)


@pytest.mark.postgres
def test_middlewares_execute_less_than_half_of_a_raw_select(select, settings):
    behind_them = instructions(select)
    settings.MIDDLEWARE = []
    without = serving(WSGIHandler())
    assert behind_them <= MIDDLEWARES_AT_MOST * instructions(lambda: select(without))


def left_behind(call):
    """The memory blocks that a hundred calls leave allocated."""
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(100):
        call()
    gc.collect()
    return sys.getallocatedblocks() - before


def test_bearer_check_leaks_no_memory(check):
    check()
    assert min(left_behind(check) for _ in range(3)) < 100  # another thread may keep memory once, but not three times
