"""Strangers who guess, and what a refused login asks the database and the store of the limits."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_api.ratelimit.limits import store

from ...users import problem

ELSEWHERE, HOME, WORK = "203.0.113.7", "198.51.100.7", "192.0.2.7"
UNKNOWN = "unknown@example.org"
VALUE = re.compile(r"'(?:[^']|'')*'(?:::\w+)?|\b\d+\b|\bNULL\b|(?<=\")s\d+_x\d+(?=\")")  # the last: a savepoint's name


@pytest.fixture
def behind_proxy(settings):
    """A header says where a call comes from. Limits by time are off: they have tests of their own."""
    settings.TRUSTED_PROXY_COUNT, settings.RATE_LIMIT_FACTOR = 1, 0


def attempt(api, user, password="a wrong password", here=ELSEWHERE):
    email = user if isinstance(user, str) else user.email
    return api.login(email, password, X_Forwarded_For=here)


def fail(api, clock, user, times, here=ELSEWHERE):
    """This number of failures in a row, each as soon as the cool-off allows."""
    for number in range(times):
        answer = attempt(api, user, here=here)
        if answer.status_code == 429:
            clock.shift(int(answer.headers["Retry-After"]))
            answer = attempt(api, user, here=here)
        assert problem(answer) == (401, "authentication_failed"), number


class Questions(list):
    """Each statement without its values, and each question to the store of the limits, in their order."""

    def of(self, call):
        self.clear()
        with CaptureQueriesContext(connection) as captured:
            answer = call()
        return answer, [VALUE.sub("?", query["sql"]) for query in captured], self.copy()


@pytest.fixture
def questions(monkeypatch):
    asked = Questions()
    for name in ("hit", "get_window_stats", "clear"):
        ask = getattr(store, name)
        monkeypatch.setattr(store, name, lambda *what, name=name, ask=ask: asked.append(name) or ask(*what))
    return asked
