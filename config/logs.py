"""What a line of the log looks like, whoever writes it: JSON for machines, or plain text for somebody who watches.

Everybody logs as the standard library does, `logger.info("what", extra={"name": value})`. Here each line gets its
time and the id of its request, and loses what it must not hold.
"""

import json
import logging
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any

from structlog.contextvars import merge_contextvars
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import TimeStamper
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, Processor

LONGEST = 500  # characters of a value: most lines stay below the 4,096 bytes that a pipe keeps together
LONGEST_TRACE = 10_000
HIDDEN = "***"
HEADERS = "authorization|cookie"
WORDS = "passw|pwd|secret|token|verifier|api_?key"
WHOLE_NAMES = {"code", "state", "session", "nonce"}  # error_code and status_code are none
SHAPES = re.compile(
    r"s_[\w-]{60,}"  # the token of a session, or most of one
    r"|[0-9a-f]{65,}"  # the token of a mail; a digest is shorter, and opens nothing
    r"|eyJ[\w.-]{8,}"  # a JWT
    r"|(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"  # who speaks to a database, and how
    rf"|(?P<header>(?i:{HEADERS})[\"']?[ \t]*[=:])[^\n]+"
    r"|(?P<scheme>(?i:\bbearer)[ \t]+)[^\s\"',]+"
    rf"|(?P<key>(?i:(?:{WORDS})\w{{0,30}}|\b(?:{'|'.join(sorted(WHOLE_NAMES))})(?==))[\"']?[ \t]*[=:][ \t]*)"
    r"""(?:"[^"]*"?|'[^']*'?|[^\s&,;)}]+)""",
    re.ASCII,
)
PLAIN = (int, float, type(None))
MARKS = re.compile(r"[=: \t]|s_|eyJ|.{65}", re.DOTALL)  # what has none of these has none of those shapes
OF_A_RECORD = {*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName", "request", "status_code"}


class Line(ProcessorFormatter):
    """A record as one line, with each `extra` of it; `form` is `json` or `console`."""

    def __init__(self, form: str, *, colors: bool = False) -> None:
        render: list[Processor] = [to_json] if form == "json" else [readable, console(colors)]
        super().__init__(processors=[describe, merge_contextvars, without_secrets, timestamp, *render])


class Lines(logging.StreamHandler[Any]):
    """To where the errors go. A line that cannot be written is nobody's failure but its own."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """The standard library would print the record, arguments and all."""
        with suppress(Exception):
            self.stream.write(f'{{"level": "error", "event": "A line was lost", "logger": "{record.name}"}}\n')
            self.flush()


class OnlyUnexpected(logging.Filter):
    """For django.request, which repeats each refusal that the line of the request tells of."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR and bool(record.exc_info)


timestamp = TimeStamper(fmt="iso", utc=True)


def describe(logger: Any, method: str, event: EventDict) -> EventDict:
    """Where the line is from, what was added to it, and what went wrong, without the values of variables."""
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


def without_secrets(logger: Any, method: str, event: EventDict) -> EventDict:
    """By the name of a value, and in any text by its shape."""
    trace = event.pop("exception", None)
    kept = {name: HIDDEN if is_secret(name) else clean(value) for name, value in event.items()}
    return kept if trace is None else kept | {"exception": clean(trace, LONGEST_TRACE)}


@lru_cache(1000)
def is_secret(name: str) -> bool:
    return name.lower() in WHOLE_NAMES or re.search(f"{HEADERS}|{WORDS}", name, re.IGNORECASE) is not None


def clean(value: Any, longest: int = LONGEST) -> Any:
    """Texts without secrets, and without their beginnings where they are long: the end says more."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, dict):
        return {str(name): HIDDEN if is_secret(str(name)) else clean(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [clean(part) for part in value]
    text = value if isinstance(value, str) else str(value)
    if not MARKS.search(text):
        return text
    text = SHAPES.sub(rf"\g<header>\g<scheme>\g<key>{HIDDEN}", text[-LONGEST_TRACE:])
    return text if len(text) <= longest else f"…{text[-longest:]}"


def to_json(logger: Any, method: str, event: EventDict) -> str:
    return encode(event)


encode = json.JSONEncoder().encode  # made once; what comes here is of JSON's own types


def readable(logger: Any, method: str, event: EventDict) -> EventDict:
    """Nothing in it moves the cursor or begins a line; a trace is indented. Values with spaces will be quoted."""
    trace = event.pop("exception", "").splitlines()
    shown = {name: visible(value) if isinstance(value, str) else value for name, value in event.items()}
    return shown | {"exception": "\n".join(f"    {visible(line)}" for line in trace)} if trace else shown


def visible(text: str) -> str:
    return "".join(part if part.isprintable() else part.encode("unicode_escape").decode() for part in text)


def console(colors: bool) -> ConsoleRenderer:
    return ConsoleRenderer(colors=colors, exception_formatter=plain_traceback, pad_event_to=0)
