"""What the benchmarks install."""

import re

import pytest

from benchmarks.systems import ROOT

pytestmark = pytest.mark.once


def test_the_benchmarks_run_the_versions_that_are_shipped():
    """`make lock` writes both lists."""

    def pins(name):
        return set(re.findall(r"^[\w.-]+(?:\[.+?\])?==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") <= pins("benchmarks/requirements.txt")
