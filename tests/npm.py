"""Packages of npm: their installation and, for the Makefile, their scripts."""

import fcntl
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest


@cache
def node() -> int:
    """The major version of Node; 0 where Node or npm is missing."""
    if not (shutil.which("node") and shutil.which("npm")):
        return 0
    said = subprocess.run(["node", "--version"], text=True, capture_output=True).stdout
    return int(said.removeprefix("v").partition(".")[0])


def needs_node(so: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(node() < 20, reason=f"NO NODE from 20 on with npm, so {so}.")


def install(folder: Path) -> None:
    """Once, in the first of several processes. npm writes the file last that this looks for."""
    with (folder / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = folder / "node_modules" / ".package-lock.json"
        if installed.exists() and installed.stat().st_mtime >= (folder / "package-lock.json").stat().st_mtime:
            return
        run(folder, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")


def run(folder: Path, *command: str, **options: object) -> str:
    """What the command printed. It must succeed."""
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def main(folder: Path, script: str, *arguments: str) -> int:
    if node() < 20:
        print(f"NO NODE from 20 on with npm, so {folder} does not run: npm run {script}", file=sys.stderr)  # noqa: T201
        return 0
    install(folder)
    return subprocess.run(["npm", "run", "--silent", script, "--", *arguments], cwd=folder).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
