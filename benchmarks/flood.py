"""`make flood` measures how a flood of logins, ten times what the machine can hash, slows session checks.

Latchkey and its commit a0f27e1 run on one PostgreSQL as they ship, and take turns. In each turn, sessions are checked
at a steady pace: first on the idle server, then while logins arrive, each for another account from another address.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple

from .postgresql import PostgreSQL, running
from .processes import resident
from .servers import Running, prepare, serving
from .systems import BEFORE, BY_EMAIL, FORMER, JSON, ON_GRANIAN, Call, Server

CHECKERS, CHECKS = 10, 100  # connections, and requests on all of them together in each second
MIB = 1024**2
TIMES = ("p50 idle", "p50 flooded", "p99 idle", "p99 flooded", "ratio")
COLUMNS = ("round", "server", *TIMES, "errors", "401", "503", "429", "memory")
REGISTER = Call("POST", "/api/auth/register", JSON, BY_EMAIL)
LIMITED = {name: "1" for name in FORMER.env if name.startswith("RATE_LIMIT")}
AS_IT_SHIPS = LIMITED | {
    "HASHES_AT_ONCE": str(max(1, min(len(os.sched_getaffinity(0)) - 1, 4))),
    "TRUSTED_PROXY_COUNT": "1",
}
MOST = 0.7  # of the p99 of commit a0f27e1 beside the flood
numbers = count(1)


class Round(NamedTuple):
    idle: list[float]
    flooded: list[float]
    errors: Counter[int]
    logins: Counter[int]
    peak: int

    @property
    def ratio(self) -> float:
        return p99(self.flooded) / p99(self.idle)


def p99(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100]


async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    """Sends the request and reads the whole answer. Returns its status."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
    return int(head.split()[1])


async def check(port: int, token: str, until: float, took: list[float], errors: Counter[int]) -> None:
    """Checks a session at a steady pace. A late answer delays the next request, which is timed from when it was due."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET /api/auth/session HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    due = time.monotonic() + CHECKERS / CHECKS * (next(numbers) % CHECKERS) / CHECKERS
    while due < until:
        await asyncio.sleep(max(0, due - time.monotonic()))
        status = await send(reader, writer, request)
        took.append(time.monotonic() - due)
        if status != 200:
            errors[status] += 1
        due += CHECKERS / CHECKS
    writer.close()


async def log_in(port: int, answers: Counter[int]) -> None:
    number = next(numbers)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    body = f'{{"email": "p{number % 500}@example.org", "password": "a wrong guess"}}'
    request = (
        f"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers[await send(reader, writer, request.encode())] += 1
    writer.close()


async def flood(port: int, rate: float, until: float, answers: Counter[int]) -> None:
    """Sends logins at this rate, without waiting for earlier answers."""
    due, logins = time.monotonic(), []
    while due < until:
        await asyncio.sleep(max(0, due - time.monotonic()))
        logins.append(asyncio.create_task(log_in(port, answers)))
        due += 1 / rate
    await asyncio.gather(*logins)


async def capacity(port: int, at_once: int) -> float:
    """The number of logins a second that the idle server can hash."""
    answers: Counter[int] = Counter()
    started = time.monotonic()

    async def one_after_another() -> None:
        while time.monotonic() < started + 3:
            await log_in(port, answers)

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
    return answers[401] / (time.monotonic() - started)


async def play(server: Running, tokens: list[str], rate: float, seconds: int) -> Round:
    this = Round([], [], Counter(), Counter(), 0)
    until = time.monotonic() + seconds
    await asyncio.gather(*(check(server.port, token, until, this.idle, this.errors) for token in tokens))
    until = time.monotonic() + seconds
    checks = (check(server.port, token, until, this.flooded, this.errors) for token in tokens)
    peak = asyncio.create_task(watch(server, until))
    await asyncio.gather(flood(server.port, rate, until, this.logins), *checks)
    return this._replace(peak=await peak)


async def watch(server: Running, until: float) -> int:
    """The most memory that the server held until then, in bytes."""
    most = 0
    while time.monotonic() < until:
        most = max(most, resident(server.pid))
        await asyncio.sleep(0.05)
    return most


def say(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10, help="length of the idle and of the flooded part of a round")
    parser.add_argument(
        "--times", type=float, default=10, help="arriving logins, as a multiple of what the machine can hash"
    )
    wanted = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="latchkey-flood-")))
        postgresql = stack.enter_context(running())
        up = {one.name: stack.enter_context(started(one, postgresql, folder)) for one in (ON_GRANIAN, FORMER)}
        rounds = play_all(up, wanted)
    ours, former = (rounds[server.name] for server in (ON_GRANIAN, FORMER))
    ratio = median(this.ratio for this in ours)
    to_former = median(p99(one.flooded) / p99(other.flooded) for one, other in zip(ours, former, strict=True))
    sys.stdout.write(f"\nMedian ratio of the p99s: {ratio:.1f}\n")
    sys.stdout.write(f"p99 beside the flood, to {BEFORE.name}: {to_former:.2f}; wanted: at most {MOST}\n")
    return 0 if ratio <= 3 and to_former <= MOST and not any(this.errors or this.logins for this in ours) else 1


def started(server: Server, postgresql: PostgreSQL, folder: Path) -> AbstractContextManager[Running]:
    shipped = replace(server, env=server.env | AS_IT_SHIPS)
    postgresql.execute("postgres", f"CREATE DATABASE {server.database}")
    prepare(shipped, postgresql.url(server.database))
    return serving(shipped, postgresql.url(server.database), None, folder / f"{server.name}.log")


def play_all(up: dict[str, Running], wanted: argparse.Namespace) -> dict[str, list[Round]]:
    """Plays all rounds and prints a line for each server in each of them."""
    tokens = {
        name: [token(server, f"checker{number}@example.org") for number in range(CHECKERS)]
        for name, server in up.items()
    }
    able = asyncio.run(capacity(up[ON_GRANIAN.name].port, len(os.sched_getaffinity(0))))
    before = {name: resident(server.pid) for name, server in up.items()}
    sys.stdout.write(f"{able:.1f} logins a second can be hashed; {wanted.times * able:.0f} arrive.\n\n")
    say(*COLUMNS)
    say(*["---"] * len(COLUMNS))
    rounds: dict[str, list[Round]] = {name: [] for name in up}
    for number in range(1, wanted.rounds + 1):
        for name, server in up.items():
            this = asyncio.run(play(server, tokens[name], wanted.times * able, wanted.seconds))
            rounds[name].append(this)
            report(number, name, this, before[name])
    return rounds


def report(number: int, name: str, this: Round, before: int) -> None:
    times = [median(this.idle), median(this.flooded), p99(this.idle), p99(this.flooded)]
    times_in_ms = [f"{1e3 * seconds:.1f} ms" for seconds in times]
    logins = [this.logins.pop(status, 0) for status in (401, 503, 429)]
    memory = f"{before / MIB:.0f} → {this.peak / MIB:.0f} MiB"
    say(number, name, *times_in_ms, f"{this.ratio:.1f}", sum(this.errors.values()), *logins, memory)
    if this.logins:
        sys.stdout.write(f"unexpected: {this.logins}\n")


def token(server: Running, email: str) -> str:
    """Registers this address and returns the token of its session."""
    answer = server.first_answer(REGISTER, email=email, password="correct horse battery")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


if __name__ == "__main__":
    sys.exit(main())
