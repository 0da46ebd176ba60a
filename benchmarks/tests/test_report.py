"""From results to docs/benchmarks.md."""

import pytest

from benchmarks import report
from benchmarks.results import Results, Turn, spread

from .conftest import DOCS, form

pytestmark = pytest.mark.once


def test_ratios_are_of_both_cpu_times_and_taken_within_a_round(results):
    assert results.ratio("me", "knox") == spread([26, 18, 13])
    assert results.ratio("me", "latchkey", to="before").median == 0.25
    assert results.ratio("login", "knox") is None


def test_results_can_be_stored_and_read_again(results):
    assert Results.from_json(results.as_json()) == results


def test_the_page_shows_each_target_and_whether_it_is_met(results):
    text = report.document(results)
    assert "2 of 4 targets are missed." in text
    assert "| login | 0.90 (0.90–0.90) | **missed:** at most 0.85 |" in text
    assert "| check by `GET /api/users/me` | 0.25 (0.17–0.33) | at most 0.3 |" in text
    assert "| django-allauth headless | 13.00 (13.00–18.60) | **missed:** at least 17 |" in text
    assert "**django-rest-knox** (2 statements, and 1 of transactions)" in text


def test_a_target_is_met_by_the_figure_that_the_page_shows():
    target = report.TO_BEFORE[0]
    assert target.met_by(spread([0.304]))
    assert not target.met_by(spread([0.306]))


def test_the_memory_of_one_worker_is_compared_in_mib(results):
    results.turns += [
        Turn("workers-1", name, 0, 1, 0, 1, 1, 1, memory=mib * 2**20)
        for name, mib in (("latchkey", 80), ("before", 71))
    ]
    text = report.document(results)
    assert "| memory of one worker, MiB more | 9.00 (9.00–9.00) | at most 12 |" in text


def test_a_row_has_the_ratio_its_target_and_the_share_of_postgresql(results):
    assert report.row(results, "me", "knox") == ["django-rest-knox", "18.00 (13.00–26.00)", "at least 10", "1.38"]
    assert report.scale(results, "me") == "Ours took 60 µs, and PostgreSQL 12 µs for it."


def test_the_page_says_how_python_was_built(results):
    assert "- Python x without PGO" in report.document(results)
    results.machine |= {"pgo": "yes"}
    assert "- Python x with PGO" in report.document(results)


def test_the_picture_has_a_bar_for_each_system(results):
    assert report.bars(results).count("<rect") == 1 + 4


def test_the_page_has_the_form_that_the_program_writes(results):
    page = (DOCS / "benchmarks.md").read_text()
    assert form(report.document(results)) <= form(page)
    for remarks in report.REMARKS.read_text().split("<!-- tables -->\n"):
        assert remarks in page
    assert [system.does in page for system in report.BY_NAME.values()] == [True] * len(report.BY_NAME)
