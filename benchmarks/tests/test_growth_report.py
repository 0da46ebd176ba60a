"""From results to docs/growth.md."""

import pytest

from benchmarks import growth_report

from .conftest import DOCS, form

pytestmark = pytest.mark.once


def test_the_page_shows_each_target_and_whether_it_is_met(grown):
    text = growth_report.document(grown)
    assert "| CPU of a check with 10,000,000 sessions, to 10,000 | at most 1.2 | 1.20 (1.20–1.20) | yes |" in text
    assert (
        "| p99 of checks beside a purge, to checks alone, with 10,000,000 | at most 2 | 1.50 (1.50–1.50) | yes |"
    ) in text
    assert "| purged a second, with 10,000,000 | at least 50,000 | 1,000 (1,000–1,000) | **no** |" in text


def test_a_row_has_both_cpu_times_and_the_ratio_to_the_smallest_database(grown):
    text = growth_report.document(grown)
    assert "| bearer check | 10,000 | 400 (400–400) | 100 (100–100) | 1 | 9.0 |" in text
    assert "| bearer check | 10,000,000 | 500 (500–500) | 100 (100–100) | 1.20 (1.20–1.20) | 9.0 |" in text


def test_sizes_are_for_each_session(grown):
    assert "| PostgreSQL, 10,000,000 | 100 | 50 | 100 | 250 |" in "\n".join(growth_report.sizes(grown))


def test_the_page_has_the_form_that_the_program_writes(grown):
    page = (DOCS / "growth.md").read_text()
    grown.sizes["postgresql-10000000"] |= {"x_user_id_1": 1, "x_expires_at_2": 1}
    assert form(growth_report.document(grown)) <= form(page)
    for remarks in growth_report.REMARKS.read_text().split("<!-- tables -->\n"):
        assert remarks in page
