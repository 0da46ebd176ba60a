"""`python -m config.server` serves by granian, whose options and variables (`GRANIAN_…`) it takes: `--help` lists them.

On Linux, granian's workers are forks of this process, which has imported the service: they share its memory, and a lost
worker is replaced within milliseconds. Elsewhere each worker imports for itself: libraries of macOS break in a fork.
"""

import multiprocessing
import signal
import sys
from typing import NoReturn

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from granian.cli import cli

OPTIONS = ("--interface", "wsgi", "--no-ws", "--http", "1")


def main() -> None:
    """Serve until a signal arrives. Raises SystemExit, with 0 after a signal."""
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork")  # the default before Python 3.14; granian follows it
    numbers = ("--workers", str(settings.PROCESSES), "--blocking-threads", str(settings.THREADS))
    command = [*OPTIONS, *numbers, *sys.argv[1:], "config.wsgi:application"]  # of two equal options, the last one holds
    cli(command, prog_name="python -m config.server", auto_envvar_prefix="GRANIAN")


def leave(*_: object) -> NoReturn:
    sys.exit(0)


for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, leave)  # until granian has its own: the first process of a container has no default handler
try:
    import config.application  # noqa: F401
except ImproperlyConfigured as error:
    sys.exit(str(error))

if __name__ == "__main__":
    main()
