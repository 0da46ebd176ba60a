"""Verifies one Argon2id hash after another, which is the least that a login can cost. Prints JSON.

A separate process, so that it can run on the servers' core.
"""

import json
import resource
import sys
import time

from argon2 import PasswordHasher

from .load import percentiles
from .rows import PASSWORD


def main(encoded: str, seconds: float) -> None:
    hasher, took = PasswordHasher(), []
    hasher.verify(encoded, PASSWORD)
    before, began = _cpu(), time.perf_counter()
    while (started := time.perf_counter()) < began + seconds:
        hasher.verify(encoded, PASSWORD)
        took.append(time.perf_counter() - started)
    elapsed, used = time.perf_counter() - began, _cpu() - before
    p50, p99 = percentiles(took)
    sys.stdout.write(json.dumps({"requests": len(took), "seconds": elapsed, "cpu": used, "p50": p50, "p99": p99}))


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
