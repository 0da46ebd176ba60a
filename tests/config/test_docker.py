"""Dockerfile and compose.yaml, as far as tests can run them without Docker."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from shutil import copyfile

import pytest
import requests
import yaml

from ..server import ROOT, Server, free_port
from .test_outage import wait_until

pytestmark = pytest.mark.once

SECRET = re.compile("SECRET|PASSWORD|TOKEN|KEY|DATABASE_URL|EMAIL_URL")


def instructions():
    """Each instruction as (name, the rest of its line)."""
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


def those(name, given=None):
    return [rest for found, rest in given or instructions() if found == name]


def runtime():
    """The instructions of the last stage, which becomes the image."""
    given = instructions()
    return given[max(number for number, (name, _) in enumerate(given) if name == "FROM") :]


def copied():
    """Each COPY from this folder, as (source, destination)."""
    return [tuple(rest.split()) for rest in those("COPY") if not rest.startswith("--from")]


def ignored(path):
    """Whether .dockerignore excludes this path. A pattern also matches files below it, and the last match decides."""
    decided = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.removeprefix("!")
        if pattern and not pattern.startswith("#") and any(about(pattern, part) for part in (path, *path.parents)):
            decided = not line.startswith("!")
    return decided


def about(pattern, path):
    if pattern.startswith("**/"):
        return fnmatch(path.name, pattern.removeprefix("**/"))
    return len(path.parts) == pattern.count("/") + 1 and fnmatch(str(path), pattern)


def files_below(source):
    """The files that a COPY of this source copies."""
    path = ROOT / source
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return [file.relative_to(ROOT) for file in files if not ignored(file.relative_to(ROOT))]


def command(name, port):
    """The command of CMD or HEALTHCHECK, with this port on 127.0.0.1."""
    words = json.loads("[" + those(name, runtime())[-1].partition("[")[2])
    return [word.replace("8000", str(port)).replace("0.0.0.0", "127.0.0.1") for word in words]


@pytest.fixture
def environment(tmp_path):
    """Environment variables as in compose.yaml, with secrets in files."""
    (tmp_path / "secret_key").write_text("k" * 50 + "\n")
    (tmp_path / "database_url").write_text(f"sqlite:///{tmp_path}/db.sqlite3\n")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    files = {f"{name.upper()}_FILE": str(tmp_path / name) for name in ("secret_key", "database_url")}
    own = dict(word.split("=", 1) for rest in those("ENV", runtime()) for word in rest.split() if "$" not in word)
    assert "GRANIAN_BLOCKING_THREADS" in own
    return {"PATH": path, **own, **files}


@pytest.fixture
def app(tmp_path):
    """A folder with the files of the image's working directory."""
    for source, destination in copied():
        for file in files_below(source):
            target = tmp_path / "app" / destination / file.relative_to(source if (ROOT / source).is_dir() else ".")
            target.parent.mkdir(parents=True, exist_ok=True)
            copyfile(ROOT / file, target)
    return tmp_path / "app"


def test_image_copies_only_existing_files():
    assert all(files_below(source) for source, _ in copied())


@pytest.mark.asvs("13.4.1", "15.2.3")
def test_image_excludes_tests_examples_and_local_files():
    for path in (
        ".git/config",
        ".env",
        "config/.env",
        ".venv/bin/python",
        "db.sqlite3",
        "config/__pycache__/x.pyc",
        "tests/x.py",
        "examples/notes/api.py",
    ):
        assert ignored(Path(path)), path


def test_image_holds_no_secret():
    named = [word for name in ("ENV", "ARG") for rest in those(name) for word in re.findall(r"(\w+)=", rest)]
    assert named
    assert not [name for name in named if SECRET.search(name)]


def test_image_does_not_run_as_root():
    (user,) = those("USER", runtime())
    assert int(user) > 0


def test_image_installs_locked_packages_only():
    (install,) = [run for run in those("RUN") if "pip install" in run]
    assert "--require-hashes -r requirements.txt" in install
    assert "--hash=sha256:" in (ROOT / "requirements.txt").read_text()


def test_image_compiles_all_its_code():
    (compiles,) = [run for run in those("RUN", runtime()) if "compileall" in run]
    (version,) = re.findall(r"^python:(\d\.\d+)", those("FROM", runtime())[0])
    assert compiles.split()[-2:] == [f"/usr/local/lib/python{version}", *those("WORKDIR", runtime())]


@pytest.mark.asvs("16.2.3")
def start_image(app, environment, port, log):
    """The image's own command, which writes to `log`."""
    with log.open("w") as out:
        return subprocess.Popen(command("CMD", port), cwd=app, env=environment, stdout=out, stderr=out)


def test_image_migrates_and_serves_with_its_own_files(app, environment, tmp_path):
    before = sorted(app.rglob("*"))
    port, log = free_port(), tmp_path / "log"
    process = start_image(app, environment, port, log)
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        server.wait_until_alive()
        assert subprocess.run(command("HEALTHCHECK", port), env=environment, check=False).returncode == 0
        assert server.call("GET", "/readyz").status_code == 503
        migrate = ["python", "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=app, env=environment, check=True)
        assert server.call("GET", "/readyz").status_code == 200
        assert requests.get(f"{server.url}/api/docs", timeout=10).status_code == 200
    finally:
        process.terminate()
        process.wait(20)
    assert sorted(app.rglob("*")) == before, "the file system is read-only in production"


def test_image_replaces_a_lost_process(app, environment, tmp_path):
    """By default granian would end the other processes too."""
    port, log = free_port(), tmp_path / "log"
    process = start_image(app, environment | {"GRANIAN_WORKERS": "2"}, port, log)
    try:
        Server(f"http://127.0.0.1:{port}", process, log).wait_until_alive()
        wait_until(lambda: log.read_text().count("Started worker") == 2)
        lost, _ = re.findall(r"Spawning worker-\d with PID: (\d+)", log.read_text())
        os.kill(int(lost), signal.SIGKILL)
        wait_until(lambda: log.read_text().count("Started worker") == 3)
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    finally:
        process.terminate()
        process.wait(20)


def test_image_stops_before_docker_kills_it_even_while_its_processes_start(app, environment, tmp_path):
    port, log = free_port(), tmp_path / "log"
    process = start_image(app, environment | {"GRANIAN_WORKERS": "2"}, port, log)
    try:
        wait_until(lambda: log.read_text().count("Spawning worker") == 2)
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_image_hashes_passwords_in_huge_pages():
    assert "GLIBC_TUNABLES=glibc.malloc.hugetlb=1" in those("ENV", runtime())


def test_image_is_unhealthy_without_a_server(environment):
    probe = subprocess.run(command("HEALTHCHECK", free_port()), env=environment, capture_output=True, check=False)
    assert probe.returncode == 1


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


@pytest.mark.asvs("13.2.3")
def test_compose_contains_no_secret_and_requires_them(compose):
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            assert not SECRET.search(name) or (name.endswith("_FILE") and value.startswith("/run/secrets/")), name
    assert all(secret["file"].startswith("${SECRETS") for secret in compose["secrets"].values())
    text = (ROOT / "compose.yaml").read_text()
    assert set(re.findall(r"\$\{(\w+):\?", text)) == {"SECRETS", "PUBLIC_URL", "FRONTEND_URL", "DEFAULT_FROM_EMAIL"}


@pytest.mark.asvs("13.3.2")
def test_compose_gives_each_service_only_its_secrets(compose):
    for service in compose["services"].values():
        read = {value for value in service.get("environment", {}).values() if value.startswith("/run/secrets/")}
        assert read == {f"/run/secrets/{name}" for name in service.get("secrets", [])}


def test_compose_migrates_before_it_serves(compose):
    services = compose["services"]
    assert services["latchkey"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["migrate"]["depends_on"]["postgres"] == {"condition": "service_healthy"}
    assert services["migrate"]["restart"] == "no"
    assert all("healthcheck" in services[name] for name in ("postgres", "valkey"))


def test_compose_publishes_on_this_machine_only(compose):
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert published == {"latchkey": ["127.0.0.1:8000:8000"]}


@pytest.mark.asvs("7.3.1", "13.4.2", "14.2.1")
def test_compose_settings_pass_the_deploy_check(compose, tmp_path):
    (tmp_path / "secret_key").write_text(f"{secrets.token_hex(32)}\n")
    (tmp_path / "database_url").write_text("postgres://latchkey:hunter2@postgres/latchkey\n")
    (tmp_path / "email_url").write_text("smtp+tls://latchkey:hunter2@mail.example.org:587\n")
    given = {
        "PUBLIC_URL": "https://auth.example.org",
        "FRONTEND_URL": "https://app.example.org",
        "DEFAULT_FROM_EMAIL": "accounts@example.org",
    }
    settings = {
        name: given.get(name) or re.sub(r"\$\{\w+:-(.*)\}", r"\1", value).replace("/run/secrets", str(tmp_path))
        for name, value in compose["services"]["latchkey"]["environment"].items()
    }
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    subprocess.run(check, cwd=ROOT, env={"PATH": os.environ["PATH"], "DOTENV": os.devnull, **settings}, check=True)
