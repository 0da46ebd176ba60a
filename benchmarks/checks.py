"""Checks that each system answers correctly before it is measured, and counts the SQL statements of a request."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import rows
from .postgresql import PostgreSQL, forget_statements, statements
from .servers import Running
from .systems import Call, System

REFUSED = {400, 401, 410}  # allauth answers 410 for a revoked session and 400 for a wrong password
HSTS = "Strict-Transport-Security"
TIMES = 10


class Wrong(Exception):
    """A system answered incorrectly, so its speed means nothing."""


def values(system: System, user: int, **more: str) -> dict[str, str]:
    """The placeholders of a `Call` for this user, whose token is that of the session with the same number."""
    token = system.token(rows.body(user))
    return {"token": token, "email": rows.email(user), "password": rows.PASSWORD, **more}


@dataclass
class Check:
    """`user` is one whom no load asks for, since this revokes their session."""

    system: System
    running: Running
    postgresql: PostgreSQL
    user: int

    def expect(self, what: str, call: Call, holds: Callable[[Any], bool], **more: str) -> Any:
        answer = self.running.ask(call, **values(self.system, self.user, **more))
        if not holds(answer):
            log = self.running.log.read_text()[-2000:]
            raise Wrong(f"{self.system.name}, {what}: {answer.status_code} {answer.text[:500]}\n{log}")
        return answer

    def all(self) -> None:
        self.expect("a valid token finds its user", self.system.me, self.is_the_user)
        if self.system.session:
            self.expect("a valid token finds its session", self.system.session, self.is_the_user)
        if self.system.server.proxied:
            self.expect("https is known behind a proxy", self.system.me, lambda answer: HSTS in answer.headers)
        if self.system.logout:
            self.tokens()
        if self.system.login:
            self.passwords(self.system.login)
        if self.system.sessions:
            self.fifty(self.system.sessions)

    def tokens(self) -> None:
        unknown = self.system.token(rows.body(10**9))
        self.expect("an unknown token is refused", self.system.me, refused, token=unknown)
        if isinstance(self.system.logout, str):
            self.postgresql.execute(
                self.system.server.database, self.system.logout.format(**values(self.system, self.user))
            )
        else:
            self.expect("logout", self.system.logout, lambda answer: answer.status_code in {200, 204, 401})
        self.expect("a revoked token is refused", self.system.me, refused)

    def passwords(self, login: Call) -> None:
        self.expect("a wrong password is refused", login, refused, password="a wrong password")
        self.expect(
            "the right password logs in", login, lambda answer: answer.status_code == 200 and len(answer.text) > 20
        )

    def fifty(self, sessions: Call) -> None:
        self.user = rows.LISTED[0]
        self.expect("a list of fifty", sessions, lambda answer: len(entries(answer.json())) == rows.LIST)

    def is_the_user(self, answer: Any) -> bool:
        return answer.status_code == 200 and f'"{rows.email(self.user)}"' in answer.text

    def count(self, call: Call, user: int) -> list[tuple[str, float]]:
        """The SQL statements of one such request, each with how often it is executed."""
        self.running.ask(call, **values(self.system, user))
        forget_statements(self.postgresql, self.system.server.database)
        for _ in range(TIMES):
            self.running.ask(call, **values(self.system, user))
        return [(query, calls / TIMES) for query, calls in statements(self.postgresql, self.system.server.database)]


def refused(answer: Any) -> bool:
    return answer.status_code in REFUSED or answer.text == "null"  # of better-auth, with status 200


def entries(answer: Any) -> list[Any]:
    """The list of an answer; allauth wraps it in an object."""
    return answer["data"] if isinstance(answer, dict) else answer
