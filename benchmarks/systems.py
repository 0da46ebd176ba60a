"""The measured systems: how each is started, and the requests that it answers."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEERS = Path(__file__).resolve().parent / "peers"

PY = sys.executable
NUMBERS = ("--workers", "1", "--blocking-threads", "8", "--log-level", "error", "--port", "{port}")
GRANIAN = (PY, "-m", "granian", "--interface", "wsgi", "--no-ws", "--http", "1", *NUMBERS)
GUNICORN = (PY, "-m", "gunicorn", "--workers", "1", "--worker-class", "gthread", "--threads", "8")
GUNICORN += ("--log-level", "error", "--bind", "127.0.0.1:{port}")
UVICORN = (PY, "-m", "uvicorn", "--workers", "1", "--no-access-log", "--log-level", "error", "--port", "{port}")

JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": "Bearer {token}"}
TOKEN = {"Authorization": "Token {token}"}
X_SESSION_TOKEN = {"X-Session-Token": "{token}"}
BY_EMAIL = '{{"email": "{email}", "password": "{password}"}}'
BY_USERNAME = '{{"username": "{email}", "password": "{password}"}}'


@dataclass(frozen=True)
class Call:
    """A request with the placeholders `{token}`, `{email}`, `{password}` and `{uuid}`."""

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
    """`migrate` creates the tables in `database`; `fill.sql` in `rows` fills them, then `fill`, where it is given."""

    name: str
    database: str
    command: tuple[str, ...]
    folder: Path
    rows: Path
    migrate: tuple[tuple[str, ...], ...]
    fill: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class System:
    """Several systems may share a server; then they are measured in the same process."""

    name: str
    title: str
    server: Server
    me: Call
    token: Callable[[str], str]  # makes the token from what `rows.body` returns
    login: Call | None = None
    sessions: Call | None = None
    logout: Call | str = ""  # an SQL statement where the system has no call for it
    freshen: str = ""  # an SQL statement before each turn
    does: str = ""


def django(name: str, folder: str, command: tuple[str, ...] = GRANIAN, **more: tuple[str, ...]) -> Server:
    where = PEERS / folder
    migrate = ((PY, "-m", "django", "migrate", "-v0", "--settings", "settings", "--pythonpath", "."),)
    return Server(name, folder, (*command, "wsgi:application"), where, where, migrate, **more)


def latchkey(name: str, command: tuple[str, ...]) -> Server:
    env = {
        "DOTENV": "/dev/null",
        "SECRET_KEY": "only-for-the-benchmark-only-for-the-benchmark-only-for-the-benchmark",
        "DJANGO_SETTINGS_MODULE": "benchmarks.peers.latchkey.settings",
        # Off here as in the other systems: rate limits, and an access log.
        "RATE_LIMIT_FACTOR": "0",
        "HASHES_AT_ONCE": "8",
        "LOG_LEVEL": "warning",
    }
    migrate = ((PY, "manage.py", "migrate", "-v0"),)
    return Server(name, "latchkey", command, ROOT, PEERS / "latchkey", migrate, env=env)


def fastapi(name: str, application: str) -> Server:
    where = PEERS / name
    return Server(name, name, (*UVICORN, application), where, where, ((PY, "create.py"),))


ON_GRANIAN = latchkey("latchkey", (PY, "-m", "config.server", *NUMBERS))
ON_GUNICORN = latchkey("latchkey-gunicorn", (*GUNICORN, "config.wsgi:application"))
ALLAUTH = django("allauth", "allauth", fill=(PY, "fill.py"))

OURS = {
    "me": Call("GET", "/api/users/me", BEARER),
    "token": lambda body: f"s_{body[:86]}",
    "login": Call("POST", "/api/auth/login", JSON, BY_EMAIL),
    "sessions": Call("GET", "/api/auth/sessions", BEARER),
    "logout": Call("POST", "/api/auth/logout", BEARER),
    # As for clients that ask more than once in five minutes: the checks that are measured write nothing.
    "freshen": "UPDATE sessions_api_session SET last_seen_at = now() WHERE last_seen_at < now() - interval '1 minute'",
}

# The next check of each session writes `last_seen_at`.
LONG_AGO = "UPDATE sessions_api_session SET last_seen_at = now() - interval '1 hour'"

SYSTEMS = (
    System(
        "latchkey",
        "Latchkey",
        ON_GRANIAN,
        **OURS,
        does="A joined `SELECT` by the token's SHA-256.",
    ),
    System(
        "latchkey-gunicorn",
        "Latchkey on gunicorn",
        ON_GUNICORN,
        **OURS | {"login": None, "sessions": None},
        does="The same, with gunicorn's threads.",
    ),
    System(
        "ninja-empty",
        "an empty Ninja endpoint",
        ON_GRANIAN,
        me=Call("GET", "/api/bare/empty"),
        token=str,
        does="Nothing, behind Latchkey's middlewares.",
    ),
    System(
        "ninja-select",
        "one raw `SELECT` by primary key",
        ON_GRANIAN,
        me=Call("GET", "/api/bare/select", {"X-User": "{uuid}"}),
        token=str,
        does="One row by hand-written SQL, without authentication.",
    ),
    System(
        "reference",
        "FastAPI + SQLAlchemy",
        fastapi("reference", "app.main:app"),
        me=Call("GET", "/users/me", BEARER),
        token=lambda body: f"s_{body[:86]}",
        login=Call("POST", "/auth/login", JSON, BY_EMAIL),
        sessions=Call("GET", "/users/me/sessions", BEARER),
        logout="DELETE FROM session WHERE id = '{token}'",
        does="A joined `SELECT` by the token in clear. It has no logout; the list is our addition.",
    ),
    System(
        "knox",
        "django-rest-knox",
        django("knox", "knox"),
        me=Call("GET", "/me/", TOKEN),
        token=lambda body: body[:64],
        login=Call("POST", "/login/", JSON, BY_USERNAME),
        sessions=Call("GET", "/tokens/", TOKEN),
        logout=Call("POST", "/logout/", TOKEN),
        does="A `SELECT` by the token's first 15 characters, then all tokens of the user, to delete expired ones. The "
        "list is REST framework's generic view.",
    ),
    System(
        "drf-token",
        "REST framework's tokens",
        django("drf_token", "drf_token"),
        me=Call("GET", "/me/", TOKEN),
        token=lambda body: body[:40],
        login=Call("POST", "/api-token-auth/", JSON, BY_USERNAME),
        logout="DELETE FROM authtoken_token WHERE key = '{token}'",
        does="A joined `SELECT` by the token in clear, which never expires.",
    ),
    System(
        "allauth",
        "django-allauth headless",
        ALLAUTH,
        me=Call("GET", "/_allauth/app/v1/auth/session", X_SESSION_TOKEN),
        token=lambda body: body[:32],
        login=Call("POST", "/_allauth/app/v1/auth/login", JSON, BY_EMAIL),
        sessions=Call("GET", "/_allauth/app/v1/auth/sessions", X_SESSION_TOKEN),
        logout=Call("DELETE", "/_allauth/app/v1/auth/session", X_SESSION_TOKEN),
        does="Its session endpoint, by a key in clear. The list checks every session again.",
    ),
    System(
        "allauth-ninja",
        "Ninja behind allauth",
        ALLAUTH,
        me=Call("GET", "/api/me", X_SESSION_TOKEN),
        token=lambda body: body[:32],
        logout="DELETE FROM django_session WHERE session_key = '{token}'",
        does="An endpoint behind allauth's security class for Ninja.",
    ),
    System(
        "fastapi-users",
        "fastapi-users",
        fastapi("fastapi_users", "app.app:app"),
        me=Call("GET", "/users/me", BEARER),
        token=lambda body: body[:43],
        login=Call(
            "POST",
            "/auth/db/login",
            {"Content-Type": "application/x-www-form-urlencoded"},
            "username={email}&password={password}",
        ),
        logout=Call("POST", "/auth/db/logout", BEARER),
        does="A `SELECT` by the token in clear, and one of the user.",
    ),
)
BY_NAME = {system.name: system for system in SYSTEMS}
