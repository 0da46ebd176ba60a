"""Clients that others' generators make of docs/openapi.json: each is built, type-checked and used."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from .. import npm
from ..server import ROOT, database, serving

FOLDER = Path(__file__).parent
FLOWS, TOOLS, GENERATORS = FOLDER / "flows", FOLDER / "tools", FOLDER / "generators"
PYTHON = ROOT / ".venv" / "clients" / "bin" / "python"  # `make clients` makes it
DOCUMENT = ROOT / "docs" / "openapi.json"
ALL = "ALL_CLIENTS" in os.environ  # `make clients` sets it

needs_npm = npm.needs_node("no generated TypeScript client is used")
only_in_full = pytest.mark.skipif(not ALL, reason="Only `make clients` installs and uses this generator.")
pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::ResourceWarning")]

REGISTERED = "account:register"
SEEN = {
    "registered": [201, False],
    "logged_in": 200,
    "renewed": 200,
    "session": [200, True, True],
    "sessions": [200, 2],
    "events": [200, ["account:reauthenticate:success", "account:login:success", "account:login:success", REGISTERED]],
    "invalid": [422, ["body.email", "body.password"]],
    "wrong": [401, "authentication_failed"],
    "limited": [429, "rate_limited"],
    "logged_out": 204,
    "ended": [401, "session_expired"],
}


def run(*command, **options):
    return npm.run(options.pop("cwd", FOLDER), *map(str, command), timeout=120, **options)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clients")
    with database(folder) as url, serving(log=folder / "log.txt", DATABASE_URL=url, RATE_LIMIT_FACTOR="1") as server:
        yield server.url


@pytest.fixture
def walk(service, tmp_path):
    """Runs the flow of this name with a client in `generated`; returns what it saw."""
    shutil.copytree(FLOWS, tmp_path, dirs_exist_ok=True)

    def in_typescript(flow):
        npm.install(TOOLS)
        (tmp_path / "node_modules").symlink_to(TOOLS / "node_modules")
        options = ["--strict", "--noEmit", "--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom,dom.iterable"]
        tsc, esbuild = (TOOLS / "node_modules" / ".bin" / name for name in ("tsc", "esbuild"))
        run(tsc, *options, "--module", "esnext", "--moduleResolution", "bundler", f"{flow}.ts", cwd=tmp_path)
        run(esbuild, "--bundle", "--platform=node", "--format=esm", "--outfile=flow.mjs", f"{flow}.ts", cwd=tmp_path)
        return json.loads(run("node", "flow.mjs", cwd=tmp_path, env=os.environ | {"BASE": service}))

    def in_python(flow, python=sys.executable, path=""):
        env = os.environ | {"BASE": service, "PYTHONPATH": path}
        return json.loads(run(python, f"{flow}.py", cwd=tmp_path, env=env))

    return lambda flow, *more: (in_typescript if (FLOWS / f"{flow}.ts").exists() else in_python)(flow, *more)


@needs_npm
def test_openapi_typescript_and_openapi_fetch(walk, tmp_path):
    npm.install(TOOLS)
    run(TOOLS / "node_modules/.bin/openapi-typescript", DOCUMENT, "-o", tmp_path / "generated" / "api.ts")
    assert walk("openapi_fetch") == SEEN


def test_openapi_python_client(walk, tmp_path):
    (tmp_path / "config.yml").write_text("post_hooks: []\n")
    options = ["--path", DOCUMENT, "--meta", "none", "--config", tmp_path / "config.yml"]
    (tmp_path / "generated").mkdir()
    generator = Path(sys.executable).with_name("openapi-python-client")
    run(generator, "generate", *options, "--output-path", tmp_path / "generated" / "api")
    assert walk("openapi_python_client") == SEEN


@only_in_full
@needs_npm
def test_hey_api(walk, tmp_path):
    npm.install(GENERATORS)
    run(GENERATORS / "node_modules/.bin/openapi-ts", "-i", DOCUMENT, "-o", tmp_path / "generated" / "api")
    assert walk("hey_api") == SEEN


@only_in_full
@needs_npm
def test_orval(walk, tmp_path, service):
    npm.install(GENERATORS)
    output = {"target": str(tmp_path / "generated/api.ts"), "client": "fetch", "baseUrl": service}
    config = tmp_path / "orval.config.cjs"
    config.write_text(f"module.exports = {json.dumps({'latchkey': {'input': str(DOCUMENT), 'output': output}})};")
    run(GENERATORS / "node_modules/.bin/orval", "--config", config, cwd=GENERATORS)
    assert walk("orval") == SEEN


def generate(kind, folder):
    run(PYTHON.with_name("openapi-generator-cli"), "generate", "-i", DOCUMENT, "-g", kind, "-o", folder)


@only_in_full
@needs_npm
def test_openapi_generator_typescript_fetch(walk, tmp_path):
    generate("typescript-fetch", tmp_path / "generated" / "api")
    assert walk("typescript_fetch") == SEEN


@only_in_full
def test_openapi_generator_python(walk, tmp_path):
    generate("python", tmp_path / "generated")
    assert walk("openapi_generator_python", PYTHON, tmp_path / "generated") == SEEN
