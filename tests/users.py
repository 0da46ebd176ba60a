"""Alice, Bob and Charlie, and their way into the API."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.test import Client

from accounts.mail.worker import deliver_next


class ApiClient(Client):
    """Django's test client as a REST client: it sends JSON and a bearer token, and returns errors as answers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(raise_request_exception=False, **options)

    def _base_environ(self, **request: Any) -> dict[str, Any]:
        """A browser without cookies sends no header. Django's client sends an empty one."""
        environ: dict[str, Any] = super()._base_environ(**request)  # type: ignore[misc]
        if not environ["HTTP_COOKIE"]:
            del environ["HTTP_COOKIE"]
        return environ

    def call(self, method: str, path: str, body: Any = None, *, token: str = "", **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data = b"" if body is None else json.dumps(body)
        return self.generic(method, path, data, content_type="application/json", headers=sent)

    def register(self, email: str, password: str = "correct horse battery", **more: Any) -> Any:
        return self.call("POST", "/api/auth/register", {"email": email, "password": password, **more})

    def login(self, email: str, password: str = "correct horse battery", **headers: str) -> Any:
        return self.call("POST", "/api/auth/login", {"email": email, "password": password}, **headers)

    def check_session(self, token: str) -> Any:
        return self.call("GET", "/api/auth/session", token=token)

    def use(self, token: str) -> int:
        """The status of a request that uses the session; `check_session` only reads it."""
        return self.call("GET", "/api/users/me", token=token).status_code

    def is_live(self, token: str) -> bool:
        """Whether this is the token of a live session. A refusal must be `session_expired`."""
        answer = self.check_session(token)
        assert answer.status_code in {200, 401}
        assert answer.status_code == 200 or answer.json()["error_code"] == "session_expired"
        return answer.status_code == 200


@dataclass
class ApiUser:
    email: str
    password: str
    token: str

    @classmethod
    def registers(cls, api: ApiClient, name: str) -> "ApiUser":
        email, password = f"{name}@example.org", f"the password of {name}"
        answer = api.register(email, password, display_name=name.capitalize())
        assert answer.status_code == 201, answer.content
        return cls(email, password, answer.json()["token"])

    def logs_in(self, api: ApiClient, **headers: str) -> str:
        answer = api.login(self.email, self.password, **headers)
        assert answer.status_code == 200, answer.content
        return answer.json()["token"]


class Mailbox:
    """All mailboxes. Each look delivers the queued mails first, as the worker does."""

    def __init__(self, arrived: list[Any]) -> None:
        self.arrived, self.read = arrived, 0

    def new(self) -> list[Any]:
        """The mails since the last look."""
        while deliver_next():
            pass
        unread, self.read = self.arrived[self.read :], len(self.arrived)
        return unread

    def the_one(self, email: str, about: str = "") -> Any:
        """The only new mail to this address with this in its subject. All other new mails count as read."""
        (mail,) = [mail for mail in self.new() if mail.to == [email] and about in mail.subject]
        return mail

    def token(self, email: str, about: str = "") -> str:
        """The token in the link of that mail, after `#`."""
        return link(self.the_one(email, about)).partition("#")[2]


def link(mail: Any) -> str:
    """The URL in a mail. Text and HTML must contain the same one."""
    (html, _), (url,) = mail.alternatives[0], re.findall(r"^https?://\S+$", mail.body, re.MULTILINE)
    assert html.count(f'href="{url}"') == 1
    return url


def comparable(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """The parts of an answer that a caller can compare: all but its request id."""
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
    return answer.status_code, answer.content, headers


def problem(answer: Any) -> tuple[int, str]:
    """Status and error code of a refusal, which must be a problem of RFC 9457 with our fields."""
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "error_code"} <= body.keys()
    assert body["status"] == answer.status_code
    return answer.status_code, body["error_code"]
