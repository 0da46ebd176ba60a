"""Alice, Bob and Charlie, and the front door they come through."""

import json
import re
from dataclasses import dataclass
from typing import Any

from django.test import Client

from accounts.mail.worker import deliver_next


class ApiClient(Client):
    """The test client as a REST client would write it: JSON in, a bearer token, and errors as answers."""

    def __init__(self) -> None:
        super().__init__(raise_request_exception=False)

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
        """The status of a request that makes use of the session, where `check_session` only asks about it."""
        return self.call("GET", "/api/users/me", token=token).status_code

    def opens(self, token: str) -> bool:
        """Whether the token opens a session; a refusal is the one for tokens that open nothing."""
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
    """All mailboxes of the world. To look is to deliver what is queued, as a worker would."""

    def __init__(self, arrived: list[Any]) -> None:
        self.arrived, self.read = arrived, 0

    def new(self) -> list[Any]:
        """What has arrived since somebody looked."""
        while deliver_next():
            pass
        unread, self.read = self.arrived[self.read :], len(self.arrived)
        return unread

    def the_one(self, email: str, about: str = "") -> Any:
        """The one new mail to this address, with this in its subject. Others have been read by this, too."""
        (mail,) = [mail for mail in self.new() if mail.to == [email] and about in mail.subject]
        return mail

    def token(self, email: str, about: str = "") -> str:
        """What stands behind `#` in the link of that mail."""
        return link(self.the_one(email, about)).partition("#")[2]


def link(mail: Any) -> str:
    """The address that a mail wants its reader to open; text and HTML agree on it."""
    (html, _), (url,) = mail.alternatives[0], re.findall(r"^https?://\S+$", mail.body, re.MULTILINE)
    assert html.count(f'href="{url}"') == 1
    return url


def comparable(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    """All that an answer tells, without the name that each has of its own."""
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}
    return answer.status_code, answer.content, headers


def problem(answer: Any) -> tuple[int, str]:
    """Status and error code of a refusal, which has the contract's form (RFC 9457)."""
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "error_code"} <= body.keys()
    assert body["status"] == answer.status_code
    return answer.status_code, body["error_code"]
