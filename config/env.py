"""How `settings.py` reads the environment. Each parser raises ImproperlyConfigured, which names the setting.

No message repeats a value, because it may be a secret.
"""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from config.postgresql.url import parse

BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
FORMS = {bool: "true or false", int: "a whole number", float: "a number"}
ESCAPE = "Write special characters of a password as %XX."
ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z_0-9]*)\s*=\s*(.*?)\s*")
NOT_A_URL = f"{{}} is not a valid URL. {ESCAPE}"


@contextmanager
def must(name: str, form: str) -> Iterator[None]:
    """Says what this setting must be, where the block raises ValueError."""
    try:
        yield
    except ValueError:
        raise ImproperlyConfigured(f"{name} must {form}.") from None


class Variables(FileAwareMapping):  # type: ignore[misc]
    """The variable `NAME`, or the content of the file that `NAME_FILE` names, without white space around it."""

    def __getitem__(self, key: str) -> str:
        value = super().__getitem__(key).strip()
        return f"\\{value}" if value.startswith("$") else value  # environ would read `$NAME` as a reference


class Environment(environ.Env):  # type: ignore[misc]
    """django-environ, which accepts more spellings of a value than we do: "hunter2" would be the number 2."""

    def __init__(self) -> None:
        super().__init__()
        self.ENVIRON = Variables()
        self.escape_proxy = True  # for the backslash of Variables

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **options: Any) -> Any:
        """The value of this setting. Raises ImproperlyConfigured."""
        try:
            return super().get_value(var, cast, default, **options)
        except OSError as error:
            raise ImproperlyConfigured(f"{var}_FILE cannot be read: {error.strerror}.") from None
        except ValueError:
            raise ImproperlyConfigured(f"{var} must be {FORMS.get(cast, 'written in another form')}.") from None

    @classmethod
    def parse_value(cls, value: Any, cast: Any) -> Any:
        if cast is bool:
            if value.lower() not in BOOLEANS:
                raise ValueError
            return BOOLEANS[value.lower()]
        if cast is float:
            return float(value)
        if cast is list:  # many write a blank after the comma
            return [part.strip() for part in value.split(",") if part.strip()]
        return super().parse_value(value, cast)

    def required(self, name: str, hint: str) -> str:
        value: str = self.str(name, default="")
        if not value:
            raise ImproperlyConfigured(f"{name} is not set. {hint}")
        return value

    def choice(self, name: str, *allowed: str) -> str:
        """One of these words. The first is the default."""
        value: str = self.str(name, default=allowed[0])
        if value not in allowed:
            raise ImproperlyConfigured(f"{name} must be one of: {', '.join(allowed)}.")
        return value

    def port(self, name: str, default: int) -> int:
        value: int = self.int(name, default=default)
        if not 1 <= value <= 65535:
            raise ImproperlyConfigured(f"{name} must be from 1 to 65535.")
        return value

    def days(self, name: str, default: int) -> timedelta:
        return self.duration(name, days=self.int(name, default=default))

    def seconds(self, name: str, default: int) -> timedelta:
        return self.duration(name, seconds=self.int(name, default=default))

    @staticmethod
    def duration(name: str, **amount: int) -> timedelta:
        try:
            return timedelta(**amount)
        except OverflowError:
            raise ImproperlyConfigured(f"{name} is too large.") from None

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """IP addresses and networks, separated by commas; none by default."""
        with must(name, "be IP addresses or networks, such as 10.0.0.0/24"):
            return [ip_network(part) for part in self.list(name, default=[])]


env = Environment()


def read_dotenv(default: Path) -> None:
    """Add the settings of the file that `DOTENV` names. A variable wins that is already set, as a value or a file."""
    given = set(os.environ)
    path = Path(env.str("DOTENV", default=str(default)))
    env.read_env(StringIO("\n".join(assignments(path))))
    for name in set(os.environ) - given:
        if f"{name}_FILE" in given or name.removesuffix("_FILE") in given:
            del os.environ[name]


def assignments(path: Path) -> Iterator[str]:
    """Each `NAME=value` of this file, without blanks around the sign; none of a file that does not exist.

    Editors on Windows begin a file with a byte order mark. environ would skip other lines, and log their secrets.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ImproperlyConfigured(f"{path.name} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{path.name} is not in UTF-8.") from None
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            if not (assigned := ASSIGNMENT.fullmatch(line)):
                raise ImproperlyConfigured(f"Line {number} of {path.name} is not NAME=value.")
            yield f"{assigned[1]}={assigned[2]}"


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def database(name: str, default: str, *, folder: Path) -> dict[str, Any]:
    """Django's settings for this database. The path of an SQLite file is relative to `folder`."""
    url: str = env.str(name, default=default)
    if url.startswith(("postgres://", "postgresql://")):
        return postgresql(name, url)
    if not url.startswith("sqlite:"):
        raise ImproperlyConfigured(f"{name} must start with postgres:// or sqlite:///.")
    try:
        with warnings.catch_warnings(action="ignore"):  # environ's warning about an unknown part repeats the URL
            return sqlite(env.db_url_config(url), folder)
    except ValueError:
        raise ImproperlyConfigured(NOT_A_URL.format(name)) from None


def sqlite(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    options = {
        "transaction_mode": "IMMEDIATE",  # a transaction that reads first and then writes would fail beside another
        "timeout": 2,  # seconds to wait for another writer
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",  # readers do not wait for a writer
    }
    # Opening the file for each request would take longer than the request, so connections stay.
    config |= {"CONN_MAX_AGE": None, "OPTIONS": options}
    if config["NAME"] != ":memory:":
        config["NAME"] = folder / config["NAME"]
    return config


def postgresql(name: str, url: str) -> dict[str, Any]:
    try:
        config = parse(url)
    except ValueError as wrong:
        raise ImproperlyConfigured(f"{name} {wrong}. {ESCAPE}") from None
    options = {
        "connect_timeout": 2,  # seconds for each host
        "tcp_user_timeout": 3000,  # milliseconds until a network that drops all packets counts as down
    }
    # Each thread keeps its connection: config/postgresql/base.py. A server-side cursor outlives its transaction, so a
    # pooler in transaction mode would lose it.
    kept = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": True}
    return config | kept | {"ENGINE": "config.postgresql", "OPTIONS": options | config["OPTIONS"]}


def cache(name: str, default: str) -> dict[str, Any]:
    """Django's settings for this cache. Valkey speaks Redis' protocol."""
    url = re.sub("^valkey", "redis", env.str(name, default="") or default)
    try:
        _ = urlsplit(url.partition(",")[0]).port  # environ checks no port; several addresses are separated by commas
        config: dict[str, Any] = env.cache_url_config(url)
    except ValueError:
        raise ImproperlyConfigured(NOT_A_URL.format(name)) from None
    except ImproperlyConfigured:
        raise ImproperlyConfigured(f"{name} must start with redis:// or valkey://.") from None
    if config["BACKEND"].endswith("RedisCache"):  # half a second each: a request never waits long for the cache
        config["OPTIONS"] = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5, **config.get("OPTIONS", {})}
    return config


def mail(name: str, default: str, *, backend: str) -> dict[str, Any]:
    """Django's EMAIL_* settings. `backend` is the dotted path of another mail backend, or empty."""
    # TLS from the first byte, as in RFC 8314: environ would read `smtps` as STARTTLS.
    url = re.sub("^smtps:", "smtp+ssl:", env.str(name, default="") or default)
    try:
        _ = urlsplit(url).port
        config: dict[str, Any] = env.email_url_config(url)
    except ValueError:
        raise ImproperlyConfigured(NOT_A_URL.format(name)) from None
    except ImproperlyConfigured:
        raise ImproperlyConfigured(f"{name} must start with smtp+tls://, smtps:// or smtp://.") from None
    own = re.search(r"\.(smtp|console)\.EmailBackend$", config["EMAIL_BACKEND"])
    if own:
        config["EMAIL_BACKEND"] = f"accounts.mail.{own[1]}.EmailBackend"
    if backend:
        config["EMAIL_BACKEND"] = backend
    config = {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False} | config
    usual = 587 if config["EMAIL_USE_TLS"] else 465 if config["EMAIL_USE_SSL"] else 25  # RFC 8314 and 6409
    return config | {"EMAIL_PORT": config["EMAIL_PORT"] or usual}


def anymail() -> dict[str, str]:
    """Each variable `ANYMAIL_X`, or `ANYMAIL_X_FILE`, as anymail's setting `X`."""
    names = {name.removesuffix("_FILE") for name in os.environ if name.startswith("ANYMAIL_")}
    return {name.removeprefix("ANYMAIL_"): env.str(name) for name in names}
