"""Rules that the source itself must keep, because a test by chance would rarely see them broken."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = [path for app in ("accounts", "sessions_api") for path in sorted((ROOT / app).rglob("*.py"))]
# One row; several rows in the order of their keys; or no wait at all.
SAFE = re.compile(r"""\.first\(\)|filter\(pk=|\.order_by\("pk"\)|skip_locked=True""")

pytestmark = pytest.mark.once


def locking():
    """Each function with a lock of rows, as its name and its source."""
    for path in MODULES:
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.name != "lock":
                source = ast.get_source_segment(text, node)
                if re.search(r"select_for_update\(|\.lock\(\)", source):
                    yield f"{path.relative_to(ROOT)}: {node.name}", source


def test_rows_are_locked_one_at_a_time_or_in_the_order_of_their_keys():
    """Two callers that lock the same rows in different orders would wait for each other."""
    found = dict(locking())
    assert len(found) > 10
    assert [name for name, source in found.items() if not SAFE.search(source)] == []


def test_each_purpose_has_a_salt_of_its_own():
    """So what is signed for one purpose is invalid for every other (Django's manual, "Cryptographic signing")."""
    salts = [salt for path in MODULES for salt in re.findall(r'"(latchkey\.[\w.{}]+)"', path.read_text())]
    assert len(salts) == len(set(salts)) == 7
    assert {"latchkey.one_time_token.{self.type}", "latchkey.oauth.link.{provider}"} < set(salts)
