"""deploy/nginx.conf in the real nginx, in front of the real server."""

import getpass
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import requests
import trustme

from config.middleware import MAX_BODY
from sessions_api.http.errors import InvalidRequest, PayloadTooLarge, ServiceUnavailable

from ..server import ROOT, database, free_port, serving
from ..users import problem

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")
THREADS = 8
NAME = "auth.example.org"
WHO = {"email": "alice@example.org", "password": "correct horse battery"}

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(
        not NGINX,
        reason="NO NGINX, so no test runs deploy/nginx.conf: install one, e.g. `apt-get install nginx-light`.",
    ),
]


class Proxy:
    """A running nginx: its two ports, and its logs."""

    def __init__(self, folder, port, plain, ca):
        self.folder, self.port, self.plain, self.ca = folder, port, plain, ca

    def call(self, method, path, body=None, *, token="", headers=None, **options):
        own = {"Authorization": f"Bearer {token}"} if token else {}
        options = {"timeout": 30, "verify": str(self.ca), "json": body} | options
        return requests.request(
            method, f"https://localhost:{self.port}{path}", headers=own | (headers or {}), **options
        )

    def in_clear(self, method, path):
        address = f"http://localhost:{self.plain}{path}"
        return requests.request(method, address, timeout=10, allow_redirects=False)

    def wire(self):
        """A new TLS connection, for raw bytes."""
        context = ssl.create_default_context(cafile=str(self.ca))
        return context.wrap_socket(socket.create_connection(("localhost", self.port), 10), server_hostname="localhost")

    def written(self, *, once=""):
        """The text of its logs, once it contains this: nginx writes a line after it has sent the answer."""
        deadline = time.monotonic() + 5
        while once not in (said := self._written()) and time.monotonic() < deadline:
            time.sleep(0.01)
        return said

    def _written(self):
        return "".join((self.folder / name).read_text() for name in ("access.log", "error.log"))


def adapted(folder, *, upstream, port, plain, **changes):
    """The shipped file with ports and paths of the tests. Each text to replace must be in it."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    places = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    for old, new in {
        "user www-data;": f"user {getpass.getuser()};\npid {folder}/nginx.pid;",
        "worker_processes auto;": "worker_processes 1;",
        "http {\n": "http {\n" + places,
        "/var/log/nginx": str(folder),
        "/etc/letsencrypt/live/auth.example.org": str(folder),
        "    listen [::]:443 ssl http2;\n": "",
        "    listen [::]:80;\n": "",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "127.0.0.1:8000": f"127.0.0.1:{upstream}",
        **changes,
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def proxying(folder, *, upstream, **changes):
    folder.mkdir()
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", NAME)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(folder / "privkey.pem"))
    for part in certificate.cert_chain_pems:
        part.write_to_path(str(folder / "fullchain.pem"), append=True)
    port, plain = free_port(), free_port()
    (folder / "nginx.conf").write_text(adapted(folder, upstream=upstream, port=port, plain=plain, **changes))
    command = [NGINX, "-e", f"{folder}/start.log", "-p", str(folder), "-c", f"{folder}/nginx.conf", "-g", "daemon off;"]
    process = subprocess.Popen(command)
    try:
        wait_for(port, process, folder)
        yield Proxy(folder, port, plain, folder / "ca.pem")
    finally:
        process.terminate()
        process.wait(10)


def wait_for(port, process, folder):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)  # for a process, not for time to pass
    raise AssertionError((folder / "start.log").read_text())


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("behind")
    addresses = {"PUBLIC_URL": f"https://{NAME}", "ALLOWED_HOSTS": f"localhost,127.0.0.1,{NAME}"}
    with database(folder) as url:
        settings = addresses | {"DATABASE_URL": url, "TRUSTED_PROXY_COUNT": "1"}
        with serving(log=folder / "log", threads=THREADS, **settings) as running:
            yield running


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory):
    upstream = server.url.rpartition(":")[2]
    with proxying(tmp_path_factory.mktemp("nginx") / "front", upstream=upstream) as running:
        yield running


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """An nginx without a service behind it, and with shorter timeouts than the shipped ones."""
    changes = {
        "client_header_timeout 10s": "client_header_timeout 1s",
        "client_body_timeout 10s": "client_body_timeout 1s",
    }
    with proxying(tmp_path_factory.mktemp("nginx") / "alone", upstream=free_port(), **changes) as running:
        yield running


@pytest.fixture(scope="module")
def token(proxy):
    answer = proxy.call("POST", "/api/auth/register", WHO)
    assert answer.status_code == 201, answer.text
    return answer.json()["token"]


def head(*headers, path="/api/auth/login", host="localhost"):
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode()


DRIBBLE = head("Content-Length: 100") + b"{"


def test_nginx_shields_the_service_from_slow_bodies(proxy):
    with ExitStack() as open_:
        for _ in range(2 * THREADS):
            open_.enter_context(proxy.wire()).sendall(DRIBBLE)
        for _ in range(2 * THREADS):
            assert proxy.call("GET", "/api/auth/config", timeout=5).status_code == 200


def test_service_without_nginx_is_blocked_by_slow_bodies(server):
    """The reason for the proxy. This test fails once the server itself limits slow bodies."""
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))

    def answers():
        try:
            return requests.get(f"{server.url}/healthz", timeout=1).ok
        except requests.Timeout:
            return False

    with ExitStack() as open_:
        for _ in range(THREADS):
            open_.enter_context(socket.create_connection(address, 10)).sendall(DRIBBLE)
        assert not all(answers() for _ in range(50))
    deadline = time.monotonic() + 20
    while not answers():
        assert time.monotonic() < deadline


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize(
    "forged",
    [
        {"X_Forwarded_For": "6.6.6.6"},
        {"X-Forwarded-For": "6.6.6.6"},
        {"X-Forwarded-For": "6.6.6.6, 7.7.7.7", "x_forwarded-for": "6.6.6.6", "X-Forwarded_For": "6.6.6.6"},
        {"Forwarded": "for=6.6.6.6", "X-Real-IP": "6.6.6.6"},
    ],
)
def test_nginx_sets_the_address_of_a_session(proxy, token, forged):
    opened = proxy.call("POST", "/api/auth/login", WHO, headers=forged).json()["token"]
    assert proxy.call("GET", "/api/auth/session", token=opened).json()["ip_address"] == "127.0.0.1"


def test_nginx_sets_the_address_of_a_session_over_http2(proxy, token):
    address = f"https://localhost:{proxy.port}/api/auth/login"
    headers = ("Content-Type: application/json", "X_Forwarded_For: 6.6.6.6", "X-Forwarded-For: 6.6.6.6")
    options = [option for header in headers for option in ("-H", header)]
    command = ["curl", "-s", "--http2", "--cacert", str(proxy.ca), "-w", "\n%{http_version}", "-d", json.dumps(WHO)]
    said = subprocess.run([*command, *options, address], capture_output=True, text=True, check=True).stdout
    answer, version = said.splitlines()
    assert version == "2"
    opened = json.loads(answer)["token"]
    assert proxy.call("GET", "/api/auth/session", token=opened).json()["ip_address"] == "127.0.0.1"


def test_service_without_nginx_accepts_an_address_with_underscores(server, token):
    headers = {"X-Forwarded-For": "127.0.0.1", "X_Forwarded_For": "6.6.6.6"}
    opened = server.call("POST", "/api/auth/login", WHO, headers=headers).json()["token"]
    assert server.call("GET", "/api/auth/session", token=opened).json()["ip_address"] == "6.6.6.6"


def test_nginx_refuses_bodies_above_the_limit_of_the_service(proxy):
    body = json.dumps(WHO | {"email": "bob@example.org"}).encode()
    kind = {"Content-Type": "application/json"}
    whole = proxy.call("POST", "/api/auth/register", data=body.ljust(MAX_BODY), headers=kind)
    assert whole.status_code == 201
    for more in (body.ljust(MAX_BODY + 1), iter([body.ljust(MAX_BODY), b" "])):
        answer = proxy.call("POST", "/api/auth/register", data=more, headers=kind)
        assert problem(answer) == (413, "payload_too_large")
        assert answer.json() == PayloadTooLarge().body()
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_nginx_answers_503_while_the_service_is_down(alone):
    answer = alone.call("GET", "/api/auth/session?code=canary", token="s_canary")
    assert problem(answer) == (503, "service_unavailable")
    assert answer.json() == ServiceUnavailable().body()
    assert answer.headers["Retry-After"] == ServiceUnavailable.headers["Retry-After"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "canary" not in alone.written()


def test_nginx_answers_503_while_the_service_hangs(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        changes = {"proxy_read_timeout 20s": "proxy_read_timeout 1s"}
        with proxying(tmp_path / "mute", upstream=mute.getsockname()[1], **changes) as proxy:
            answer = proxy.call("POST", "/api/auth/login?code=canary", WHO)
            assert problem(answer) == (503, "service_unavailable")
            assert not [word for word in ("canary", *WHO.values()) if word in proxy.written()]


@pytest.mark.parametrize("sent", [b"GET /healthz HTTP/1.1\r\nHost: loc", DRIBBLE])
def test_nginx_closes_connections_of_slow_clients(alone, sent):
    with alone.wire() as wire:
        wire.sendall(sent)
        wire.settimeout(10)
        with suppress(ConnectionError, ssl.SSLError):  # a reset also closes the connection
            assert wire.recv(1) == b""


def test_nginx_closes_its_idle_connections_to_the_service(tmp_path):
    """After the time in `upstream`, which tests/config/test_idle_connections.py compares with the service's own."""
    with socket.create_server(("127.0.0.1", 0)) as service:
        service.settimeout(10)
        changes = {"keepalive_timeout 20s": "keepalive_timeout 1s"}
        with (
            proxying(tmp_path / "idle", upstream=service.getsockname()[1], **changes) as proxy,
            ThreadPoolExecutor() as pool,
        ):
            asked = pool.submit(proxy.call, "GET", "/healthz")
            connection, _ = service.accept()
            with connection:
                connection.settimeout(10)
                request = connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-ID: 1\r\n\r\nok")
                assert asked.result().text == "ok"
                answered = time.monotonic()
                assert connection.recv(1) == b""
                assert 0.9 < time.monotonic() - answered < 5
    assert b"Connection: close" not in request


@pytest.mark.parametrize("headers", [{"X-Long": "x" * 10_000}, {"X-Nul": "x"}])
def test_nginx_refuses_malformed_requests_as_problem_json(proxy, headers):
    with proxy.wire() as wire:
        raw = head(*(f"{name}: {value}" for name, value in headers.items()), "Content-Length: 0")
        wire.sendall(raw.replace(b"X-Nul: x", b"X-Nul: \0"))
        wire.settimeout(10)
        said = b""
        while piece := wire.recv(4096):
            said += piece
    assert b"Content-Type: application/problem+json" in said
    assert json.loads(said.partition(b"\r\n\r\n")[2]) == InvalidRequest().body()


SHIELDS = {
    "Content-Security-Policy",
    "Cross-Origin-Opener-Policy",
    "Cross-Origin-Resource-Policy",
    "Referrer-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
}


def raw(proxy, sent, *, over_tls=True):
    """The answer to exactly these bytes: its status, its headers and its JSON."""
    plain = socket.create_connection(("localhost", proxy.plain), 10)
    with plain, proxy.wire() if over_tls else plain as wire:
        wire.sendall(sent)
        reply = http.client.HTTPResponse(wire)
        reply.begin()
        return reply.status, reply.headers, json.loads(reply.read())


REFUSED = {
    "malformed": (400, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \0\r\n\r\n"),
    "no Host": (400, b"GET /api/auth/config HTTP/1.1\r\n\r\n"),
    "long line": (400, b"GET /api/" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "long header": (400, b"GET /api/ HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 9000 + b"\r\n\r\n"),
    "TRACE": (400, b"TRACE /api/auth/config HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "no encoding": (400, b"POST /api/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n"),
    "no version": (400, b"GET /api/ HTTP/3.0\r\nHost: localhost\r\n\r\n"),
    "large body": (413, b"POST /api/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\n\r\n"),
    "large upload": (413, b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\n\r\n"),
}


@pytest.mark.asvs("3.4.1", "3.4.3", "3.4.4", "3.4.5", "3.4.6")
@pytest.mark.parametrize("case", REFUSED)
def test_nginx_gives_its_own_errors_the_headers_and_the_form_of_the_service(proxy, case):
    theirs = proxy.call("GET", "/api/nowhere").headers
    status, sent = REFUSED[case]
    got, headers, body = raw(proxy, sent)
    assert (got, body["status"], headers["Content-Type"]) == (status, status, "application/problem+json")
    assert {name: headers[name] for name in SHIELDS} == {name: theirs[name] for name in SHIELDS}
    assert headers["Cache-Control"] == "no-store"


def test_nginx_gives_an_outage_the_headers_of_the_service(proxy, alone):
    theirs, own = proxy.call("GET", "/api/nowhere").headers, alone.call("GET", "/api/nowhere").headers
    assert {name: own[name] for name in SHIELDS} == {name: theirs[name] for name in SHIELDS}


def test_nginx_location_of_malformed_requests_is_no_page(proxy):
    assert problem(proxy.call("GET", "/invalid_request")) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/api/auth/config", "/api/nowhere", "/api/docs", "/admin/login/", "/healthz"])
def test_nginx_adds_no_header_to_an_answer_of_the_service(proxy, server, path):
    through = proxy.call("GET", path, headers={"Host": NAME, "X-Request-ID": "the-same"})
    direct = server.call("GET", path, headers={"Host": NAME, "X-Request-ID": "the-same", "X-Forwarded-Proto": "https"})
    varying = {"connection", "content-length", "date", "server", "set-cookie", "transfer-encoding"}

    def headers(answer):
        return {name.lower(): value for name, value in answer.headers.items() if name.lower() not in varying}

    assert headers(through) == headers(direct)


@pytest.mark.parametrize("case", [case for case in REFUSED if case != "malformed"])
def test_nginx_refuses_malformed_requests_over_http_as_it_does_others(proxy, case):
    status, headers, body = raw(proxy, REFUSED[case][1], over_tls=False)
    assert (status, body["error_code"]) == (403, "permission_denied")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Strict-Transport-Security" not in headers  # RFC 6797, 7.2


def test_nginx_passes_probes_without_a_host(proxy):
    assert raw(proxy, b"GET /healthz HTTP/1.0\r\n\r\n")[2] == {"status": "ok"}


FOREIGN = "foreign=\xe4"


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ("", "", 200),
        (FOREIGN, FOREIGN, 200),
        (f"{FOREIGN}; {FOREIGN}; a=b", FOREIGN, 200),
        (f"{FOREIGN};" * 4, "", 400),
    ],
)
def test_nginx_leaves_out_cookies_that_granian_cannot_read(proxy, before, after, status):
    """The form is refused as forged without its cookie."""
    page = proxy.call("GET", "/admin/login/", headers={"Host": NAME})
    form = {"csrfmiddlewaretoken": page.cookies["__Host-latchkey-csrf"], "username": "x", "password": "x"}
    cookies = "; ".join(filter(None, (before, f"__Host-latchkey-csrf={form['csrfmiddlewaretoken']}", after)))
    headers = {"Host": NAME, "Cookie": cookies.encode("latin-1"), "Referer": f"https://{NAME}/admin/login/"}
    assert proxy.call("POST", "/admin/login/", data=form, headers=headers).status_code == status


@pytest.mark.asvs("14.2.1", "16.2.5")
def test_nginx_logs_paths_without_queries(proxy, token):
    header = {"Referer": "https://app.example.org/oauth/callback?session=canary"}
    assert proxy.call("GET", "/api/auth/config?session=canary&code=canary", headers=header).status_code == 200
    proxy.call("GET", "/api/auth/oauth/google/callback?code=canary&state=canary", allow_redirects=False)
    said = proxy.written(once="GET /api/auth/oauth/google/callback")
    assert "GET /api/auth/oauth/google/callback" in said
    assert not [word for word in ("canary", token, *WHO.values(), "?") if word in said]


@pytest.mark.asvs("3.4.1", "13.4.6")
def test_nginx_passes_https_on_and_hsts_is_sent(proxy, server):
    answer = proxy.call("GET", "/api/auth/config")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert answer.headers["Server"] == "nginx"
    assert "Strict-Transport-Security" not in server.call("GET", "/api/auth/config").headers


def test_nginx_gets_the_same_headers_from_the_short_way(proxy, token):
    """The second answer comes from the short way, which learned from the first."""
    first, second = (proxy.call("GET", "/api/users/me", token=token) for _ in range(2))
    assert first.status_code == 200
    each_time = {"date", "x-request-id"}
    for answer in (first, second):
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert {name: value for name, value in first.headers.items() if name.lower() not in each_time} == {
        name: value for name, value in second.headers.items() if name.lower() not in each_time
    }


CBC = "ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256"


@pytest.mark.asvs("12.1.1", "12.1.2", "11.3.1", "11.3.2", "11.3.3")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize(
    ("version", "ciphers"),
    [("TLSv1_1", "ALL"), ("TLSv1_2", "AES128-SHA256"), ("TLSv1_2", CBC)],
    ids=["old", "RSA", "CBC"],
)
def test_nginx_refuses_old_tls_and_ciphers_without_forward_secrecy(proxy, version, ciphers):
    context = ssl.create_default_context(cafile=str(proxy.ca))
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    with socket.create_connection(("localhost", proxy.port), 10) as plain, pytest.raises(ssl.SSLError, match="ALERT"):
        context.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.asvs("12.1.1", "12.1.2", "11.3.2")
@pytest.mark.parametrize("newest", ["TLSv1_3", "TLSv1_2"])
def test_nginx_prefers_the_newest_tls_and_encrypts_with_authentication(proxy, newest):
    context = ssl.create_default_context(cafile=str(proxy.ca))
    context.maximum_version = ssl.TLSVersion[newest]
    with (
        socket.create_connection(("localhost", proxy.port), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wire,
    ):
        name, version, _ = wire.cipher()
    assert wire.version() is None
    assert version == newest.replace("_", ".")
    assert "GCM" in name or "CHACHA20" in name


@pytest.mark.asvs("4.1.2", "12.2.1")
def test_nginx_redirects_browsers_to_https_and_refuses_api_calls(proxy):
    for path in ("/", "/admin/login/?next=/admin/", "/api/docs"):
        answer = proxy.in_clear("GET", path)
        assert (answer.status_code, answer.headers["Location"]) == (301, f"https://{NAME}{path}")
    for method, path in (("GET", "/api/auth/session"), ("POST", "/api/auth/login"), ("GET", "/api/nothing")):
        assert problem(proxy.in_clear(method, path)) == (403, "permission_denied")


def test_nginx_refuses_http_on_the_https_port(proxy):
    answer = requests.get(f"http://localhost:{proxy.port}/api/auth/config", timeout=10)
    assert problem(answer) == (400, "invalid_request")
