"""The npm package: what it contains, how large it is, and its tests in Node against the running service."""

import gzip
import json
import os
from contextlib import ExitStack

import pytest

from ... import npm
from ...server import ROOT, database, serving
from .package import FOLDER, built, needs_node

pytestmark = [pytest.mark.once, needs_node]

MODULES = ["api", "client", "errors", "index", "login", "node", "random", "react", "send", "store", "web"]


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    """A service for each REGISTRATION, on one database. They write mails into one folder."""
    folder = tmp_path_factory.mktemp("package")
    mails = folder / "mails"
    mails.mkdir()
    with ExitStack() as stack:
        env = {"DATABASE_URL": stack.enter_context(database(folder)), "TRUSTED_PEERS": "127.0.0.1"}
        env |= {"EMAIL_URL": f"filemail:///{mails}", "MAIL_IN_PROCESS": "true"}
        opened = stack.enter_context(serving(log=folder / "log", **env))
        verified = stack.enter_context(serving(log=folder / "verified.log", **env, REGISTRATION="verified"))
        yield {"OPEN": opened.url, "VERIFIED": verified.url, "MAILS": str(mails)}


def test_typescript_client_passes_its_tests_in_node(services):
    npm.run(built(), "node", "--test-reporter=tap", "test/client.test.mjs", env=os.environ | services)


def test_typescript_client_serves_axios_and_auth_js(services):
    npm.install(built() / "examples")
    npm.run(FOLDER, "node", "--test-reporter=tap", "test/adapters.test.mjs", env=os.environ | services)


def test_typescript_client_is_a_package_of_modules_and_types():
    (packed,) = json.loads(npm.run(built(), "npm", "pack", "--dry-run", "--json", "--ignore-scripts"))
    types = [*MODULES, "codes", "schema"]
    dist = {f"dist/{name}.js" for name in [*MODULES, "latchkey"]} | {f"dist/{name}.d.ts" for name in types}
    assert {file["path"] for file in packed["files"]} == dist | {"LICENSE", "README.md", "package.json"}
    package = json.loads((FOLDER / "package.json").read_text())
    assert package["dependencies"].keys() == {"openapi-fetch"}
    assert (FOLDER / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_typescript_client_has_at_most_5_kb_of_its_own_code():
    bundle = ["--bundle", "--minify", "--format=esm", "--external:openapi-fetch"]
    code = npm.run(built(), "node_modules/.bin/esbuild", "dist/web.js", *bundle)
    assert len(gzip.compress(code.encode())) <= 5000
