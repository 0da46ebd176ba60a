"""From results to docs/scaling-measurements.md."""

import json

import pytest

from benchmarks import scaling
from benchmarks.scaling import Measured

from .conftest import form

pytestmark = pytest.mark.once


def test_the_arithmetic_uses_the_measured_medians(measured):
    text = scaling.text(measured, scaling.PARTS)
    assert "| cores for checks | rate × (300 + 60/300 × 200) µs | 0.34 | 34 |" in text
    assert "| cores for logins | rate / 1,000 × 180 ms | 0.18 | 18 |" in text
    assert "| processes | cores / 0.6, rounded up | 1 | 87 |" in text
    assert "| their memory, MiB | processes × (95 + 64) | 159 | 13,833 |" in text
    assert "| connections to PostgreSQL | processes × (8 + 1) | 9 | 783 |" in text
    assert "| sessions kept for 30 days | rate / 1,000 × 30 × 86,400 | 2,592,000 | 259,200,000 |" in text
    assert "| cores of PgBouncer | rate × 21 µs | 0.021 | 2.1 |" in text


def test_processes_stand_beside_each_other(measured):
    text = scaling.text(measured, [scaling.processes])
    assert "|  | 1 process | 2 processes |" in text
    assert "| checks, 8 threads | 2,000 (2,000–2,000) | 3,000 (3,000–3,000) |" in text
    assert "| checks by PgBouncer, 8 threads |  | 3,000 (3,000–3,000) |" in text


def test_results_can_be_stored_and_read_again(measured):
    assert Measured.from_json(json.loads(json.dumps(measured.as_json()))) == measured


def test_tables_are_put_between_their_marks_and_nowhere_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n")
    scaling.put(page, "x", "new\n")
    assert page.read_text() == "before\n<!-- x -->\nnew\n<!-- end of x -->\nafter\n"


def test_the_page_has_the_form_that_the_program_writes(measured):
    page = scaling.PAGE.read_text()
    written = form(scaling.text(measured, scaling.PARTS))
    assert written - {"|  | 1 process | 2 processes |"} <= form(page)
    assert "|  | 1 process | 2 processes | 3 processes |" in page


def test_the_page_counts_as_many_commands_of_valkey_as_the_arithmetic():
    assert f"| commands of Valkey a second | rate / 1,000 × {scaling.COMMANDS} |" in scaling.PAGE.read_text()
