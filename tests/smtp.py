"""Mail servers that accept mails, refuse them, hang or stop."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from ssl import PROTOCOL_TLS_SERVER, SSLContext
from typing import Any, ClassVar

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from trustme import CA

from .server import free_port

USER, PASSWORD = "latchkey", "p@ss/word"


async def take(server: "MailServer", smtp: SMTP) -> str:
    return "250 OK"


async def refuse_for_now(server: "MailServer", smtp: SMTP) -> str:
    return "451 Come back later"


async def die(server: "MailServer", smtp: SMTP) -> str:
    smtp.transport.abort()
    return "250 The connection is closed by now"


async def wait(server: "MailServer", smtp: SMTP) -> str:
    while not server.go_on.is_set():
        await asyncio.sleep(0.01)
    return "250 OK"


class MailServer:
    """`mails` has each mail that it received, whatever it answered, and `raw` its bytes.

    `heard` has the commands before them, and `greeted_by` the name in EHLO.
    """

    def __init__(self, recipient: str, data: Callable[["MailServer", SMTP], Awaitable[str]]) -> None:
        self.recipient, self.data, self.port = recipient, data, free_port()
        self.mails: list[EmailMessage] = []
        self.heard: list[str] = []
        self.raw: list[bytes] = []
        self.greeted_by = ""
        self.arrived, self.go_on = threading.Event(), threading.Event()

    @property
    def to(self) -> list[str]:
        return [mail["To"] for mail in self.mails]

    async def handle_MAIL(self, smtp: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        self.heard.append("MAIL over TLS" if smtp.transport.get_extra_info("sslcontext") else "MAIL")
        envelope.mail_from, self.greeted_by = address, session.host_name
        return "250 OK"

    async def handle_RCPT(self, smtp: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, smtp: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        self.raw.append(envelope.content)
        self.mails.append(message_from_bytes(envelope.content.replace(b"\r\n", b"\n"), policy=policy.default))
        self.arrived.set()
        return await self.data(self, smtp)

    def authenticate(self, smtp: SMTP, session: Any, envelope: Any, mechanism: str, given: LoginPassword) -> AuthResult:
        self.heard.append("AUTH")
        return AuthResult(success=given == LoginPassword(USER.encode(), PASSWORD.encode()), handled=False)


@contextmanager
def mail_server(
    *,
    recipient: str = "250 OK",
    data: Callable[[MailServer, SMTP], Awaitable[str]] = take,
    certificate: SSLContext | None = None,
    implicit: bool = False,
    password: bool = False,
) -> Iterator[MailServer]:
    """A running MailServer. With a certificate it requires STARTTLS or, `implicit`, TLS from the first byte."""
    server = MailServer(recipient, data)
    options: dict[str, Any] = {}
    if implicit:
        options["ssl_context"] = certificate
    elif certificate:
        options |= {"tls_context": certificate, "require_starttls": True}
    if password:
        options |= {"authenticator": server.authenticate, "auth_required": True, "auth_require_tls": False}
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    try:
        yield server
    finally:
        server.go_on.set()
        controller.stop()


@contextmanager
def talker(say: Callable[[socket.socket, threading.Event], Any]) -> Iterator[int]:
    """The port of a server that sends what `say` sends, and reads nothing."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def speak(wire: socket.socket) -> None:
        with wire, suppress(OSError):
            say(wire, over)

    def accept() -> None:
        with suppress(OSError):
            while not over.is_set():
                threading.Thread(target=speak, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        thread.join()
        listener.close()


class Script:
    """The replies of a mail server at each command; one that is empty closes the connection.

    `connect` is the greeting, and `text` the reply to the mail itself. `heard` has the commands that came.
    """

    ACCEPTING: ClassVar = {
        "connect": "220 mail.example.org ESMTP",
        "ehlo": "250-mail.example.org\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 ENHANCEDSTATUSCODES",
        "auth": "235 2.7.0 Authentication successful",
        "data": "354 End data with <CR><LF>.<CR><LF>",
        "quit": "221 2.0.0 Bye",
    }

    def __init__(self, **replies: str) -> None:
        self.replies = self.ACCEPTING | replies
        self.heard: list[str] = []

    def __call__(self, wire: socket.socket, over: threading.Event) -> None:
        """The whole conversation on this connection. 421 ends it (RFC 5321, 3.8)."""
        command = "connect"
        with wire.makefile("rb") as lines:
            while reply := self.replies.get(command, "250 2.0.0 Ok"):
                wire.sendall(f"{reply}\r\n".encode())
                if command == "quit" or reply.startswith("421"):
                    return
                if command == "data" and reply.startswith("354"):
                    while lines.readline().strip(b"\r\n") != b".":
                        pass
                    command = "text"
                else:
                    command = lines.readline().partition(b" ")[0].strip().decode().lower() or "quit"
                    self.heard.append(command)


def nothing(wire: socket.socket, over: threading.Event) -> None:
    over.wait()


def byte_by_byte(wire: socket.socket, over: threading.Event) -> None:
    """Each byte arrives in time, but the greeting never ends."""
    while not over.wait(0.05):
        wire.sendall(b"2")


def certificate(authority: CA, name: str) -> SSLContext:
    context = SSLContext(PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context
