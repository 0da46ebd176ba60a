"""What the benchmarks install."""

import re
import shutil
import subprocess

import pytest

from benchmarks.systems import ROOT

pytestmark = pytest.mark.once


def test_the_benchmarks_run_the_versions_that_are_shipped():
    """`make lock` writes both lists."""

    def pins(name):
        return set(re.findall(r"^[\w.-]+(?:\[.+?\])?==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") <= pins("benchmarks/requirements.txt")


def test_a_copy_without_the_commit_says_how_to_get_it(tmp_path):
    """As a tarball, or a shallow clone."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    done = subprocess.run(["make", "-s", "installed-before"], cwd=tmp_path, text=True, capture_output=True)
    assert done.returncode
    assert "make bench compares with commit a0f27e1, which this copy of the repository lacks" in done.stderr
    assert "git fetch --unshallow" in done.stderr
    assert not (tmp_path / "benchmarks").exists()
