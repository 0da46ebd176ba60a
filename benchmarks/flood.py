"""`make flood`: what those who are logged in notice of a flood of logins, ten times what this machine can hash.

One server as it ships, on PostgreSQL, with the real cost of a hash. In each round, live sessions are checked at a
steady pace, first on the idle server, then while logins arrive, each for another person from another address.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests import services  # noqa: F401 (starts PostgreSQL and says where)
from tests.load import resident
from tests.server import Server, database, serving

CHECKERS, CHECKS = 10, 100  # connections, and requests on all of them together in each second
MIB = 1024**2
TIMES = ("p50 idle", "p50 flooded", "p99 idle", "p99 flooded", "ratio")
COLUMNS = ("round", *TIMES, "errors", "401", "503", "429", "memory")
AS_IT_SHIPS = {
    "ARGON2_TIME_COST": "3",
    "ARGON2_MEMORY_COST": "65536",
    "ARGON2_PARALLELISM": "4",
    "HASHES_AT_ONCE": str(max(1, min(len(os.sched_getaffinity(0)) - 1, 4))),
    "RATE_LIMITS": "1",
    "TRUSTED_PROXY_COUNT": "1",
}
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
    """The status of the answer, which is read to its end."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
    return int(head.split()[1])


async def check(where: tuple[str, int], token: str, until: float, took: list[float], errors: Counter[int]) -> None:
    """Asks for a session at a steady pace; an answer that is late delays the next question, but not its clock."""
    reader, writer = await asyncio.open_connection(*where)
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


async def log_in(where: tuple[str, int], answers: Counter[int]) -> None:
    number = next(numbers)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    body = f'{{"email": "p{number % 500}@example.org", "password": "a wrong guess"}}'
    request = (
        f"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    reader, writer = await asyncio.open_connection(*where)
    answers[await send(reader, writer, request.encode())] += 1
    writer.close()


async def flood(where: tuple[str, int], rate: float, until: float, answers: Counter[int]) -> None:
    """Logins at this rate, whether or not earlier ones have been answered."""
    due, logins = time.monotonic(), []
    while due < until:
        await asyncio.sleep(max(0, due - time.monotonic()))
        logins.append(asyncio.create_task(log_in(where, answers)))
        due += 1 / rate
    await asyncio.gather(*logins)


async def capacity(where: tuple[str, int], at_once: int) -> float:
    """Logins a second that the idle server can hash."""
    answers: Counter[int] = Counter()
    started = time.monotonic()

    async def one_after_another() -> None:
        while time.monotonic() < started + 3:
            await log_in(where, answers)

    await asyncio.gather(*(one_after_another() for _ in range(at_once)))
    return answers[401] / (time.monotonic() - started)


async def play(server: Server, tokens: list[str], rate: float, seconds: int) -> Round:
    host, port = server.url.removeprefix("http://").split(":")
    where = (host, int(port))
    this = Round([], [], Counter(), Counter(), 0)
    until = time.monotonic() + seconds
    await asyncio.gather(*(check(where, token, until, this.idle, this.errors) for token in tokens))
    until = time.monotonic() + seconds
    checks = (check(where, token, until, this.flooded, this.errors) for token in tokens)
    peak = asyncio.create_task(watch(server, until))
    await asyncio.gather(flood(where, rate, until, this.logins), *checks)
    return this._replace(peak=await peak)


async def watch(server: Server, until: float) -> int:
    """The most memory that the server held, in bytes."""
    most = 0
    while time.monotonic() < until:
        most = max(most, resident(server))
        await asyncio.sleep(0.05)
    return most


def say(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=10, help="idle, and as many flooded, in each round")
    parser.add_argument("--times", type=float, default=10, help="what the machine can hash")
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="latchkey-flood-"))
    with database(folder) as url, serving(log=folder / "log", DATABASE_URL=url, **AS_IT_SHIPS) as server:
        people = [{"email": f"checker{n}@example.org", "password": "correct horse battery"} for n in range(CHECKERS)]
        tokens = [server.call("POST", "/api/auth/register", person).json()["token"] for person in people]
        host, port = server.url.removeprefix("http://").split(":")
        able = asyncio.run(capacity((host, int(port)), len(os.sched_getaffinity(0))))
        before = resident(server)
        sys.stdout.write(f"{able:.1f} logins a second can be hashed; {wanted.times * able:.0f} arrive.\n\n")
        say(*COLUMNS)
        say(*["---"] * len(COLUMNS))
        rounds = []
        for number in range(1, wanted.rounds + 1):
            this = asyncio.run(play(server, tokens, wanted.times * able, wanted.seconds))
            rounds.append(this)
            times = [median(this.idle), median(this.flooded), p99(this.idle), p99(this.flooded)]
            times_in_ms = [f"{1e3 * seconds:.1f} ms" for seconds in times]
            logins = [this.logins.pop(status, 0) for status in (401, 503, 429)]
            memory = f"{before / MIB:.0f} → {this.peak / MIB:.0f} MiB"
            say(number, *times_in_ms, f"{this.ratio:.1f}", sum(this.errors.values()), *logins, memory)
            if this.logins:
                sys.stdout.write(f"unexpected: {this.logins}\n")
    ratio = median(this.ratio for this in rounds)
    sys.stdout.write(f"\nMedian ratio of the p99s: {ratio:.1f}\n")
    return 0 if ratio <= 3 and not any(this.errors or this.logins for this in rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
