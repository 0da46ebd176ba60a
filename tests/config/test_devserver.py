"""`make run` in a copy of this checkout, as a new user starts it."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile

import pytest
import requests

from ..server import ROOT, children, database, free_port

pytestmark = pytest.mark.once

WAIT = 30


@pytest.fixture
def checkout(tmp_path):
    """The files of a clone. Its virtual environment calls this one, so the test installs nothing."""
    folder = tmp_path / "latchkey"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(lambda name: (ROOT / name).is_file(), listed.stdout.splitlines()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copyfile(ROOT / name, folder / name)
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    copyfile(ROOT / "requirements.txt", folder / ".venv" / "requirements.txt")
    return folder


def shell(**environment):
    """The environment of a shell, without the settings of the tests."""
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"} | environment


def make_run(checkout, *arguments, **environment):
    with (checkout / "log").open("w") as out:
        return subprocess.Popen(
            ["make", "run", *arguments],
            cwd=checkout,
            env=shell(**environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # a terminal of its own, for Ctrl-C
        )


def log(checkout):
    return (checkout / "log").read_text().splitlines()


def wait_for(condition):
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)  # for a process, not for time to pass


def is_up(checkout):
    return any("/admin/" in line for line in log(checkout))


@contextmanager
def running(checkout, **environment):
    """A service that has printed that it is ready."""
    process = make_run(checkout, **environment)
    try:
        wait_for(lambda: process.poll() is not None or is_up(checkout))
        assert process.poll() is None, log(checkout)
        yield process
    finally:
        process.terminate()
        process.wait(WAIT)


def refusal(checkout, *arguments, **environment):
    """The lines of a start that fails within ten seconds, without those of make itself."""
    process = make_run(checkout, *arguments, **environment)
    try:
        assert process.wait(10) > 0
    finally:
        process.terminate()
        process.wait(WAIT)
    return [line for line in log(checkout) if not line.startswith(("make: ", "Wrote .env"))]


def listening(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_make_run_prepares_everything_and_prints_the_addresses(checkout):
    port = free_port()
    address = f"http://localhost:{port}"
    with running(checkout, PORT=str(port)):
        assert requests.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
        *before, ready, pages, api, documentation, admin, hint = log(checkout)
        assert "/pages/style.css" in requests.get(f"http://127.0.0.1:{port}/", timeout=10).text
    assert before[0] == "Wrote .env with a new SECRET_KEY"
    assert "migrations" in before[1]
    assert "ready" in ready
    assert [line.split()[-1] for line in (pages, api, documentation, admin)] == [
        f"{address}/",
        f"{address}/api/",
        f"{address}/api/docs",
        f"{address}/admin/",
    ]
    assert hint.endswith("manage.py createsuperuser")
    assert (checkout / ".env").stat().st_mode & 0o777 == 0o600


def test_make_run_repeats_nothing_on_the_second_start(checkout):
    with running(checkout, PORT=str(free_port())):
        first = (checkout / ".env").read_bytes()
    with running(checkout, PORT=str(free_port())):
        assert "ready" in log(checkout)[0]
    assert (checkout / ".env").read_bytes() == first


@pytest.mark.asvs("13.2.3")
def test_make_run_writes_a_new_key_for_each_checkout(checkout):
    subprocess.run(["make", ".env"], cwd=checkout, check=True, capture_output=True)
    first = (checkout / ".env").read_text()
    (checkout / ".env").unlink()
    subprocess.run(["make", ".env"], cwd=checkout, check=True, capture_output=True)
    second = (checkout / ".env").read_text()
    assert first != second
    assert len(first) == len(second) >= len((checkout / ".env.example").read_text()) + 64


def test_make_run_prefers_the_environment_to_dotenv(checkout):
    port = free_port()
    (checkout / ".env").write_text("SECRET_KEY=only-for-tests\nPORT=1\nREGISTRATION=closed\n")
    with running(checkout, PORT=str(port), REGISTRATION="open"):
        config = requests.get(f"http://127.0.0.1:{port}/api/auth/config", timeout=10).json()
    assert config["registration"] == "open"


def test_make_run_reads_the_port_from_dotenv(checkout):
    port = free_port()
    (checkout / ".env").write_text(f"SECRET_KEY=only-for-tests\nPORT={port}\n")
    with running(checkout):
        assert listening(port)


def test_make_run_hints_at_createsuperuser_only_without_an_administrator(checkout):
    (checkout / ".env").write_text("SECRET_KEY=only-for-tests\n")
    root = {"DJANGO_SUPERUSER_PASSWORD": "the password of root", "DJANGO_SUPERUSER_EMAIL": "root@example.org"}
    for command in (["migrate", "-v0"], ["createsuperuser", "--noinput"]):
        manage = [sys.executable, "manage.py", *command]
        subprocess.run(manage, cwd=checkout, env=shell(**root), check=True, capture_output=True)
    with running(checkout, PORT=str(free_port())):
        assert "/admin/" in log(checkout)[-1]


@pytest.mark.postgres
def test_make_run_works_on_postgresql(checkout, tmp_path):
    port = free_port()
    with database(tmp_path) as url, running(checkout, PORT=str(port), DATABASE_URL=url):
        assert requests.get(f"http://127.0.0.1:{port}/readyz", timeout=10).status_code == 200
    assert not list(checkout.glob("*.sqlite3"))


@pytest.mark.parametrize("ends", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_make_run_and_its_server_end_on_a_signal(checkout, ends):
    port = free_port()
    with running(checkout, PORT=str(port)) as process:
        if ends == signal.SIGTERM:
            process.terminate()
        else:
            os.killpg(process.pid, ends)  # as Ctrl-C or a closed terminal does, to all its processes
        process.wait(WAIT)
        wait_for(lambda: not listening(port))
        assert not any("Traceback" in line for line in log(checkout))


needs_proc = pytest.mark.skipif(not Path("/proc/thread-self/children").exists(), reason="needs it to find the server")


@needs_proc
def test_make_run_hashes_passwords_in_huge_pages(checkout):
    with running(checkout, PORT=str(free_port())) as process:
        (serve,) = children(process.pid)
        (granian,) = children(serve)
        environment = Path(f"/proc/{granian}/environ").read_text().split("\0")
    assert "GLIBC_TUNABLES=glibc.malloc.hugetlb=1" in environment


@needs_proc
def test_make_run_ends_when_its_server_is_killed(checkout):
    port = free_port()
    with running(checkout, PORT=str(port)) as process:
        (serve,) = children(process.pid)
        (granian,) = children(serve)
        os.kill(granian, signal.SIGKILL)
        assert process.wait(WAIT) > 0
        wait_for(lambda: not listening(port))
        assert "The server ended with exit code -9." in log(checkout)


def test_make_run_reports_a_port_in_use_in_one_line(checkout):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        (line,) = refusal(checkout, PORT=str(port))
    assert f"Port {port}" in line
    assert "in use" in line


def test_make_run_reports_an_unreachable_database_in_one_line(checkout):
    (line,) = refusal(checkout, PORT=str(free_port()), DATABASE_URL="postgres://u:hunter2@127.0.0.1:1/db")
    assert "DATABASE_URL" in line
    assert "refused" in line
    assert "hunter2" not in line


@pytest.mark.postgres
def test_make_run_reports_a_missing_database_in_one_line(checkout):
    url = os.environ["DATABASE_URL"].replace("/postgres?", "/nowhere?")
    if url == os.environ["DATABASE_URL"]:
        pytest.skip("the caller's DATABASE_URL is not for this")
    (line,) = refusal(checkout, PORT=str(free_port()), DATABASE_URL=url)
    assert '"nowhere" does not exist' in line


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("ARGON2_MEMORY_COST", "hunter2"),
        ("DATABASE_URL", "hunter2"),
        ("DATABASE_URL", "postgres://u:hunter2/x@127.0.0.1/db"),
        ("DATABASE_URL", "mysql://u:hunter2@127.0.0.1/db"),
        ("PASSWORD_MIN_LENGTH", "0"),
        ("PORT", "99999"),
        ("PORT", "hunter2"),
        ("PUBLIC_URL", "hunter2"),
        ("REGISTRATION", "hunter2"),
        ("SECRET_KEY", ""),
        ("SECRET_KEY_FILE", "/nowhere/hunter"),
    ],
)
def test_make_run_reports_an_invalid_setting_in_one_line(checkout, setting, value):
    (line,) = refusal(checkout, **{setting: value})
    assert setting.partition("_")[0] in line or "/nowhere" in line
    assert "hunter2" not in line


def test_make_run_reports_a_missing_or_old_python_in_one_line(checkout, tmp_path):
    old = tmp_path / "python"
    old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 10); $2"\n')
    old.chmod(0o755)
    for python in ("/nowhere/python", str(old)):
        (line,) = refusal(checkout, f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")
        assert "Python" in line
        assert python in line
    assert not (tmp_path / "venv").exists()


def test_make_run_retries_a_failed_installation(checkout, tmp_path):
    (checkout / "requirements.txt").write_text("latchkey-is-not-a-package @ file:///nowhere\n")
    for _ in range(2):
        lines = refusal(checkout)
        assert lines[0].startswith("Installing requirements.txt")
    assert not (checkout / ".env").exists()
