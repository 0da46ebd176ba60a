"""Measures what each imported package adds to the start of the service."""

import subprocess
import sys

from .servers import environment
from .systems import ROOT, System

TIMES = 5


def imports(system: System, database_url: str) -> list[tuple[str, float]]:
    """Milliseconds that each package itself takes while the application is imported, slowest first.

    The fastest of several runs, because other load on the machine can only make wall-clock time longer.
    """
    environ = environment(system.server, database_url) | {"MAIL_IN_PROCESS": "false"}
    return min((by_package(importtime(environ)) for _ in range(TIMES)), key=lambda seen: sum(time for _, time in seen))


def importtime(environ: dict[str, str]) -> str:
    command = [sys.executable, "-X", "importtime", "-c", "import config.wsgi, config.urls"]
    return subprocess.run(command, cwd=ROOT, env=environ, text=True, capture_output=True, check=True).stderr


def by_package(said: str) -> list[tuple[str, float]]:
    """The output of `-X importtime`, summed for each package. The parts of Django are counted separately."""
    spent: dict[str, float] = {}
    for line in said.splitlines():
        head, _, module = line.rpartition("|")
        micros = head.removeprefix("import time:").partition("|")[0].strip()
        if micros.isdecimal():
            name = package(module.strip())
            spent[name] = spent.get(name, 0) + int(micros) / 1e3
    return sorted(spent.items(), key=lambda item: -item[1])


def package(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[: 3 if parts[:2] == ["django", "contrib"] else 2 if parts[0] == "django" else 1])
