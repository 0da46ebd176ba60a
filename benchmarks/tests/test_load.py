"""Requests as wrk and the wire get them, and wrk's answer."""

import pytest

from benchmarks import load
from benchmarks.systems import BY_NAME

pytestmark = pytest.mark.once

PRINTED = """Running 1s test @ http://127.0.0.1:1
  2 threads and 8 connections
RESULT {"requests": 3000, "microseconds": 1500000, "p50": 2500, "p99": 9000, "errors": {"status": 0, "read": 0}}
"""


def test_the_result_of_wrk_is_read():
    loaded = load.read(PRINTED)
    assert (loaded.requests, loaded.per_second, loaded.p50, loaded.p99) == (3000, 2000, 2.5, 9)


@pytest.mark.parametrize("printed", ["", "unable to connect", PRINTED.replace('"status": 0', '"status": 1')])
def test_a_load_with_errors_is_no_result(printed):
    with pytest.raises(load.Failed):
        load.read(printed)


def test_a_load_without_answers_is_no_result():
    with pytest.raises(load.Silent):
        load.read(PRINTED.replace("3000", "0"))


def test_a_request_is_a_line_for_wrk():
    request = BY_NAME["latchkey"].login.filled(email="a@example.org", password="p", token="", uuid="")
    assert load.line(request) == (
        'POST\t/api/auth/login\tContent-Type: application/json\t\t{"email": "a@example.org", "password": "p"}\n'
    )


def test_a_paced_request_is_complete_http():
    assert load.spelled(("POST", "/x", {"A": "b"}, "ü")) == (
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nA: b\r\nContent-Length: 2\r\n\r\n\xc3\xbc"
    )
