"""What the benchmarks install, and how they count imports."""

import re

import pytest

from benchmarks.imports import by_package
from benchmarks.systems import ROOT

pytestmark = pytest.mark.once


def test_the_benchmarks_run_the_versions_that_are_shipped():
    """`make lock` writes both lists."""

    def pins(name):
        return set(re.findall(r"^[\w.-]+(?:\[.+?\])?==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") <= pins("benchmarks/requirements.txt")


def test_imports_are_summed_up_by_package():
    printed = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:      1500 |       1500 |     django.db.models\n"
        "import time:       500 |       2000 |   django.db\n"
        "import time:      3000 |       3000 | django.contrib.admin.options\n"
    )
    assert by_package(printed) == [("django.contrib.admin", 3.0), ("django.db", 2.0)]
