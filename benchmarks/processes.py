"""Processes on Linux: the cores they may use, the CPU time they used, the memory they hold."""

import os
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PROCESS_CPU_CLOCK = 2  # CPUCLOCK_SCHED of Linux, which clock_getcpuclockid(3) joins with the id of a process


def cores() -> tuple[int | None, int | None]:
    """A core for the measured server and another for everything else; None on a machine with one core."""
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[1]) if len(allowed) > 1 else (None, None)


def pin(pid: int, core: int | None) -> None:
    """Keeps all threads of this process, and those it starts later, on this core. None changes nothing."""
    if core is not None:
        allow(pid, {core})


def allow(pid: int, cores: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def tree(pid: int) -> list[int]:
    """This process and all living processes below it."""
    found = [pid]
    for process in found:
        with suppress(OSError):
            for thread in Path(f"/proc/{process}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """What the scheduler counted for the tree, in nanoseconds: with threads that have ended, as those of Argon2's lanes
    do after each hash, and with processes that have ended, in ticks of the kernel."""
    return sum(map(_cpu_seconds, tree(pid)))


def each(before: Iterable[float], after: Iterable[float], requests: int) -> list[float]:
    """Microseconds of CPU for each request, one value for each pair of seconds."""
    return [(end - start) / requests * 1e6 for start, end in zip(before, after, strict=True)]


def _cpu_seconds(pid: int) -> float:
    try:
        own = time.clock_gettime(~pid << 3 | PROCESS_CPU_CLOCK)
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()  # from the third on; the second, the name, may contain spaces
    return own + sum(map(int, fields[13:15])) / TICK


def memory(pid: int) -> int:
    """Bytes: the proportional set sizes of the whole tree."""
    return sum(map(_memory, tree(pid)))


def resident(pid: int) -> int:
    """Bytes: the resident set sizes of the whole tree. Cheaper to read than `memory`, but counts shared pages again."""
    return sum(map(_resident, tree(pid)))


def _memory(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)[1]) * 1024


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
