"""What `make bench` makes of what it has seen. It starts nothing here: its systems have an environment of their own."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import growth_report, load, report, scaling
from benchmarks.growth_report import Grown
from benchmarks.imports import by_package
from benchmarks.results import Results, Turn, spread
from benchmarks.scaling import Held, Kind, Measured, Shape
from benchmarks.scaling import Turn as Turned
from benchmarks.systems import BY_NAME

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
SAID = """Running 1s test @ http://127.0.0.1:1
  2 threads and 8 connections
RESULT {"requests": 3000, "microseconds": 1500000, "p50": 2500, "p99": 9000, "errors": {"status": 0, "read": 0}}
"""


def turn(round, system, cpu, job="bearer", p99=9):
    return Turn(job, system, round, cpu, database_cpu=100, per_second=1000, p50=1.5, p99=p99)


@pytest.fixture
def results():
    cpu = {"latchkey": (400, 500, 600), "ninja-select": (400, 400, 400), "knox": (1200, 1200, 1200)}
    machine = dict.fromkeys(["processor", "memory", "kernel", "python", "cores", "commit"], "x") | {
        "date": "2026-11-24"
    }
    return Results(
        machine=machine,
        versions={"django": "5.2"},
        options={"command": "make bench", "rounds": 3, "seconds": 5, "users": 1000},
        turns=[turn(n, name, values[n]) for n in range(3) for name, values in cpu.items()],
        memory={"latchkey": 70 * 1024**2, "latchkey-gunicorn": 80 * 1024**2},
        statements={"bearer": {"knox": [("SELECT 1", 2.0), ("BEGIN", 1.0)]}},
    )


def test_what_wrk_says_is_read():
    seen = load.read(SAID)
    assert (seen.requests, seen.per_second, seen.p50, seen.p99) == (3000, 2000, 2.5, 9)


@pytest.mark.parametrize("said", ["", "unable to connect", SAID.replace('"status": 0', '"status": 1')])
def test_a_load_that_went_wrong_is_no_result(said):
    with pytest.raises(load.Failed):
        load.read(said)


def test_nothing_answered_is_no_result():
    with pytest.raises(load.Silent):
        load.read(SAID.replace("3000", "0"))


def test_a_request_is_a_line_for_the_script():
    request = BY_NAME["latchkey"].login.filled(email="a@example.org", password="p", token="", uuid="")
    assert load.line(request) == (
        'POST\t/api/auth/login\tContent-Type: application/json\t\t{"email": "a@example.org", "password": "p"}\n'
    )


def test_ratios_are_taken_within_a_round(results):
    assert results.ratio("bearer", "knox") == spread([3, 2.4, 2])
    assert results.ratio("bearer", "latchkey", to="ninja-select").median == 1.25
    assert results.ratio("login", "knox") is None


def test_results_can_be_kept_and_read_again(results):
    assert Results.from_json(results.as_json()) == results


def test_the_document_says_where_a_target_is_missed(results):
    text = report.document(results)
    assert "| a bearer check, to one raw `SELECT` | at most 1.15 | 1.25 (1.00–1.50) | **no** |" in text
    assert "| django-rest-knox, to ours | at least 2.6 | 2.40 (2.00–3.00) | **no** |" in text
    assert "**django-rest-knox** (2 statements, and 1 of transactions)" in text
    assert "| Latchkey on gunicorn | 80 MiB |" in text


def test_the_picture_has_a_bar_for_each_system(results):
    assert report.bars(results).count("<rect") == 1 + 3


@pytest.fixture
def grown():
    """Ten thousand and ten million, and a purge that is slow but in nobody's way."""
    few, many = "postgresql-10000", "postgresql-10000000"
    machine = dict.fromkeys(["processor", "memory", "kernel", "python", "cores", "commit", "date"], "x")
    turns = [turn(n, few, 400) for n in range(3)] + [turn(n, many, 500) for n in range(3)]
    turns += [turn(n, many, 0, job, p99) for n in range(3) for job, p99 in (("idle", 4), ("purge", 6))]
    return Grown(
        machine=machine,
        options={
            "command": "make bench ARGS=growth",
            "rounds": 3,
            "seconds": 5,
            "pace": 200,
            "purged": {many: 500_000},
        },
        turns=turns,
        sizes={few: {"the rows": 2_000_000}, many: {"the rows": 10**9, "x_digest_key": 10**9, "x_pkey": 5 * 10**8}},
    )


def test_growth_is_told_beside_what_is_wanted(grown):
    text = growth_report.document(grown)
    assert "| CPU of a check with 10,000,000 sessions, to 10,000 | at most 1.2 | 1.20 (1.20–1.20) | yes |" in text
    assert "| p99 of checks beside a purge, to idle, with 10,000,000 | at most 2 | 1.50 (1.50–1.50) | yes |" in text
    assert "| purged a second, with 10,000,000 | at least 50,000 | 1,000 (1,000–1,000) | **no** |" in text


def test_sizes_are_for_each_session(grown):
    assert "| PostgreSQL, 10,000,000 | 100 | 100 | 50 | **250** | 2,384 MiB |" in "\n".join(growth_report.sizes(grown))


def test_a_paced_request_is_spelled_out():
    assert load.spelled(("POST", "/x", {"A": "b"}, "ü")) == (
        b"POST /x HTTP/1.1\r\nHost: localhost\r\nA: b\r\nContent-Length: 2\r\n\r\n\xc3\xbc"
    )


def test_imports_are_summed_up_by_package():
    said = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:      1500 |       1500 |     django.db.models\n"
        "import time:       500 |       2000 |   django.db\n"
        "import time:      3000 |       3000 | django.contrib.admin.options\n"
    )
    assert by_package(said) == [("django.contrib.admin", 3.0), ("django.db", 2.0)]


def test_the_benchmarks_run_what_we_ship():
    """`make lock` writes both lists."""

    def pins(name):
        return set(re.findall(r"^[\w.-]+(?:\[.+?\])?==\S+", (ROOT / name).read_text(), re.MULTILINE))

    assert pins("requirements.txt") <= pins("benchmarks/requirements.txt")


@pytest.fixture
def measured():
    def turns(shape, **values):
        usual = {"cpu": 300.0, "database_cpu": 100.0, "pooler_cpu": 0.0, "per_second": 3000.0, "p50": 9.0, "p99": 13.0}
        usual |= {"connections": 8}
        return [Turned(shape, "checks", round, **usual | values) for round in range(3)]

    kinds = {"check": 300.0, "seen": 500.0, "list": 2000.0, "login": 180_000.0}
    return Measured(
        machine=dict.fromkeys(["processor", "memory", "kernel", "python", "date", "commit"], "x"),
        options={"command": "make bench", "rounds": 3, "seconds": 2, "users": 1000},
        bytes={"accounts_user": 400.0, "sessions_api_session": 440.0},
        turns=[
            *turns(Shape("one core", 1, 8)),
            *turns(Shape("both cores", 2, 8)),
            *turns(Shape("pgbouncer", 2, 8), pooler_cpu=21.0),
        ],
        kinds=[Kind(name, 0, cpu, cpu / 3, 1.0, 290.0) for name, cpu in kinds.items()],
        held=[Held(Shape("alone", 2, 8), cache, 140 * 1024**2, 190 * 1024**2) for cache in (False, True)],
    )


def test_the_arithmetic_of_scaling_is_done_on_what_was_measured(measured):
    text = scaling.text(measured, scaling.PARTS)
    assert "| cores busy with checks | rate × (300 + 60/300 × 200) µs | 0.0034 | 0.34 | 34 |" in text
    assert "| cores busy with logins | rate / 1,000 × 180 ms | 0.0018 | 0.18 | 18 |" in text
    assert "| processes | both by 0.6, rounded up | 1 | 1 | 87 |" in text
    assert "| their memory, MiB | × (95 + 64 for one hash at a time) | 159 | 159 | 13,833 |" in text
    assert "| connections to PostgreSQL, directly | processes × (8 threads + 1) | 9 | 9 | 783 |" in text
    assert "| sessions kept for 30 days | rate / 1,000 × 30 × 86,400 | 25,920 | 2,592,000 | 259,200,000 |" in text
    assert "| cores of PgBouncer, where it is | rate × 21 µs | 0.0002 | 0.021 | 2.1 |" in text


def test_what_was_measured_can_be_kept_and_read_again(measured):
    assert Measured.from_json(json.loads(json.dumps(measured.as_json()))) == measured


def test_tables_are_put_between_their_marks_and_nowhere_else(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n")
    scaling.put(page, "x", "new\n")
    assert page.read_text() == "before\n<!-- x -->\nnew\n<!-- end of x -->\nafter\n"
