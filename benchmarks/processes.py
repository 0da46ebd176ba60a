"""Processes as Linux sees them: which core they may use, what they used of it, what memory they hold."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def cores() -> tuple[int | None, int | None]:
    """One core for the server that is measured, another for all else; None where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


def pin(pid: int, core: int | None) -> None:
    """All threads of this process, and what it starts from now on; None leaves them where they are."""
    if core is not None:
        allow(pid, {core})


def allow(pid: int, cores: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def tree(pid: int) -> list[int]:
    """This process and all below it, as far as they are alive."""
    found = [pid]
    for process in found:
        with suppress(OSError):
            for thread in Path(f"/proc/{process}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree, with that of the processes below it that have ended."""
    return sum(map(_cpu_seconds, tree(pid)))


def each(before: Iterable[float], after: Iterable[float], requests: int) -> list[float]:
    """Microseconds of CPU for each request, of those whose seconds these are."""
    return [(end - start) / requests * 1e6 for start, end in zip(before, after, strict=True)]


def _cpu_seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()  # from the third on: the second, the name, may have spaces in it
    return sum(map(int, fields[11:15])) / TICK


def memory_of_worker(pid: int) -> int:
    """Bytes: the proportional set size of the largest process of the tree, which is the worker."""
    return max(map(_memory, tree(pid)))


def memory(pid: int) -> int:
    """Bytes: the proportional set sizes of the whole tree."""
    return sum(map(_memory, tree(pid)))


def _memory(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1]) * 1024
