"""From results to docs/benchmarks.md."""

import pytest

from benchmarks import report
from benchmarks.results import Results, spread

from .conftest import DOCS, form

pytestmark = pytest.mark.once


def test_ratios_are_taken_within_a_round(results):
    assert results.ratio("bearer", "knox") == spread([3, 2.4, 2])
    assert results.ratio("bearer", "latchkey", to="ninja-select").median == 1.25
    assert results.ratio("login", "knox") is None


def test_results_can_be_stored_and_read_again(results):
    assert Results.from_json(results.as_json()) == results


def test_the_page_shows_each_target_and_whether_it_is_met(results):
    text = report.document(results)
    assert "| a bearer check, to one raw `SELECT` | at most 1.15 | 1.25 (1.00–1.50) | **no** |" in text
    assert "| django-rest-knox, to ours | at least 2.6 | 2.40 (2.00–3.00) | **no** |" in text
    assert "**django-rest-knox** (2 statements, and 1 of transactions)" in text


def test_a_row_has_the_median_and_the_spread(results):
    assert list(report.row(results, "bearer", "latchkey"))[:2] == ["500 (400–600)", "1"]
    assert list(report.row(results, "bearer", "knox"))[:2] == ["1,200 (1,200–1,200)", "2.40 (2.00–3.00)"]


def test_the_picture_has_a_bar_for_each_system(results):
    assert report.bars(results).count("<rect") == 1 + 3


def test_the_page_has_the_form_that_the_program_writes(results):
    page = (DOCS / "benchmarks.md").read_text()
    assert form(report.document(results)) <= form(page)
    for remarks in report.REMARKS.read_text().split("<!-- tables -->\n"):
        assert remarks in page
    assert [system.does in page for system in report.BY_NAME.values()] == [True] * len(report.BY_NAME)
