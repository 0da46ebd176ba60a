"""What a bearer check costs in Python, counted rather than timed: the same on any machine, however busy."""

import gc
import logging
import sys

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import RequestFactory

from accounts.models import User

pytestmark = pytest.mark.django_db(transaction=True)  # connections come from the pool, and go back
AT_MOST = 1.15  # times one raw SELECT behind the same middlewares
MIDDLEWARES_AT_MOST = 1.5  # times the same without any


def serving(handler):
    """Answers GET requests as a WSGI server would have them answered."""

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
    caplog.set_level(logging.WARNING, "config.middleware")  # a line that is kept for each request would be counted
    return serving(WSGIHandler())


@pytest.fixture
def check(serve, alice):
    return lambda: serve("/api/users/me", HTTP_AUTHORIZATION=f"Bearer {alice.token}")


@pytest.fixture
def select(serve, alice):
    user = User.objects.get(email=alice.email)
    return lambda serve=serve: serve("/api/raw/select", HTTP_X_USER=str(user.pk))


def instructions(call):
    """How many of Python's bytecode are executed. The first time also does what is done only once."""
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
def test_a_bearer_check_executes_little_more_than_one_raw_select(check, select):
    assert instructions(check) <= AT_MOST * instructions(select)


@pytest.mark.postgres
def test_the_middlewares_take_less_than_half_of_that(select, settings):
    behind_them = instructions(select)
    settings.MIDDLEWARE = []
    without = serving(WSGIHandler())
    assert behind_them <= MIDDLEWARES_AT_MOST * instructions(lambda: select(without))


def left_behind(call):
    """How many blocks of memory a hundred calls leave allocated."""
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(100):
        call()
    gc.collect()
    return sys.getallocatedblocks() - before


def test_a_bearer_check_leaves_nothing_behind(check):
    check()
    assert min(left_behind(check) for _ in range(3)) < 100  # other threads may keep something once, but not each time
