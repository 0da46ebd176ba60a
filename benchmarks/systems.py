"""The measured systems: how each is started, and the requests that it answers."""

import base64
import hashlib
import hmac
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from .nginx import HOST

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"
ENVIRONMENT = Path(__file__).resolve().parent / ".venv"  # `make bench` puts the environments of the others into ours
BEFORE = ENVIRONMENT / "a0f27e1"  # the commit that the ratios of the page are to, with an environment of its own

PY = sys.executable
PEERS_PY = str(ENVIRONMENT / "peers/bin/python")
BEFORE_PY = str(BEFORE / ".venv/bin/python")
GRANIAN = ("-m", "granian", "--interface", "wsgi", "--no-ws", "--http", "1")
NUMBERS = ("--workers", "1", "--blocking-threads", "8", "--port", "{port}")
QUIET = ("--log-level", "error")  # Latchkey writes a line for each request itself; for the others, their server does
UVICORN = (PEERS_PY, "-m", "uvicorn", "--workers", "1", "--port", "{port}")

JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": "Bearer {token}"}
TOKEN = {"Authorization": "Token {token}"}
X_SESSION_TOKEN = {"X-Session-Token": "{token}"}
BY_EMAIL = '{{"email": "{email}", "password": "{password}"}}'


@dataclass(frozen=True)
class Call:
    """A request with the placeholders `{token}`, `{email}` and `{password}`."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def body_for(self, **values: str) -> str:
        return self.body.format(**values)

    def filled(self, **values: str) -> tuple[str, str, dict[str, str], str]:
        headers = {name: value.format(**values) for name, value in self.headers.items()}
        return self.method, self.path, headers, self.body_for(**values)


@dataclass(frozen=True)
class Server:
    """`migrate` creates the tables in `database`; `fill.sql` in `rows` fills them, then `fill`, where it is given.

    A `proxied` server has nginx in front of it, which is not measured.
    """

    name: str
    database: str
    command: tuple[str, ...]
    folder: Path
    rows: Path
    migrate: tuple[tuple[str, ...], ...]
    fill: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    proxied: bool = False


@dataclass(frozen=True)
class System:
    """The page describes each system that has `does`."""

    name: str
    title: str
    server: Server
    me: Call
    token: Callable[[str], str]  # makes the token from what `rows.body` returns
    session: Call | None = None
    login: Call | None = None
    sessions: Call | None = None  # of a user who has fifty
    logout: Call | str = ""  # an SQL statement where the system has no call for it
    freshen: str = ""  # an SQL statement before each turn
    does: str = ""


def latchkey(name: str, python: str, folder: Path, **env: str) -> Server:
    env = {
        "DOTENV": "/dev/null",
        "SECRET_KEY": "only-for-the-benchmark-only-for-the-benchmark-only-for-the-benchmark",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "RATE_LIMIT_FACTOR": "0",  # off here as in the other systems
        "HASHES_AT_ONCE": "8",
        "MAIL_IN_PROCESS": "false",
        **env,
    }
    return Server(
        name,
        name,
        own_command(python, folder),
        folder,
        PEERS / name,
        ((python, "manage.py", "migrate", "-v0"),),
        env=env,
    )


def own_command(python: str, folder: Path) -> tuple[str, ...]:
    """As the image starts it: by a module of its own, which commit a0f27e1 does not have."""
    if (folder / "config/server.py").exists():
        return (python, "-m", "config.server", *NUMBERS, *QUIET)
    return (python, *GRANIAN, *NUMBERS, *QUIET, "config.wsgi:application")


def behind_nginx(server: Server) -> Server:
    """The same with the same rows, as it is set up behind a proxy that ends TLS."""
    env = server.env | {"PUBLIC_URL": f"https://{HOST}", "TRUSTED_PROXY_COUNT": "1"}
    return replace(server, name=f"{server.name}-https", env=env, proxied=True)


def django(folder: str, **more: tuple[str, ...]) -> Server:
    where = PEERS / folder
    migrate = ((PEERS_PY, "-m", "django", "migrate", "-v0", "--settings", "settings", "--pythonpath", "."),)
    command = (PEERS_PY, *GRANIAN, *NUMBERS, "--access-log", "wsgi:application")
    return Server(folder, folder, command, where, where, migrate, **more)


def fastapi(folder: str, application: str) -> Server:
    where = PEERS / folder
    return Server(folder, folder, (*UVICORN, application), where, where, ((PEERS_PY, "create.py"),))


ON_GRANIAN = latchkey("latchkey", PY, ROOT, GLIBC_TUNABLES="glibc.malloc.hugetlb=1")  # as the image sets it
WHOLE_WAY = replace(ON_GRANIAN, name="latchkey-whole", env=ON_GRANIAN.env | {"SHORT_WAY": "off"})
FORMER = latchkey("before", BEFORE_PY, BEFORE, RATE_LIMITS="0")  # as it called RATE_LIMIT_FACTOR

SECRET = "only-for-the-benchmark-only-for-the-benchmark"
BETTER_AUTH = Server(
    "better_auth",
    "better_auth",
    ("node", "server.mjs", "{port}"),
    PEERS / "better_auth",
    PEERS / "better_auth",
    (("node", "create.mjs"),),
    env={"BETTER_AUTH_SECRET": SECRET, "NODE_ENV": "production", "BETTER_AUTH_TELEMETRY": "0"},
)


def signed(body: str) -> str:
    """The token that better-auth's bearer plugin gives to a client: that of the session, and an HMAC."""
    token = body[:32]
    proof = hmac.digest(SECRET.encode(), token.encode(), hashlib.sha256)
    return f"{token}.{base64.b64encode(proof).decode()}"


CHECKS = {
    "me": Call("GET", "/api/users/me", BEARER),
    "session": Call("GET", "/api/auth/session", BEARER),
    "token": lambda body: f"s_{body[:86]}",
    "logout": Call("POST", "/api/auth/logout", BEARER),
    # As for clients that ask more than once in five minutes: the checks that are measured write nothing.
    "freshen": "UPDATE sessions_api_session SET last_seen_at = now() WHERE last_seen_at < now() - interval '1 minute'",
}
OURS = CHECKS | {
    "login": Call("POST", "/api/auth/login", JSON, BY_EMAIL),
    "sessions": Call("GET", "/api/auth/sessions", BEARER),
}

# The next check of each session writes `last_seen_at`.
LONG_AGO = "UPDATE sessions_api_session SET last_seen_at = now() - interval '1 hour'"

SYSTEMS = (
    System("latchkey", "Latchkey", ON_GRANIAN, **OURS, does="A joined `SELECT` by the token's SHA-256."),
    System("before", "Latchkey at a0f27e1", FORMER, **OURS),
    System("latchkey-https", "Latchkey behind nginx", behind_nginx(ON_GRANIAN), **CHECKS),
    System("before-https", "a0f27e1 behind nginx", behind_nginx(FORMER), **CHECKS),
    System("latchkey-whole", "Latchkey, whole way", WHOLE_WAY, **CHECKS),
    System(
        "reference",
        "FastAPI + SQLAlchemy",
        fastapi("reference", "app.main:app"),
        me=Call("GET", "/users/me", BEARER),
        token=lambda body: f"s_{body[:86]}",
        sessions=Call("GET", "/users/me/sessions", BEARER),
        logout="DELETE FROM session WHERE id = '{token}'",
        does="A joined `SELECT` by the token in clear. The list is our addition.",
    ),
    System(
        "knox",
        "django-rest-knox",
        django("knox"),
        me=Call("GET", "/me/", TOKEN),
        token=lambda body: body[:64],
        logout=Call("POST", "/logout/", TOKEN),
        does="A `SELECT` by the token's first 15 characters, then all tokens of the user, to delete expired ones.",
    ),
    System(
        "allauth",
        "django-allauth headless",
        django("allauth", fill=(PEERS_PY, "fill.py")),
        me=Call("GET", "/_allauth/app/v1/auth/session", X_SESSION_TOKEN),
        token=lambda body: body[:32],
        sessions=Call("GET", "/_allauth/app/v1/auth/sessions", X_SESSION_TOKEN),
        logout=Call("DELETE", "/_allauth/app/v1/auth/session", X_SESSION_TOKEN),
        does="Its session endpoint, by a key in clear. The list checks every session again.",
    ),
    System(
        "dj-rest-auth",
        "dj-rest-auth",
        django("dj_rest_auth"),
        me=Call("GET", "/dj-rest-auth/user/", TOKEN),
        token=lambda body: body[:40],
        logout=Call("POST", "/dj-rest-auth/logout/", TOKEN),
        does="REST framework's token: a joined `SELECT` by the token in clear, which never expires.",
    ),
    System(
        "djoser",
        "djoser",
        django("djoser"),
        me=Call("GET", "/auth/users/me/", TOKEN),
        token=lambda body: body[:40],
        logout=Call("POST", "/auth/token/logout/", TOKEN),
        does="The same token.",
    ),
    System(
        "fastapi-users",
        "fastapi-users",
        fastapi("fastapi_users", "app.app:app"),
        me=Call("GET", "/users/me", BEARER),
        token=lambda body: body[:43],
        logout=Call("POST", "/auth/db/logout", BEARER),
        does="A `SELECT` by the token in clear, and one of the user.",
    ),
    System(
        "better-auth",
        "better-auth on Node",
        BETTER_AUTH,
        me=Call("GET", "/api/auth/get-session", BEARER),
        token=signed,
        sessions=Call("GET", "/api/auth/list-sessions", BEARER),
        logout="DELETE FROM session WHERE token = split_part('{token}', '.', 1)",
        does="Its session endpoint, by a signed token that the database has in clear.",
    ),
)
BY_NAME = {system.name: system for system in SYSTEMS}
