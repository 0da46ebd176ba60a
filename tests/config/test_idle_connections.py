"""Idle connections: when the server closes them, and what proxies are told about it."""

import re
import socket
import time
from urllib.parse import urlsplit

import pytest
from granian.http import HTTP1Settings

from ..server import ROOT, database, serving

IDLE = HTTP1Settings().header_read_timeout / 1000  # granian's default, in seconds
PAGE = (ROOT / "docs" / "deployment.md").read_text().split("### Idle connections")[1].split("\n## ")[0]
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"

pytestmark = pytest.mark.once


def ask(wire):
    """One request; the whole head of its answer."""
    wire.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"}"):
        answer += wire.recv(65536)
    return answer.partition(b"\r\n\r\n")[0]


@pytest.fixture
def connect(tmp_path):
    """A raw connection to a server with these variables."""
    with database(tmp_path) as url:

        def connect(**env):
            return serving(log=tmp_path / "log", DATABASE_URL=url, **env)

        yield connect


def wire_to(server):
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=10)


def test_idle_connection_is_closed_after_the_time_to_read_headers(connect):
    """The same option limits slow headers, idle connections, and connections without a request."""
    with connect(GRANIAN_HTTP1_HEADER_READ_TIMEOUT="600") as server, wire_to(server) as silent, wire_to(server) as wire:
        for _ in range(2):
            assert b"connection: close" not in ask(wire).lower()
        answered = time.monotonic()
        assert wire.recv(1) == b""
        assert 0.5 < time.monotonic() - answered < 5
        assert silent.recv(1) == b""


def test_each_answer_ends_its_connection_without_keep_alive(connect):
    """For proxies whose own idle time is fixed."""
    with connect(GRANIAN_HTTP1_KEEP_ALIVE="false") as server, wire_to(server) as wire:
        assert b"connection: close" in ask(wire).lower()
        assert wire.recv(1) == b""


def test_proxies_are_told_to_close_idle_connections_before_the_server_does():
    assert f"after {IDLE:.0f} idle seconds" in PAGE
    told = re.findall(r"^\| (.+?) \|.*?`[^`]*?(?:[ =])(\d+)s?;?`", PAGE, re.MULTILINE)
    assert [proxy for proxy, _ in told] == [
        "nginx",
        "HAProxy",
        "Caddy",
        "Traefik",
        "Envoy",
        "AWS Application Load Balancer",
    ]
    assert all(int(seconds) < IDLE for _, seconds in told)


def test_nginx_configurations_close_idle_connections_before_the_server_does():
    (upstream,) = re.findall(r"upstream latchkey \{(.*?)\}", (ROOT / "deploy" / "nginx.conf").read_text(), re.DOTALL)
    (seconds,) = re.findall(r"keepalive_timeout (\d+)s;", upstream)
    assert int(seconds) < IDLE
    page = (ROOT / "docs" / "front-end-hosting.md").read_text()
    assert page.count("proxy_pass ") == page.count("proxy_set_header Connection close;") == 1
