"""CPU time of processes on Linux."""

import subprocess
import sys

import pytest

from benchmarks.processes import cpu_seconds

pytestmark = [pytest.mark.once, pytest.mark.skipif(sys.platform != "linux", reason="NO LINUX, so nothing is measured.")]

WORK = "import time\nwhile time.thread_time() < 0.1: pass\n"
IN_A_THREAD = (
    f"import threading\nthread = threading.Thread(target=exec, args=[{WORK!r}])\nthread.start()\nthread.join()\n"
)
IN_A_PROCESS = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {WORK!r}])\n"
WAIT = "print('done', flush=True)\ninput()\n"


@pytest.mark.parametrize("work", [IN_A_THREAD, IN_A_PROCESS])
def test_cpu_time_includes_threads_and_processes_that_have_ended(work):
    command = [sys.executable, "-c", work + WAIT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "done\n"
        assert 0.1 <= cpu_seconds(process.pid) < 0.5
        process.communicate("\n")
