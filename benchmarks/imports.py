"""What the start of the service is spent on: its imports, package by package."""

import subprocess
import sys

from .servers import environment
from .systems import ROOT, System


def imports(system: System, database_url: str) -> list[tuple[str, float]]:
    """Milliseconds that each package takes by itself while the application is imported, most first."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import config.wsgi, config.urls"],
        cwd=ROOT,
        env=environment(system.server, database_url),
        text=True,
        capture_output=True,
        check=True,
    )
    return by_package(done.stderr)


def by_package(importtime: str) -> list[tuple[str, float]]:
    """The output of `-X importtime`, summed up; Django's parts and ours count for themselves."""
    spent: dict[str, float] = {}
    for line in importtime.splitlines():
        head, _, module = line.rpartition("|")
        micros = head.removeprefix("import time:").partition("|")[0].strip()
        if micros.isdecimal():
            name = package(module.strip())
            spent[name] = spent.get(name, 0) + int(micros) / 1e3
    return sorted(spent.items(), key=lambda item: -item[1])


def package(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[: 3 if parts[:2] == ["django", "contrib"] else 2 if parts[0] == "django" else 1])
