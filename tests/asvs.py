"""`make asvs`: which requirements of OWASP ASVS 5.0 have a test, and which have none.

docs/asvs.tsv lists the requirements and where each applies: the code, the documentation, the deployment, only under a
condition, or not at all. It leaves out 98 of the 345: subjects that the service does not have, such as files, XML,
WebSockets and WebRTC, and some that are still to be added. Its notes give the reason why a requirement is not shown, or
the setting that it needs.
"""

import contextlib
import csv
import io
import sys
from collections import defaultdict
from pathlib import Path

import pytest

NOT_SHOWN, WITH = "not shown: ", "with "  # how notes begin
LIST = Path(__file__).resolve().parent.parent / "docs" / "asvs.tsv"


def requirements() -> dict[str, dict[str, str]]:
    with LIST.open() as f:
        return {row["id"]: row for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")}


def applicable() -> list[dict[str, str]]:
    return [row for row in requirements().values() if row["applies"] in {"code", "documentation", "deployment"}]


class Marks:
    """Collects the tests of each requirement."""

    def __init__(self) -> None:
        self.shown: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for mark in item.iter_markers("asvs"):
                for number in mark.args:
                    self.shown[number].add(item.nodeid.partition("[")[0])


def reason(row: dict[str, str]) -> str:
    """Why no test shows this requirement."""
    return row["note"].removeprefix(NOT_SHOWN) or "no test"


def report(shown: set[str]) -> str:
    lines = []
    for level in "123":
        rows = [row for row in applicable() if row["level"] == level]
        missing = [row for row in rows if row["id"] not in shown]
        lines.append(f"Level {level}: {len(rows) - len(missing)} of {len(rows)} have a test")
        lines += [f"  {row['id']:7} {row['requirement']}: {reason(row)}" for row in missing]
    with_setting = [row for row in applicable() if row["id"] in shown and row["note"].startswith(WITH)]
    lines.append("Shown only with a setting:")
    lines += [f"  {row['id']:7} {row['note'].removeprefix(WITH)}" for row in with_setting]
    return "\n".join(lines)


def main() -> int:
    marks = Marks()
    with contextlib.redirect_stdout(io.StringIO()) as output:
        code = pytest.main(["--collect-only", "-q", "-p", "no:xdist"], plugins=[marks])
    if code:
        sys.stderr.write(output.getvalue())
        return int(code)
    sys.stdout.write(report(set(marks.shown)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
