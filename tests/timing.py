"""`make timing`: whether the time of an answer tells which addresses have accounts, or how the mail server is.

Three services on PostgreSQL run beside each other, each with one process and real Argon2. The mail server of the first
is up, that of the second is down, and that of the third hangs. Requests of each class take turns, in a new order each
round.
"""

import argparse
import http.client
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psycopg
from tqdm import tqdm

from . import services  # noqa: F401 (starts PostgreSQL and says where)
from .server import Server, database, free_port, manage, serving
from .smtp import nothing, talker

FLOOR, SHARE = 0.002, 0.03  # seconds, and of the shortest median: a difference below the larger tells nothing
ROUNDS_IN_A_ROW = 9  # fewer than `COOL_OFF_FROM` in accounts/login/lockout.py, so that no login has to wait
PAUSE = 0.02  # seconds: the mail of one request is sent before the next request
SINK = (sys.executable, "-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink")
SETTINGS = {
    "ARGON2_TIME_COST": "3",
    "ARGON2_MEMORY_COST": "65536",
    "ARGON2_PARALLELISM": "4",
    "MAIL_IN_PROCESS": "true",
    "RATE_LIMIT_FACTOR": "0",
    "REGISTRATION": "verified",
}
MAIL = ("up", "down", "hanging")
STORIES = ("login", "register", "password/reset", "email/verify/resend")
PASSWORD = "the password of all users"
USERS = f"""
from django.utils import timezone
from accounts.models import User
User.objects.create_user("verified@example.org", {PASSWORD!r}, email_verified_at=timezone.now())
User.objects.create_user("unverified@example.org", {PASSWORD!r})
User.objects.create_user("disabled@example.org", {PASSWORD!r}, email_verified_at=timezone.now(), is_active=False)
User.objects.create_user("google@example.org", None, email_verified_at=timezone.now())
"""


@dataclass
class Question:
    """One class of requests, and how many seconds each answer took."""

    story: str
    mail: str
    who: str
    wire: http.client.HTTPConnection
    path: str
    status: int
    body: dict[str, str]
    token: str = ""
    took: list[float] = field(default_factory=list)

    def ask(self) -> None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        body = json.dumps(self.body) if self.body else None
        started = time.perf_counter()
        self.wire.request("POST", self.path, body, headers)
        answer = self.wire.getresponse()
        answer.read()
        self.took.append(time.perf_counter() - started)
        if answer.status != self.status:
            raise AssertionError((self.story, self.who, answer.status))


def questions(server: Server, mail: str) -> Iterator[Question]:
    wire = http.client.HTTPConnection(server.url.removeprefix("http://"))

    def about(story: str, who: str, path: str, status: int = 202, token: str = "", **body: str) -> Question:
        return Question(story, mail, who, wire, path, status, body, token)

    if mail == "up":  # a refused login before the tenth sends no mail
        for who, email, password in (
            ("unknown", "unknown@example.org", PASSWORD),
            ("wrong password", "verified@example.org", "another password"),
            ("no password", "google@example.org", PASSWORD),
            ("disabled", "disabled@example.org", PASSWORD),
        ):
            yield about("login", who, "/api/auth/login", 401, email=email, password=password)
    for who, name in (("unknown", "unknown"), ("taken", "verified"), ("disabled", "disabled")):
        yield about("register", who, "/api/auth/register", email=f"{name}@example.org")
    for who, name in (("unknown",) * 2, ("known", "verified"), ("Google only", "google"), ("disabled",) * 2):
        yield about("password/reset", who, "/api/auth/password/reset", email=f"{name}@example.org")
    for who in ("verified", "unverified"):
        body = {"email": f"{who}@example.org", "password": PASSWORD}
        token = server.call("POST", "/api/auth/login", body).json()["token"]
        yield about("email/verify/resend", who, "/api/auth/email/verify/resend", token=token)


@contextmanager
def sink() -> Iterator[int]:
    """The port of a mail server in a process of its own, which accepts each mail."""
    port = free_port()
    with subprocess.Popen([*SINK, "-l", f"127.0.0.1:{port}"]) as process:
        try:
            wait_for(port)
            yield port
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(port)


def clear_failures(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DELETE FROM accounts_login_loginfailures")


def measure(rounds: int, stories: list[str]) -> list[Question]:
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="latchkey-timing-"))
        asked: list[Question] = []
        urls: list[str] = []
        ports = (stack.enter_context(sink()), free_port(), stack.enter_context(talker(nothing)))
        for mail, port in zip(MAIL, ports, strict=True):
            (folder / mail).mkdir()
            urls.append(stack.enter_context(database(folder / mail)))
            env = SETTINGS | {"DATABASE_URL": urls[-1], "EMAIL_URL": f"smtp://127.0.0.1:{port}"}
            manage("shell", "-v0", "-c", USERS, **env)
            asked += questions(stack.enter_context(serving(log=folder / mail / "log", **env)), mail)
        asked = [question for question in asked if question.story in stories]
        for number in tqdm(range(rounds), unit="round", disable=None):
            if number % ROUNDS_IN_A_ROW == 0:
                for url in urls:
                    clear_failures(url)
            for question in random.sample(asked, len(asked)):
                question.ask()
                time.sleep(PAUSE)
    return asked


def report(asked: list[Question]) -> bool:
    """Write the table of medians. Returns whether those of each story differ by no more than their bound."""
    good = True
    sys.stdout.write(f"| request | user | mail server {' | '.join(MAIL)} | difference | bound |\n{'|---' * 7}|\n")
    for story in STORIES:
        medians = {(each.who, each.mail): median(each.took) for each in asked if each.story == story}
        if not medians:
            continue
        difference = max(medians.values()) - min(medians.values())
        bound = max(FLOOR, SHARE * min(medians.values()))
        good = good and difference <= bound
        for who in dict.fromkeys(who for who, _ in medians):
            cells = [ms(medians[who, mail]) if (who, mail) in medians else "" for mail in MAIL]
            sys.stdout.write(f"| `{story}` | {who} | {' | '.join(cells)} | {ms(difference)} | {ms(bound)} |\n")
    return good


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--stories", nargs="+", choices=STORIES, default=STORIES)
    wanted = parser.parse_args()
    return 0 if report(measure(wanted.rounds, wanted.stories)) else 1


if __name__ == "__main__":
    sys.exit(main())
