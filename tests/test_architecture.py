"""config → accounts → sessions_api → Django: no import runs back, and the order of INSTALLED_APPS decides nothing."""

import ast
import importlib
import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from django.apps import AppConfig, apps

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
OURS = ("config", "accounts", "sessions_api")  # each may import those after it
MODULES = [path for app in OURS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
DOTTED_PATH = re.compile(rf"(?:{'|'.join(OURS)})(?:\.\w+)+")


def each(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


def name_of(path):
    """`accounts.mail.queue` for its file; a package for its `__init__.py`."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


NAMES = {name_of(path) for path in MODULES}


def imported(path):
    """Each module of ours that this one names, as (name, line, whether it is an import at the top of the module).

    A dotted path in a string counts as an import too, because Django imports it at run time.
    """
    tree = ast.parse(path.read_text())
    at_top = {node for part in tree.body if isinstance(part, ast.If | ast.With | ast.Try) for node in ast.walk(part)}
    at_top.update(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            package = (name_of(path) + ".x" * (path.name == "__init__.py")).split(".")[: -node.level or None]
            base = ".".join([*(package if node.level else []), *filter(None, [node.module])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED_PATH.fullmatch(node.value):
            names = [node.value]
        else:
            continue
        for name in names:
            if "." in (found := longest_module(name)):
                yield found, node.lineno, node in at_top or isinstance(node, ast.Constant)


def longest_module(name):
    """The module in which this name is defined, if it is one of ours."""
    while name and name not in NAMES:
        name = name.rpartition(".")[0]
    return name


@each(MODULES)
def test_imports_do_not_run_back_to_a_higher_package(path):
    app = path.relative_to(ROOT).parts[0]
    allowed = OURS[OURS.index(app) :]
    assert [(name, line) for name, line, _ in imported(path) if name.partition(".")[0] not in allowed] == []


@each(MODULES)
def test_imports_of_our_modules_are_at_the_top(path):
    assert [(name, line) for name, line, at_top in imported(path) if not at_top] == []


@each(sorted((ROOT / "sessions_api").rglob("*.py")))
def test_sessions_api_names_no_higher_package_in_any_text(path):
    assert re.findall(r"(?<![\w./])(?:accounts|config)[./]\w+", path.read_text()) == []


@pytest.mark.parametrize("app", OURS)
def test_folders_and_root_modules_of_a_package_import_in_no_cycle(app):
    """A node is a module in the package's own folder, or a folder in it with all that it holds."""
    arrows = defaultdict(list)
    for path in MODULES:
        source = name_of(path).split(".")[:2]
        if source[0] != app or path == ROOT / "config" / "settings.py":  # settings name everything by its dotted path
            continue
        for name, line, _ in imported(path):
            target = name.split(".")[:2]
            if target[0] == app and target != source:
                arrows[tuple(source), tuple(target)].append(f"{path.relative_to(ROOT)}:{line} imports {name}")
    cycles = {arrow: lines for arrow, lines in arrows.items() if reaches(arrows, start=arrow[1], end=arrow[0])}
    assert not cycles, "\n".join(sorted(line for lines in cycles.values() for line in lines))


def reaches(arrows, *, start, end):
    """Whether a way along the arrows leads from start to end."""
    seen, ahead = {start}, [start]
    while ahead:
        here = ahead.pop()
        new = {target for source, target in arrows if source == here} - seen
        seen |= new
        ahead += new
    return end in seen


@pytest.mark.asvs("6.3.4")
def test_sessions_are_started_by_one_function():
    callers = [path.relative_to(ROOT).as_posix() for path in MODULES if "objects.start(" in path.read_text()]
    assert callers == ["accounts/login/complete.py"]


def test_forwarded_address_is_read_by_one_module():
    readers = [path.relative_to(ROOT).as_posix() for path in MODULES if "HTTP_X_FORWARDED_FOR" in path.read_text()]
    assert readers == ["sessions_api/http/client.py"]


SPEAK_HTTP = re.compile(
    r".*/(api|admin|admin_backend|forms|views|middleware)\.py"
    r"|accounts/social/cookies\.py"
)
STORIES = [
    path
    for path in (*sorted((ROOT / "accounts").rglob("*.py")), ROOT / "sessions_api" / "revocation.py")
    if not SPEAK_HTTP.fullmatch(path.relative_to(ROOT).as_posix())
]


@each(STORIES)
def test_stories_take_no_request(path):
    """They take a ClientInfo, so a command, a worker and a test can call them."""
    takers = [
        f"{node.name}, line {node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        if argument.annotation and re.search(r"\w+Request\b", ast.unparse(argument.annotation))
    ]
    assert takers == []


@pytest.mark.asvs("6.5.3", "7.2.3", "11.5.1")
def test_randomness_comes_from_the_operating_system_only():
    users = [path for path in MODULES if re.search(r"\b(?:import|from) random\b", path.read_text())]
    assert users == []


TAKES_SQL = {"execute", "executemany", "raw", "extra", "RawSQL", "RunSQL", "copy"}
QUERIES = {  # each place outside the ORM, and where its text comes from
    "config/wsgi.py": "a constant",
    "sessions_api/compiled_query.py": "the ORM's compiler, with the value as a parameter",
    "sessions_api/vendor_sql.py": "constants of migrations",
    "config/postgresql/base.py": "what each connection asks for, a constant",
    "config/postgresql/connection.py": "a constant",
    "config/postgresql/checks.py": "a constant, and the names of our own tables and columns",
}


@pytest.mark.asvs("1.2.4")
def test_sql_outside_the_orm_is_written_in_few_modules_and_holds_no_value():
    """A call in another module fails this test, so its author decides here whether the text can hold input."""
    calls = [
        (path.relative_to(ROOT).as_posix(), node.args[0])
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in TAKES_SQL
    ]
    assert calls
    assert {module for module, _ in calls} <= QUERIES.keys()
    assert [module for module, text in calls if isinstance(text, ast.JoinedStr | ast.BinOp | ast.Call)] == []
    compiled = re.findall(r"cursor\.execute\((.+)\)", (ROOT / "sessions_api" / "compiled_query.py").read_text())
    assert set(compiled) == {"sql, (value,)"}
    for path in (path for app in OURS for path in (ROOT / app).rglob("migrations/*.py")):
        constants = re.findall(r"vendor_sql\((.+)\)", path.read_text())
        assert all(re.fullmatch(r"forwards=[A-Z_]+, backwards=[A-Z_]+", made) for made in constants), path


def patterns():
    """Each regular expression of our modules."""
    return {
        f"{name}.{label}": value
        for name in sorted(NAMES - {"config.application", "config.wsgi", "config.server", "config.devserver"})
        for label, value in vars(importlib.import_module(name)).items()
        if isinstance(value, re.Pattern)
    }


@pytest.mark.asvs("1.3.12")
@pytest.mark.parametrize("name", ["search", "fullmatch"])
def test_regular_expressions_are_fast_for_hostile_texts(name):
    """Exponential backtracking over 26 signs would take seconds.

    Each text repeats one or two of the pattern's own signs, and ends with one that it does not expect.
    """
    for label, pattern in patterns().items():
        signs = sorted(set(re.sub(r"\\.", "", pattern.pattern)) | set("a0. -"))[:30]
        for repeated in [*signs, *(f"{sign}a" for sign in signs), *(f"{sign}0" for sign in signs)]:
            for length in (26, 1000):
                text = (repeated * length)[:length] + "\x7f"
                started = time.thread_time()
                getattr(pattern, name)(text)
                assert time.thread_time() - started < 0.2, (label, repeated, length)
    assert len(patterns()) > 12


# The order of INSTALLED_APPS


@pytest.mark.parametrize("kind", ["templates", "static", "management/commands", "templatetags"])
def test_names_of_files_that_django_finds_by_name_are_unique(kind):
    """Of two files with one name, Django would take the first or the last app's."""
    owners = defaultdict(list)
    for app in apps.get_app_configs():
        folder = Path(app.path) / kind
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix != ".pyc" and path.name != "__init__.py":
                owners[str(path.relative_to(folder))].append(app.name)
    ours = {name: found for name, found in owners.items() if any(app.startswith(OURS) for app in found)}
    assert {name: found for name, found in ours.items() if len(found) > 1} == {}


def test_each_app_of_ours_has_a_config_of_its_own():
    """Django silently takes its base class where a module has two configs and none is the default."""
    ours = [app for app in apps.get_app_configs() if app.name.startswith(OURS)]
    assert len(ours) > 5
    assert [app.name for app in ours if type(app) is AppConfig] == []


PAGES_AND_COMMANDS = r"""
import contextlib, re, sys
import time_machine
from django.conf import settings
if sys.argv[1] == "reversed":
    settings.INSTALLED_APPS.reverse()
import django
django.setup()
time_machine.travel("2026-11-24T12:00Z", tick=False).start()
from django.core.management import call_command
from django.test import Client
from django.contrib.auth import get_user_model
call_command("check")
for command in ("purge_sessions", "revoke_sessions", "send_mails", "createsuperuser", "changepassword"):
    with contextlib.suppress(SystemExit):
        call_command(command, "--help")
call_command("migrate", verbosity=0)
client = Client(SERVER_NAME="localhost")
client.force_login(get_user_model().objects.create_superuser("root@example.org", "the password of root"))
paths = ["/admin/", "/api/docs", "/api/openapi.json"]
for path in paths:
    answer = client.get(path)
    page = answer.content.decode()
    paths += sorted(set(re.findall(r'href="(/admin/[a-z_]+/[a-z_]+/(?:add/)?)"', page)) - set(paths))
    page = re.sub(r'csrfmiddlewaretoken" value="\w+"|[0-9a-f-]{36}', "", page)  # both random
    page = re.sub(r'<option value="\d+"', "", page)  # the keys of permissions follow the order
    print(path, answer.status_code, page)
"""


def test_order_of_installed_apps_changes_neither_page_nor_command():
    environment = {"DATABASE_URL": "sqlite://:memory:", "DJANGO_SETTINGS_MODULE": "config.settings", "COLUMNS": "120"}

    def said(order):
        command = [sys.executable, "-c", PAGES_AND_COMMANDS, order]
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    listed = said("listed")
    assert said("reversed") == listed
    answered = {line.split()[0] for line in listed if re.match(r"/\S+ 200 ", line)}
    assert {"/admin/", "/admin/accounts/user/", "/api/docs", "/api/openapi.json"} <= answered


# Tests and benchmarks


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
