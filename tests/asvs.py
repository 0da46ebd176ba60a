"""`make asvs`: which requirements of OWASP ASVS 5.0 have a test, and which have none.

docs/asvs.tsv lists the requirements and where each applies: the code, the documentation, the deployment, only under a
condition, or not at all.
"""

import contextlib
import csv
import io
import sys
from collections import defaultdict
from pathlib import Path

import pytest

LIST = Path(__file__).resolve().parent.parent / "docs" / "asvs.tsv"


def requirements() -> dict[str, dict[str, str]]:
    with LIST.open() as f:
        return {row["id"]: row for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE)}


class Marks:
    """Collects the tests of each requirement."""

    def __init__(self) -> None:
        self.shown: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            for mark in item.iter_markers("asvs"):
                for number in mark.args:
                    self.shown[number].add(item.nodeid.partition("[")[0])


def report(shown: set[str]) -> str:
    lines = []
    for level in "123":
        applicable = [
            row
            for row in requirements().values()
            if row["level"] == level and row["applies"] in {"code", "documentation", "deployment"}
        ]
        missing = [row for row in applicable if row["id"] not in shown]
        lines.append(f"Level {level}: {len(applicable) - len(missing)} of {len(applicable)} have a test")
        lines += [f"  none: {row['id']:7} {row['requirement']} ({row['applies']})" for row in missing]
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
