"""Send requests to a server for some seconds: with wrk on many connections, or from Python on one."""

import asyncio
import http.client
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

Request = tuple[str, str, dict[str, str], str]  # method, path, headers, body

SCRIPT = Path(__file__).with_name("wrk.lua")
MARK = "RESULT "


@dataclass(frozen=True)
class Load:
    requests: int
    seconds: float
    p50: float  # milliseconds
    p99: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


class Failed(Exception):
    """Not every request was answered with success."""


class Silent(Failed):
    """No request was answered yet."""


def read(output: str) -> Load:
    """The result that wrk.lua printed. Raises Failed for errors, and Silent where no request was answered."""
    line = next((line for line in output.splitlines() if line.startswith(MARK)), None)
    if line is None:
        raise Failed(output)
    said = json.loads(line.removeprefix(MARK))
    if any(said["errors"].values()):
        raise Failed(f"{said['requests']} answers, and errors: {said['errors']}")
    if not said["requests"]:
        raise Silent("no answer")
    return Load(said["requests"], said["microseconds"] / 1e6, said["p50"] / 1e3, said["p99"] / 1e3)


def wrk(port: int, requests: list[Request], connections: int, seconds: int) -> Load:
    """Sends all of them in turn, one at a time on each connection. Raises Failed and Silent like `read`."""
    with tempfile.NamedTemporaryFile("w") as file:
        file.writelines(map(line, requests))
        file.flush()
        command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
        command += ["--timeout", "30s", "--script", str(SCRIPT), f"http://127.0.0.1:{port}", "--", file.name]
        return read(subprocess.run(command, text=True, capture_output=True, check=False).stdout)


def line(request: Request) -> str:
    """The line that wrk.lua reads: method, path, headers, an empty field and the body, separated by tabs."""
    method, path, headers, body = request
    return "\t".join([method, path, *(f"{name}: {value}" for name, value in headers.items()), "", body]) + "\n"


def one_by_one(port: int, requests: list[Request], seconds: float, *, once: bool = False) -> Load:
    """Sends them on one connection and waits for the last answer, so that no unfinished request counts.

    Starts again after the last one, unless each may be sent only `once`. Raises Failed at the first answer other
    than 2xx.
    """
    connection, took = http.client.HTTPConnection("127.0.0.1", port, timeout=60), []
    began = time.perf_counter()
    while not took or (time.perf_counter() < began + seconds and not (once and len(took) == len(requests))):
        method, path, headers, body = requests[len(took) % len(requests)]
        asked = time.perf_counter()
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
        took.append(time.perf_counter() - asked)
        if not 200 <= answer.status < 300:
            raise Failed(f"{answer.status} {text[:200]!r}")
    elapsed = time.perf_counter() - began
    connection.close()
    return Load(len(took), elapsed, *percentiles(took))


def paced(port: int, requests: list[Request], per_second: int, going: Callable[[], bool]) -> Load:
    """Sends all of them in turn at this pace, on ten connections, while `going` returns true.

    A late answer delays the next request on its connection, but that request is timed from when it was due.
    Raises Failed at the first answer other than 2xx.
    """
    return asyncio.run(_paced(port, requests, per_second, going))


CONNECTIONS = 10


async def _paced(port: int, requests: list[Request], per_second: int, going: Callable[[], bool]) -> Load:
    took: list[float] = []
    began = time.perf_counter()

    async def one_of_ten(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        due = began + number / per_second
        for request in cycle(requests[number::CONNECTIONS] or requests):
            await asyncio.sleep(max(0, due - time.perf_counter()))
            if not going():
                break
            writer.write(spelled(request))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            text = await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
            took.append(time.perf_counter() - due)
            if not head.split()[1].startswith(b"2"):
                raise Failed(f"{head[:50]!r} {text[:200]!r}")
            due += CONNECTIONS / per_second
        writer.close()

    await asyncio.gather(*map(one_of_ten, range(CONNECTIONS)))
    return Load(len(took), time.perf_counter() - began, *percentiles(took))


def spelled(request: Request) -> bytes:
    """The bytes of this request, HTTP/1.1."""
    method, path, headers, body = request
    headers = {"Host": "localhost", **headers} | ({"Content-Length": str(len(body.encode()))} if body else {})
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", body]
    return "\r\n".join(lines).encode()


def percentiles(took: list[float]) -> tuple[float, float]:
    """The 50th and the 99th percentile of these seconds, in milliseconds."""
    ordered = sorted(took)
    return ordered[len(ordered) // 2] * 1e3, ordered[len(ordered) * 99 // 100] * 1e3
