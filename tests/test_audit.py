"""`make audit` finds known vulnerabilities and overdue updates, here in answers of its own index and database."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from .browser import answering

ROOT = Path(__file__).resolve().parent.parent
VULNERABILITY = {"id": "PYSEC-2026-1", "summary": "A hole.", "affected": [], "schema_version": "1.7.0"}


@contextmanager
def registry(*, vulnerable=(), uploads=(), status=200):
    """The URL of a server that knows these vulnerable packages, and these uploads: (package, version, days ago)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version, wbufsize = "HTTP/1.1", -1  # one connection, and one packet for each answer

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]["name"]
            self.answer({"vulns": [VULNERABILITY]} if asked in vulnerable else {})

        def do_GET(self):
            asked = self.path.strip("/").rpartition("/")[2]
            files = [uploaded(*upload) for upload in uploads if upload[0] == asked]
            self.answer({"meta": {"api-version": "1.1"}, "name": asked, "files": files})

        def answer(self, content):
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    with answering(Handler) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def uploaded(name, version, days):
    file, time = f"{name}-{version}-py3-none-any.whl", datetime.now(UTC) - timedelta(days=days)
    return {"filename": file, "url": file, "hashes": {}, "upload-time": time.isoformat().replace("+00:00", "Z")}


def audit(url):
    """Whether `make audit` finds nothing, and its output."""
    alone = {"UV_DEFAULT_INDEX": f"{url}/simple", "UV_NO_CACHE": "1", "UV_NO_CONFIG": "1"}
    command = ["make", "audit", f"VENV={sys.prefix}", f"ARGS=-s osv --osv-url {url}/v1/query"]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | alone, capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.once
def test_audit_passes_without_vulnerabilities_and_within_ninety_days_of_an_update():
    with registry(uploads=[("requests", "99.1", 89), ("django", "99.0", 91), ("argon2-cffi", "21.0.0", 91)]) as url:
        passed, output = audit(url)
    assert passed, output


@pytest.mark.once
def test_audit_names_a_package_with_a_known_vulnerability():
    with registry(vulnerable=["psycopg"]) as url:
        passed, output = audit(url)
    assert not passed
    assert "psycopg" in output
    assert "PYSEC-2026-1" in output


@pytest.mark.once
def test_audit_names_a_package_that_is_ninety_days_behind():
    with registry(uploads=[("requests", "99.1", 91), ("requests", "99.2", 1)]) as url:
        passed, output = audit(url)
    assert not passed
    assert "Newer versions are older than 90 days:" in output
    assert "99.1" in output


@pytest.mark.once
def test_audit_without_an_answer_fails():
    with registry(status=404) as url:
        passed, output = audit(url)
    assert not passed, output
