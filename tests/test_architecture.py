"""The arrow: config → accounts → sessions_api → Django, and never back."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("config", "accounts", "sessions_api")
MAY_IMPORT = {"config": {"config", "accounts", "sessions_api"}, "accounts": {"accounts", "sessions_api"}}
MAY_IMPORT["sessions_api"] = {"sessions_api"}
MODULES = [path for app in OURS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]


def imports(path):
    """Each import of ours as (name of the app, whether it stands at the top of the module)."""
    tree = ast.parse(path.read_text())
    guarded = [node for part in tree.body if isinstance(part, ast.If | ast.With | ast.Try) for node in ast.walk(part)]
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [path.relative_to(ROOT).parts[0] if node.level else node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if (app := name.partition(".")[0]) in OURS:
                yield app, node in tree.body or node in guarded


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_arrow(path):
    app = path.relative_to(ROOT).parts[0]
    assert {name for name, _ in imports(path)} <= MAY_IMPORT[app]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_of_ours_is_imported_inside_a_function(path):
    assert all(at_top for _, at_top in imports(path))


def test_one_function_opens_sessions():
    callers = [path.relative_to(ROOT).as_posix() for path in MODULES if "objects.start(" in path.read_text()]
    assert callers == ["accounts/login/password.py"]


def test_one_module_reads_the_forwarded_address():
    readers = [path.relative_to(ROOT).as_posix() for path in MODULES if "HTTP_X_FORWARDED_FOR" in path.read_text()]
    assert readers == ["sessions_api/http/client.py"]


@pytest.mark.asvs("6.5.3", "7.2.3", "11.5.1")
def test_no_randomness_but_the_operating_systems():
    assert [path for path in MODULES if "import random" in path.read_text()] == []


@pytest.mark.parametrize(("folder", "other"), [("tests", "benchmarks"), ("benchmarks", "tests")])
def test_tests_and_benchmarks_do_not_use_each_other(folder, other):
    """Neither by an import, nor by a dotted name in a string, which settings and `python -m` would import."""
    paths = [path for path in (ROOT / folder).rglob("*.py") if ".venv" not in path.parts]
    names = {name for path in paths for name in names_of_modules(path)}
    assert [name for name in names if re.match(rf"{other}(\.|$)", name)] == []


def names_of_modules(path):
    """Each module that this one imports by an absolute name, and each dotted name in its strings."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"(?<![\w./])\w+(?:\.\w+)+", node.value)
