"""`make bench` runs a part by its name, as in `make bench ARGS='growth --quick'`; without a name, `others`."""

import signal
import sys

from . import growth, others, replica, workers

PARTS = {"others": others.main, "growth": growth.main, "workers": workers.main, "replica": replica.main}


def main(words: list[str]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # unwinds, so that all servers are stopped
    part = words.pop(0) if words and words[0] in PARTS else "others"
    PARTS[part](words)


if __name__ == "__main__":
    main(sys.argv[1:])
