#!/bin/sh
# argon2-cffi 25.1.0 hashes each lane in a thread that ends with the hash. On Linux, /proc/PID/task/*/schedstat then lacks most
# of the CPU time of a hash with four lanes, and has all of it with one. The CPU clock of the process has both.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check argon2-cffi==25.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import time
from importlib.metadata import version
from pathlib import Path

from argon2 import PasswordHasher


def of_tasks():
    return sum(int((task / "schedstat").read_text().split()[0]) for task in Path("/proc/self/task").iterdir()) / 1e9


print("argon2-cffi", version("argon2-cffi"))
print("claim: the CPU time of hashes is in the schedstat of living tasks with one lane, and mostly not with four")
for lanes, least, most in ((1, 0.8, 1.1), (4, 0, 0.5)):
    hasher = PasswordHasher(3, 65536, lanes)
    hasher.hash("a password")
    tasks, process = of_tasks(), time.process_time()
    for _ in range(3):
        hasher.hash("a password")
    tasks, process = of_tasks() - tasks, time.process_time() - process
    print(f"{lanes} lanes: {tasks:.3f} s of living tasks, {process:.3f} s of the process")
    assert least <= tasks / process <= most
PYTHON
