"""`make load`: two hundred keep-alive connections for a minute, on PostgreSQL and eight threads.

Every answer must be a 200, and the server's memory must not grow once it is warm.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tqdm import tqdm

from . import services  # noqa: F401 (starts PostgreSQL and sets DATABASE_URL)
from .server import Server, database, serving

KIB = 1024


async def client(host: str, port: int, token: str, until: float, answers: list[float]) -> None:
    """Check the session on one connection until then. Append the seconds of each answer to `answers`."""
    reader, writer = await asyncio.open_connection(host, port)
    question = f"GET /api/auth/session HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    try:
        while time.monotonic() < until:
            asked = time.monotonic()
            writer.write(question)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise AssertionError(head.decode())
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            answers.append(time.monotonic() - asked)
    finally:
        writer.close()


async def load(server: Server, tokens: list[str], seconds: int, memory: list[int]) -> list[float]:
    """The seconds of each answer. `memory` gets the server's bytes once a second."""
    answers: list[float] = []
    host, port = server.url.removeprefix("http://").split(":")
    until = time.monotonic() + seconds
    clients = asyncio.gather(*(client(host, int(port), token, until, answers) for token in tokens))
    for _ in tqdm(range(seconds), unit="s", disable=None):
        await asyncio.sleep(1)
        memory.append(resident(server))
    await clients
    return answers


def resident(server: Server) -> int:
    """The resident bytes of the server and its workers."""
    pids = [server.process.pid, *(int(pid) for pid in children(server.process.pid))]
    status = "".join(Path(f"/proc/{pid}/status").read_text() for pid in pids)
    return sum(int(line.split()[1]) * KIB for line in status.splitlines() if line.startswith("VmRSS"))


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--connections", type=int, default=200)
    wanted = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="latchkey-load-"))
    with database(folder) as url, serving(log=folder / "log", DATABASE_URL=url) as server:
        tokens = [
            server.call("POST", "/api/auth/register", {"email": f"p{n}@example.org", "password": "correct horse"})
            for n in range(wanted.connections)
        ]
        memory: list[int] = []
        answers = asyncio.run(load(server, [t.json()["token"] for t in tokens], wanted.seconds, memory))
    answers.sort()
    warm, end = memory[len(memory) // 4], memory[-1]
    sys.stdout.write(
        f"{len(answers)} answers, all 200, {len(answers) / wanted.seconds:.0f} a second; "
        f"p50 {answers[len(answers) // 2] * 1e3:.0f} ms, p99 {answers[len(answers) * 99 // 100] * 1e3:.0f} ms; "
        f"memory {warm / KIB**2:.0f} MiB when warm, {end / KIB**2:.0f} MiB at the end\n"
    )
    return 0 if end < 1.1 * warm else 1


if __name__ == "__main__":
    sys.exit(main())
