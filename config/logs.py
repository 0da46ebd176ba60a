"""The form of each line of the log: JSON for programs, or text for a terminal.

All code logs with the standard library, `logger.info("what", extra={"name": value})`. Here each line gets its time and
the id of its request, and loses its secrets.
"""

import json
import logging
import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Any
from uuid import UUID

from pydantic_core import to_json as as_json  # `str` of a UUID takes twice the CPU
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import TimeStamper
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, Processor

from config.request_id import request_id

LONGEST = 500  # characters of a value: a line with one such value fits into 4,096 bytes, which a pipe writes as one
LONGEST_TRACE = 10_000  # characters: the trace of a query that fails below an endpoint has 3,000
HIDDEN = "***"
HEADERS = "authorization|cookie"
WORDS = "passw|pwd|secret|token|verifier|api_?key"
WHOLE_NAMES = {"code", "state", "session", "nonce"}  # error_code, status_code and session_id are not secret
SHAPES = re.compile(
    r"s_[\w-]{60,}"  # a session token has 88 characters; also most of one
    r"|[0-9a-f]{65,}"  # a mail token has 96 digits; a SHA-256 digest has 64 and is not secret
    r"|eyJ[\w.-]{8,}"  # a JWT
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # user and password in a URL
    rf"|(?P<header>(?i:{HEADERS})[\"']?[ \t]*[=:])[^\n]+"
    r"|(?P<scheme>(?i:\bbearer)[ \t]+)[^\s\"',]+"
    rf"|(?P<key>(?i:(?:{WORDS})\w{{0,30}}|\b(?:{'|'.join(sorted(WHOLE_NAMES))})(?==))[\"']?[ \t]*[=:][ \t]*)"
    r"""(?:"[^"]*"?|'[^']*'?|[^\s&,;)}]+)""",
    re.ASCII,
)
PLAIN = (int, float, type(None))
MARKS = re.compile("=|:| |\t|s_|eyJ")  # each secret shape has one of these, or more characters than UNMARKED
UNMARKED = 64
OF_A_RECORD = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", "request", "status_code"}
# The attributes of a record with the seven fields of a check. A filter of another handler may add one.
OF_A_CHECK = len(logging.makeLogRecord({}).__dict__) + 7
ADDRESS = re.compile("[0-9a-f.:]{2,45}")  # the canonical forms of IPv4 and IPv6


class LineFormatter(ProcessorFormatter):
    """Formats a record, with each of its `extra`, as one line. `form` is `json` or `console`."""

    def __init__(self, form: str, *, colors: bool = False) -> None:
        self.form = form
        render: list[Processor] = [to_json] if form == "json" else [readable, console(colors)]
        super().__init__(processors=[describe, add_request_id, without_secrets, timestamp, *render])

    def format(self, record: logging.LogRecord) -> str:
        line = line_of_check(record) if self.form == "json" else None
        return super().format(record) if line is None else line


class LineHandler(logging.StreamHandler[Any]):
    """Writes lines to standard error. A line that cannot be written fails no request."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """The standard library would print the record with its arguments, which may be secret."""
        with suppress(Exception):
            self.stream.write(f'{{"level": "error", "event": "A line was lost", "logger": "{record.name}"}}\n')
            self.flush()


class OnlyUnexpected(logging.Filter):
    """For django.request: keeps exceptions. Our own line for the request already reports each refusal."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR and bool(record.exc_info)


timestamp = TimeStamper(fmt="iso", utc=True)


def line_of_check(record: logging.LogRecord) -> str | None:
    """The line of a request with a session: the same text as the processors make, for less than half the CPU.

    None for every other record, and for one with a text that may contain a secret.
    """
    if record.name != "config.middleware" or record.levelname != "INFO" or record.msg != "request":
        return None
    values, its_id = record.__dict__, request_id.get()
    if len(values) != OF_A_CHECK or record.args or record.exc_info or record.stack_info:
        return None
    user, session_id, ip = values.get("user"), values.get("session_id"), values["ip"]
    if not (isinstance(user, UUID) and isinstance(session_id, UUID) and ip and ADDRESS.fullmatch(ip) and its_id):
        return None
    method, path = values["method"], values["path"]
    if may_be_secret(method) or may_be_secret(path) or may_be_secret(its_id):
        return None
    second, part = divmod(int(record.created * 1_000_000), 1_000_000)
    return (
        f'{{"event": "request", "level": "info", "logger": "config.middleware", "method": {quoted(method)}, '
        f'"path": {quoted(path)}, "status": {values["status"]:d}, "ms": {values["ms"]!r}, "ip": "{ip}", '
        f'"user": {as_json(user).decode()}, "session_id": {as_json(session_id).decode()}, '
        f'"request_id": {quoted(its_id)}, '
        f'"timestamp": "{to_the_second(second)}.{part:06}Z"}}'
    )


@lru_cache(1)
def to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def describe(logger: Any, method: str, event: EventDict) -> EventDict:
    """Add the level, the logger, each `extra`, and the trace of an exception without the values of variables."""
    record: logging.LogRecord = event.pop("_record")
    del event["_from_structlog"]
    event["level"] = method
    event["logger"] = record.name
    for name, value in record.__dict__.items():
        if name not in OF_A_RECORD and value is not None:
            event[name] = value
    if failure := event.pop("exc_info", None):
        event["exception"] = logging.Formatter().formatException(failure)
    return event


def add_request_id(logger: Any, method: str, event: EventDict) -> EventDict:
    if its_id := request_id.get():
        event["request_id"] = its_id
    return event


def without_secrets(logger: Any, method: str, event: EventDict) -> EventDict:
    """Hide each value with the name of a secret, and each part of a text with the shape of one."""
    trace = event.pop("exception", None)
    kept = {name: HIDDEN if is_secret(name) else clean(value) for name, value in event.items()}
    return kept if trace is None else kept | {"exception": clean(trace, LONGEST_TRACE)}


@lru_cache(1000)  # our own names are fewer; the bound is for dictionaries with foreign keys
def is_secret(name: str) -> bool:
    return name.lower() in WHOLE_NAMES or re.search(f"{HEADERS}|{WORDS}", name, re.IGNORECASE) is not None


def clean(value: Any, longest: int = LONGEST) -> Any:
    """This value without secrets. Of a long text the end is kept, because there an error says what happened."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, dict):
        return {str(name): HIDDEN if is_secret(str(name)) else clean(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [clean(part) for part in value]
    text = value if isinstance(value, str) else str(value)
    if not may_be_secret(text):
        return text
    text = SHAPES.sub(rf"\g<header>\g<scheme>\g<key>{HIDDEN}", text[-LONGEST_TRACE:])
    return text if len(text) <= longest else f"…{text[-longest:]}"


def may_be_secret(text: str) -> bool:
    """Whether a text needs the slow search for SHAPES."""
    return len(text) > UNMARKED or MARKS.search(text) is not None


def to_json(logger: Any, method: str, event: EventDict) -> str:
    return json.dumps(event)


def readable(logger: Any, method: str, event: EventDict) -> EventDict:
    """For a terminal: escape characters that move the cursor or begin a line, and indent a trace."""
    trace = event.pop("exception", "").splitlines()
    shown = {name: visible(value) if isinstance(value, str) else value for name, value in event.items()}
    return shown | {"exception": "\n".join(f"    {visible(line)}" for line in trace)} if trace else shown


def visible(text: str) -> str:
    return "".join(part if part.isprintable() else part.encode("unicode_escape").decode() for part in text)


def console(colors: bool) -> ConsoleRenderer:
    return ConsoleRenderer(colors=colors, exception_formatter=plain_traceback, pad_event_to=0)
