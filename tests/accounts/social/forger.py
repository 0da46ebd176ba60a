"""An OpenID Provider on a real socket, which lies, stalls and floods as a test tells it to."""

import base64
import hashlib
import json
import secrets
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

CLIENT = "our-client-id"
DISCOVERY, KEYS, TOKEN = "/.well-known/openid-configuration", "/keys", "/token"
SAYS = "the-words-of-the-provider"  # in its answers; they must not reach a log or a URL


@cache
def key(name: str = "first") -> rsa.RSAPrivateKey:
    """The private key of this name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def jwk(name: str = "first") -> dict[str, Any]:
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key(), as_dict=True)
    return public | {"kid": name, "alg": "RS256", "use": "sig"}


def pem(name: str = "first") -> bytes:
    """The public key, in the form that a careless verifier would use as an HMAC secret."""
    return (
        key(name).public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def encoded(data: bytes | dict[str, Any]) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def at_hash(access_token: str) -> str:
    return encoded(hashlib.sha256(access_token.encode()).digest()[:16])


def without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {known: value for known, value in claims.items() if known != name}


def signed(claims: dict[str, Any], *, by: str = "first", **header: Any) -> str:
    """A genuine ID token. A header parameter that is None is left out."""
    parts = {name: value for name, value in ({"alg": "RS256", "kid": by} | header).items() if value is not None}
    message = f"{encoded(parts)}.{encoded(claims)}"
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(message.encode(), key(by))
    return f"{message}.{encoded(signature)}"


class Forger:
    """`behaviour` sets what it does at a path; `forge` makes the ID token of a sign-in."""

    def __init__(self, server: ThreadingHTTPServer, scheme: str) -> None:
        self.server = server
        self.issuer = f"{scheme}://localhost:{server.server_port}"
        self.over = Event()
        self.asked: list[str] = []
        self.stalled = Event()
        self.left_alone = Event()
        self.sent = 0
        self.keys = [jwk()]
        self.discovery: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}{TOKEN}",
            "jwks_uri": f"{self.issuer}{KEYS}",
        }
        self.codes: dict[str, dict[str, Any]] = {}
        self.before_answering: Callable[[], Any] = lambda: None
        self.behaviour: dict[str, Callable[[Request], None]] = {}

    def configure(self, settings: Any) -> None:
        """From now on this is Google."""
        settings.SOCIAL_AUTH_GOOGLE_KEY = CLIENT
        settings.SOCIAL_AUTH_GOOGLE_SECRET = "our-client-secret"
        settings.SOCIAL_AUTH_GOOGLE_OIDC_ENDPOINT = self.issuer

    def claims(self, sub: str = "dave", **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        user = {"email": f"{sub}@gmail.com", "email_verified": True, "name": str(sub).capitalize()}
        return {"iss": self.issuer, "aud": CLIENT, "sub": sub, "iat": now, "exp": now + 600} | user | changes

    def consent(
        self,
        address: str,
        sub: str = "dave",
        *,
        forge: Callable[[dict[str, Any]], str | dict[str, Any]] = signed,
        **changes: Any,
    ) -> str:
        """Where the browser goes back to. `forge` makes the ID token of the claims, or the whole token response."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        access_token = secrets.token_urlsafe(16)
        made = forge(self.claims(sub, nonce=asked["nonce"], at_hash=at_hash(access_token)) | changes)
        answer = made if isinstance(made, dict) else {"id_token": made}
        self.codes[code] = {"access_token": access_token, "token_type": "Bearer"} | answer
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def path_of(self, name: str) -> str:
        """The path of this URL of the discovery document; empty for another origin."""
        url = str(self.discovery.get(name))
        return urlsplit(url).path if url.startswith(self.issuer) else ""

    def answer(self, request: "Request") -> None:
        path = urlsplit(request.path).path
        body = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        self.asked.append(path)
        if path in self.behaviour:
            self.behaviour[path](request)
        elif path == f"{self.path_of('issuer').rstrip('/')}{DISCOVERY}":
            request.tell(self.discovery)
        elif path in {KEYS, self.path_of("jwks_uri")}:
            request.tell({"keys": self.keys})
        elif path in {TOKEN, self.path_of("token_endpoint")}:
            answer = self.codes.get(parse_qs(body)["code"][0], {"error": "invalid_grant"})
            self.before_answering()
            request.tell(answer)
        else:
            request.send_error(404)


class Request(BaseHTTPRequestHandler):
    forger: Forger

    def do_GET(self) -> None:
        try:
            self.forger.answer(self)
        except OSError:  # the client closed the connection
            self.forger.left_alone.set()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass

    def tell(self, what: Any, status: int = 200, **headers: str) -> None:
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        self.begin(status, **{"Content-Type": "application/json", "Content-Length": str(len(body))} | headers)
        self.wfile.write(body)

    def begin(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


class Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        pass


@contextmanager
def forging(certificate: Path | None = None) -> Iterator[Forger]:
    """A provider on its own port, because social-core caches what it reads of a provider for a day."""
    handler = type("Handler", (Request,), {})
    server = Quiet(("127.0.0.1", 0), handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    handler.forger = forger = Forger(server, "https" if certificate else "http")
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield forger
    finally:
        forger.over.set()
        server.shutdown()
        server.server_close()


def self_signed(folder: Path) -> Path:
    """A certificate that no authority signed, with its key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key().public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    certificate = builder.add_extension(names, critical=False).sign(key(), hashes.SHA256())
    file = folder / "self-signed.pem"
    file.write_bytes(
        key().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


# How a provider misbehaves. Each takes the request.


def fails(request: Request) -> None:
    request.tell({"error": SAYS, "error_description": SAYS}, 500)


def is_overloaded(request: Request) -> None:
    request.tell(SAYS.encode(), 503, **{"Retry-After": "1"})


def hangs(request: Request) -> None:
    request.forger.stalled.set()
    request.forger.over.wait(30)


def _trickle(request: Request, text: bytes) -> None:
    for byte in text:
        request.wfile.write(bytes([byte]))
        if request.forger.over.wait(0.3):
            return


def trickles_headers(request: Request) -> None:
    _trickle(request, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Slow: " + b"y" * 100)


def trickles(request: Request) -> None:
    request.begin(**{"Content-Type": "application/json", "Content-Length": "1000"})
    _trickle(request, b"{" + b" " * 100)


def floods(request: Request) -> None:
    request.begin(**{"Content-Type": "application/json", "Content-Length": str(50 * 2**20)})
    for _ in range(800):
        request.wfile.write(b" " * 2**16)
        request.forger.sent += 2**16


def cuts(request: Request) -> None:
    request.begin(**{"Content-Type": "application/json", "Content-Length": "1000"})
    request.wfile.write(b'{"issuer": "')


def hangs_up(request: Request) -> None:
    request.connection.close()


def talks_gibberish(request: Request) -> None:
    request.wfile.write(b"\x16\x03\x01 " + SAYS.encode() + b"\r\n\r\n")


def breaks_json(request: Request) -> None:
    request.tell(b'{"issuer": ' + SAYS.encode())


def answers_html(request: Request) -> None:
    request.tell(f"<html><script>{SAYS}</script>".encode(), **{"Content-Type": "text/html"})


def answers_a_list(request: Request) -> None:
    request.tell([SAYS])


def answers_null(request: Request) -> None:
    request.tell(None)


def nests_deeply(request: Request) -> None:
    request.tell(b"[" * 100_000)


def answers_bytes(request: Request) -> None:
    request.tell(b"\xff\xfe\xfd\0", **{"Content-Type": "application/json; charset=utf-8"})


def refuses(request: Request) -> None:
    request.tell({"error": "invalid_client", "error_description": SAYS}, 401)


def redirects_to(address: str, status: int = 302) -> Callable[[Request], None]:
    def redirects(request: Request) -> None:
        request.begin(status, **{"Location": address, "Content-Length": "0"})

    return redirects
