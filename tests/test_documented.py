"""The documentation and the code agree."""

import json
import re
import subprocess
import tomllib
from collections import Counter
from datetime import timedelta
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from accounts.login import lockout
from accounts.login.models import KEPT, LOCKED_FROM
from accounts.models import User
from accounts.passwords import validators
from config import VERSION
from config.api import api as described
from sessions_api.http.errors import ApiError, PermissionDenied
from sessions_api.ratelimit import limits as rate_limits

from .asvs import NOT_SHOWN, WITH, applicable, requirements
from .server import database, serving

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = (ROOT / "config" / "settings.py").read_text()
PARSERS = SETTINGS + (ROOT / "config" / "env.py").read_text()
READ = set(re.findall(r"""(?<![.\w])(?:(?:addresses|env)\.)?[a-z_]+\(\s*"([A-Z][A-Z0-9_]+)\"""", PARSERS))
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
MEASUREMENTS = {ROOT / "docs/growth.md"}
SHORT = [page for page in ROOT.glob("docs/**/*.md") if page not in MEASUREMENTS]
WORDS_PER_PAGE = 900
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
each_short_page = pytest.mark.parametrize("page", SHORT, ids=lambda page: page.relative_to(ROOT).as_posix())


def table(page, column=0):
    """For each row of the page's tables, the texts in backticks in this column."""
    rows = [line.split("|")[1:-1] for line in (ROOT / page).read_text().splitlines() if line.startswith("|")]
    return [re.findall(r"`([^`]+)`", row[column]) for row in rows if len(row) > column]


SETTINGS_PAGES = ("docs/settings.md", "docs/settings-accounts.md")


def test_settings_pages_list_exactly_the_settings_that_are_read():
    assert {name for page in SETTINGS_PAGES for cell in table(page) for name in cell} == READ


@pytest.mark.parametrize("page", [*SETTINGS_PAGES, "docs/architecture.md"])
def test_tables_have_no_row_twice(page):
    """And no name twice: of two rows that differ, one would be wrong."""
    firsts = re.findall(r"^\| ([^|]+) \|", (ROOT / page).read_text(), re.MULTILINE)
    names = [name for cell in firsts for name in re.findall(r"`([^`]+)`", cell) or [cell]]
    assert len(names) > 10
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_env_example_has_a_line_for_each_setting():
    example = set(re.findall(r"^#? ?([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert example == READ - {"DOTENV"}


@pytest.mark.asvs("2.1.3")
def test_settings_pages_have_the_defaults_of_the_code():
    rows = [row for page in SETTINGS_PAGES for row in zip(table(page), table(page, column=1), strict=True)]
    written = {name[0]: default[0] for name, default in rows if default and default[0].isdigit()}
    in_code = dict(re.findall(r"""env\.(?:int|days|port|seconds)\("([A-Z0-9_]+)", default=(\d+)\)""", SETTINGS))
    assert written == in_code


def test_errors_page_lists_exactly_the_error_codes_of_the_code():
    rows = [line.split("|") for line in (ROOT / "docs/errors.md").read_text().splitlines() if line.startswith("| ")]
    documented = {(cells[1].strip(), cells[2].strip(" `")) for cells in rows[1:]}
    ours = [error for error in ApiError.__subclasses__() if not error.__module__.startswith(("examples.", "tests."))]
    assert documented == {(str(error.status), error.error_code) for error in ours}


def test_nginx_conf_repeats_the_error_bodies_of_the_code():
    """But not the `detail` of its refusal of http, which the service itself never sends."""
    bodies = re.findall(r"return (\d+) '({.+})';", (ROOT / "deploy" / "nginx.conf").read_text())
    repeated = {body["error_code"]: body for body in (json.loads(text) for _, text in bodies)}
    assert [int(status) for status, _ in bodies] == [body["status"] for body in repeated.values()]
    repeated["permission_denied"]["detail"] = PermissionDenied.detail
    errors = [error() for error in ApiError.__subclasses__() if error.error_code in repeated]
    assert repeated == {error.error_code: error.body() for error in errors}
    assert len(repeated) == 4


def test_makefile_names_only_existing_files():
    names = re.findall(r"\b(?:tests|docs|benchmarks)/[\w/]+\.\w+", (ROOT / "Makefile").read_text())
    assert len(names) > 3
    assert [name for name in names if not (ROOT / name.removesuffix(".new")).exists()] == []


def test_openapi_file_is_up_to_date():
    today = json.loads(json.dumps(described.get_openapi_schema(), default=str))
    assert json.loads((ROOT / "docs/openapi.json").read_text()) == today


@pytest.mark.asvs("2.1.1")
def test_openapi_has_a_rule_for_each_text_that_a_caller_sends():
    """The names of providers are those that the service lists itself."""
    schemas = described.get_openapi_schema()["components"]["schemas"]
    sent = {}
    for path, methods in described.get_openapi_schema()["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            for parameter in operation["parameters"]:
                sent[where, parameter["name"]] = parameter["schema"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                body = schemas[content["schema"]["$ref"].rpartition("/")[2]]
                assert not body["additionalProperties"]
                sent |= {(where, name): field for name, field in body["properties"].items()}
    texts = {key: field for key, field in sent.items() if field.get("type") == "string"}
    assert len(texts) > 20
    ruled = {key for key, field in texts.items() if {"maxLength", "pattern", "format", "enum"} & field.keys()}
    assert {name for _, name in texts.keys() - ruled} == {"provider"}
    emails = [field for (_, name), field in texts.items() if name == "email"]
    assert all(field["format"] == "email" and "canonical form" in field["description"] for field in emails)


def described_operations():
    for path in described.get_openapi_schema()["paths"].values():
        yield from path.values()


def test_openapi_has_no_default_that_a_generated_client_would_send():
    """Clients of some generators send defaults, and an empty text is not the same as a field that is left out."""
    sent = set()
    for operation in described_operations():
        assert all("default" not in parameter["schema"] for parameter in operation["parameters"])
        sent |= {content["schema"]["$ref"] for content in operation.get("requestBody", {}).get("content", {}).values()}
    schemas = described.get_openapi_schema()["components"]["schemas"]
    bodies = [schemas[ref.rpartition("/")[2]] for ref in sent]
    assert len(bodies) > 10
    assert not [field for body in bodies for field in body["properties"].values() if "default" in field]


def test_openapi_has_no_closed_list_that_a_newer_release_would_break():
    assert '"enum"' not in (ROOT / "docs/openapi.json").read_text()


def test_openapi_lists_the_error_codes_of_each_answer():
    known = {error.error_code for error in ApiError.__subclasses__()}
    problem = described.get_openapi_schema()["components"]["schemas"]["Problem"]
    all_codes = problem["properties"]["error_code"]["x-extensible-enum"]
    for operation in described_operations():
        refusals = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
        for status, answer in refusals.items():
            codes = answer["x-error-codes"]
            assert set(codes) <= known
            assert all(f"`{code}`" in answer["description"] for code in codes), status
            assert set(codes) <= set(all_codes)


def test_openapi_has_one_security_scheme_and_says_which_operations_are_open():
    assert list(described.get_openapi_schema()["components"]["securitySchemes"]) == ["SessionToken"]
    assert {json.dumps(operation["security"]) for operation in described_operations()} == {
        "[]",
        '[{"SessionToken": []}]',
    }


def test_openapi_has_the_release_of_the_package():
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert described.get_openapi_schema()["info"]["version"] == package["version"] == VERSION


def test_openapi_declares_the_errors_of_each_operation_as_problem_json():
    for path in described.get_openapi_schema()["paths"].values():
        for operation in path.values():
            refusals = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
            assert {500, 503} <= refusals.keys()
            assert all(list(answer["content"]) == ["application/problem+json"] for answer in refusals.values())


@pytest.mark.asvs("6.1.3")
def test_security_page_lists_each_way_to_log_in():
    ways = {name for cell in table("docs/security.md") for name in cell}
    assert {"POST /api/auth/login", "POST /api/auth/register", "/admin/login/", "createsuperuser"} <= {
        name.removeprefix("manage.py ") for name in ways
    }
    opens = {
        f"{method.upper()} {path}"
        for path, methods in described.get_openapi_schema()["paths"].items()
        for method, operation in methods.items()
        if "SessionResponse" in json.dumps(operation["responses"], default=str)
        and "UserSessionResponse" not in json.dumps(operation["responses"], default=str)
    }
    assert opens <= ways


@pytest.mark.asvs("2.1.3", "6.1.1")
def test_limits_page_has_the_limits_of_the_code():
    rows = [
        line.split("|")[1:4] for line in (ROOT / "docs/limits.md").read_text().splitlines() if line.startswith("| `")
    ]
    documented = {name.strip(" `"): (int(amount), period.strip()) for name, amount, period in rows}
    ours = {limit for limits in vars(rate_limits).values() if isinstance(limits, tuple) for limit in limits}
    spelled = {18: "18 seconds", 60: "1 minute", 600: "10 minutes", 3600: "1 hour"}
    assert documented == {
        limit.policy: (limit.amount, spelled[limit.seconds]) for limit in ours if isinstance(limit, rate_limits.Limit)
    }


@pytest.mark.asvs("6.1.1")
def test_limits_page_has_the_numbers_and_the_scopes_of_the_lockout():
    page = " ".join((ROOT / "docs/limits.md").read_text().split())
    first, longest = lockout.COOL_OFF.first, lockout.COOL_OFF.longest
    assert (first, longest) == (timedelta(seconds=30), timedelta(hours=1))
    assert f"**After {lockout.COOL_OFF_FROM},** cool-offs begin: 30 seconds, then a minute, up to an hour" in page
    assert f"**After {LOCKED_FROM},** the password is locked in this scope" in page
    assert f"{KEPT // timedelta(days=1)} days after the last failure" in page
    scopes = page.partition("Scopes count apart")[2].partition("The admin counts too")[0]
    assert re.findall(r"- (\w+ \w+ ?\w*)", scopes) == [
        "a device that",
        "a known network",
        "a session of",
        "all other networks",
    ]
    assert "`RATE_LIMIT_FACTOR` multiplies all rate limits" in page


@pytest.mark.asvs("6.1.2")
def test_security_page_lists_the_context_words_of_passwords(settings):
    page = " ".join((ROOT / "docs/security.md").read_text().split())
    listed = (
        "only words of the user (name, address) or the service (Latchkey, `SITE_NAME`, hosts), and up to six digits"
    )
    assert listed in page
    assert validators.MAX_OTHER_CHARACTERS == 6
    settings.SITE_NAME, settings.FRONTEND_URL, settings.PUBLIC_URL = "site", "https://front", "https://public:8000"
    user = User(email="address@domain.example", display_name="Name")
    of_user, of_service = {"address", "domain", "example", "name"}, {"latchkey", "site", "front", "public"}
    assert validators.known_words(user) == of_user | of_service
    assert validators.known_words(None) == of_service


@pytest.mark.asvs("15.1.1")
def test_security_policy_has_time_frames_for_vulnerabilities_and_updates():
    policy = (ROOT / "SECURITY.md").read_text()
    days = dict(re.findall(r"^\| (\w+)[^|]* \| (\d+) days \|", policy, re.MULTILINE))
    assert days == {"critical": "7", "high": "30", "anything": "90"}
    text = " ".join(policy.split())
    assert "The same times hold for known vulnerabilities in our dependencies." in text
    assert "Other updates of dependencies come with each release, at the latest after 90 days." in text


@pytest.mark.asvs("15.1.2")
def test_requirements_list_every_package_with_hashes_and_no_other_index():
    text = (ROOT / "requirements.txt").read_text()
    blocks = [block for block in re.split(r"\n(?=\S)", text) if not block.startswith("#")]
    locked = {re.match(r"[a-z0-9-]+", block)[0] for block in blocks}
    assert all(re.match(r"[a-z0-9-]+==[\w.]+[^\n]* \\\n {4}--hash=sha256:[0-9a-f]{64}", block) for block in blocks)
    assert not re.search(r"^-|://|@ ", text, re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert needed(project["dependencies"]) <= locked
    assert "`requirements.txt` lists every package with its version and hashes" in (ROOT / "SECURITY.md").read_text()


def needed(dependencies):
    """The names of these packages and of all that they need on this machine."""
    names, ahead = set(), list(dependencies)
    while ahead:
        wanted = Requirement(ahead.pop())
        for extra in ["", *wanted.extras]:
            key = (canonicalize_name(wanted.name), extra)
            if key in names:
                continue
            names.add(key)
            ahead += [
                line
                for line in metadata.requires(wanted.name) or []
                if (marker := Requirement(line).marker) is None or marker.evaluate({"extra": extra})
            ]
    return {name for name, _ in names}


@pytest.mark.asvs("12.2.2")
def test_nginx_conf_takes_the_certificate_of_a_public_authority():
    conf = (ROOT / "deploy" / "nginx.conf").read_text()
    certificates = re.findall(r"^ *ssl_certificate(?:_key)? (\S+);", conf, re.MULTILINE)
    assert len(certificates) == 2
    assert all(path.startswith("/etc/letsencrypt/live/") for path in certificates)
    page = (ROOT / "docs" / "inventory-communication.md").read_text()
    assert "a certificate of a public authority: `deploy/nginx.conf` takes Let's Encrypt's" in page


def prose(page):
    """The page without its code blocks, where a bracket is no link and a `#` no heading."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors(page):
    """The anchors that GitHub gives to the headings of a page. No page has two headings of one name."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_links_lead_to_an_existing_file_and_heading(page):
    broken = []
    for link in re.findall(r"""\]\(([^)]+)\)|\b(?:src|href)="([^"]+)\"""", prose(page)):
        path, _, anchor = "".join(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if path.startswith("https://"):
            continue
        if not target.exists() or (anchor and (target.suffix != ".md" or anchor not in anchors(target))):
            broken.append("".join(link))
    assert broken == []


@each_short_page
def test_page_is_short(page):
    words = len(page.read_text().split())
    assert words <= WORDS_PER_PAGE, words


@each_page
def test_page_names_only_existing_files(page):
    for name in re.findall(r"`((?:config|accounts|sessions_api|tests)/[\w/]+\.py)", page.read_text()):
        assert (ROOT / name).exists() or "passkeys" in name, name


def test_asvs_marks_name_applicable_requirements(request):
    known = {number for number, row in requirements().items() if row["applies"] != "no"}
    for item in request.session.items:
        for mark in item.iter_markers("asvs"):
            assert set(mark.args) <= known, item.nodeid


def test_asvs_list_has_a_reason_for_each_requirement_that_no_test_shows():
    """So the list says neither more nor less than the marks."""
    marks = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    shown = set(re.findall(r'"([\d.]+)"', "".join(re.findall(r"mark\.asvs\(([^)]+)\)", marks))))
    missing = {row["id"] for row in applicable() if row["id"] not in shown}
    assert missing == {row["id"] for row in requirements().values() if row["note"].startswith(NOT_SHOWN)}


def test_security_page_has_the_number_of_requirements_in_the_list():
    assert f"{len(requirements())} of the 345 requirements" in (ROOT / "docs/security.md").read_text()


def test_asvs_list_names_existing_settings():
    notes = [row["note"] for row in applicable() if row["note"].startswith(WITH)]
    assert {re.match(r"with ([A-Z_]+)", note)[1] for note in notes} <= READ
    assert len(notes) >= 4


def commands(page):
    """Each `$ ` command of a console block, and the JSON that the page shows as its output, if any."""
    for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, output = [], []
            for line in part.splitlines():
                continues = not command or command[-1].endswith("\\")
                (command if continues else output).append(line)
            yield "\n".join(command), "\n".join(output)


def shape(text):
    """The keys of JSON and the types of their values."""

    def of(value):
        return {key: of(item) for key, item in value.items()} if isinstance(value, dict) else type(value).__name__

    return of(json.loads(text)) if text else ""


def test_readme_commands_get_the_answers_it_shows(tmp_path):
    walk = [(command, output) for command, output in commands(ROOT / "README.md") if "localhost:8000" in command]
    assert len(walk) >= 6
    with database(tmp_path) as url, serving(log=tmp_path / "log", DATABASE_URL=url) as server:
        script = "\n".join(f"{command}; echo; echo -----" for command, _ in walk)
        script = script.replace("http://localhost:8000", server.url)
        said = subprocess.run(["bash", "-ec", script], capture_output=True, text=True, check=True).stdout
    answers = [part.strip() for part in said.split("-----")[:-1]]
    assert [shape(answer) for answer in answers] == [shape(output) for _, output in walk]
