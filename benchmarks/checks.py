"""Right before fast: each system is asked what it must get right, and how many statements its answers take."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import rows
from .postgresql import PostgreSQL, forget_statements, statements
from .servers import Running
from .systems import Call, System

REFUSED = {400, 401, 410}  # 410 is allauth's word for a session that is gone, 400 for a password that is wrong
TIMES = 10


class Wrong(Exception):
    """An answer is not what it must be: no speed makes up for that."""


def values(system: System, person: int, **more: str) -> dict[str, str]:
    """What the calls of this person are filled with: their token is that of the session with their number."""
    token = system.token(rows.body(person))
    return {"token": token, "email": rows.email(person), "password": rows.PASSWORD, "uuid": rows.uuid(person), **more}


@dataclass
class Check:
    """`person` is somebody whom no load asks for."""

    system: System
    running: Running
    postgresql: PostgreSQL
    person: int

    def expect(self, what: str, call: Call, holds: Callable[[Any], bool], **more: str) -> Any:
        answer = self.running.ask(call, **values(self.system, self.person, **more))
        if not holds(answer):
            log = self.running.log.read_text()[-2000:]
            raise Wrong(f"{self.system.name}, {what}: {answer.status_code} {answer.text[:500]}\n{log}")
        return answer

    def all(self) -> None:
        if self.system.name == "ninja-empty":
            self.expect("an answer", self.system.me, lambda answer: answer.status_code == 200)
            return
        self.expect("a right token is its person", self.system.me, self.is_the_person)
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
                self.system.server.database, self.system.logout.format(**values(self.system, self.person))
            )
        else:
            self.expect("logout", self.system.logout, lambda answer: answer.status_code in {200, 204, 401})
        self.expect("a token that has ended is refused", self.system.me, refused)

    def passwords(self, login: Call) -> None:
        self.expect("a wrong password is refused", login, refused, password="a wrong password")
        self.expect("a right one is not", login, lambda answer: answer.status_code == 200 and len(answer.text) > 20)

    def fifty(self, sessions: Call) -> None:
        self.person = rows.LISTED[0]
        self.expect("a list of fifty", sessions, lambda answer: len(entries(answer.json())) == rows.LIST)

    def is_the_person(self, answer: Any) -> bool:
        return answer.status_code == 200 and f'"{rows.email(self.person)}"' in answer.text

    def count(self, call: Call, person: int) -> list[tuple[str, float]]:
        """The statements of one such request, and how often each is executed."""
        self.running.ask(call, **values(self.system, person))
        forget_statements(self.postgresql, self.system.server.database)
        for _ in range(TIMES):
            self.running.ask(call, **values(self.system, person))
        return [(query, calls / TIMES) for query, calls in statements(self.postgresql, self.system.server.database)]


def refused(answer: Any) -> bool:
    return answer.status_code in REFUSED


def entries(answer: Any) -> list[Any]:
    """allauth wraps its lists."""
    return answer["data"] if isinstance(answer, dict) else answer
