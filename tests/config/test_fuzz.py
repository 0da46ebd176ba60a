"""Schemathesis with all its phases and checks, against the API's own description, with a token and without.

Schemathesis runs in a process of its own, and imports this module for the hooks at the end.
"""

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from uuid import uuid4

import pytest
import requests
import schemathesis

from ..server import ROOT, database, serving

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "2")
# Warnings that mean: less was tested than it seems. The other warnings guess at what the checks know.
WARNINGS = "missing_auth,missing_deserializer,unsupported_regex,unused_openapi_auth,method_not_allowed"
WHO = {"email": "alice@example.org", "password": "correct horse battery"}  # as in the description's examples
OPEN = {  # without login, which answers 401 itself
    "GET /api/auth/config",
    "GET /api/auth/oauth/{provider}",
    "GET /api/auth/oauth/{provider}/callback",
    "POST /api/auth/exchange",
    "POST /api/auth/oauth/{provider}/token",
    "POST /api/auth/password/reset",
    "POST /api/auth/password/reset/confirm",
    "POST /api/auth/register",
    "POST /api/auth/register/confirm",
    "POST /api/auth/secure",
}
OUT_OF_REACH = {  # schemathesis cannot produce what these need
    "DELETE /api/auth/connections/{id}",  # a connection
    "DELETE /api/auth/sessions/{handle}",  # a handle of the same user
    "POST /api/auth/connections",  # a code of a sign-in by a provider
    "POST /api/auth/email/change/confirm",  # the token of a mail
    "POST /api/auth/email/verify",
}

pytestmark = [pytest.mark.fuzz, pytest.mark.once]


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    google = {"GOOGLE_CLIENT_ID": "x", "GOOGLE_CLIENT_SECRET": "x", "GOOGLE_OIDC_ENDPOINT": "http://127.0.0.1:1"}
    with database(folder) as url, serving(log=folder / "log", DATABASE_URL=url, **google) as server:
        assert server.call("POST", "/api/auth/register", WHO).status_code == 201
        yield server


def fuzz(target, folder, **env):
    """The exit code and the report of schemathesis, and the statuses of each operation."""
    answers = folder / "answers"
    options = ("--checks", "all", "--max-examples", EXAMPLES, "--warnings", WARNINGS)
    env |= {"SCHEMATHESIS_HOOKS": __name__, "PYTHONPATH": str(ROOT), "FUZZ_ANSWERS": str(answers)}
    done = subprocess.run(
        [SCHEMATHESIS, "run", f"{target.url}/api/openapi.json", *options],
        cwd=folder,
        env=os.environ | env,
        text=True,
        capture_output=True,
    )
    statuses = defaultdict(set)
    for line in answers.read_text().splitlines():
        operation, _, status = line.rpartition(" ")
        statuses[operation].add(int(status))
    return done.returncode, done.stdout + done.stderr, statuses


@pytest.mark.asvs("2.2.1", "2.2.2", "4.1.1", "8.2.1")
def test_api_matches_its_description_with_a_token(target, tmp_path):
    code, report, statuses = fuzz(target, tmp_path, FUZZ_URL=target.url)
    assert code == 0, report
    assert "WARNINGS" not in report, report
    described = requests.get(f"{target.url}/api/openapi.json", timeout=5).json()["paths"]
    protected = {
        f"{method.upper()} {path}"
        for path, methods in described.items()
        for method, operation in methods.items()
        if operation["security"]
    }
    # An operation that never succeeds was not tested.
    assert protected - OUT_OF_REACH <= {operation for operation, answers in statuses.items() if min(answers) < 300}


@pytest.mark.asvs("8.2.1", "8.3.1")
def test_api_matches_its_description_without_a_token(target, tmp_path):
    """Schemathesis also tries the tokens that it finds in the answers to its registrations."""
    code, report, statuses = fuzz(target, tmp_path)
    assert code == 0, report
    for operation, answers in statuses.items():
        assert (401 in answers) is (operation not in OPEN), operation


if "FUZZ_ANSWERS" in os.environ:
    ANSWERS = Path(os.environ["FUZZ_ANSWERS"]).open("a", buffering=1)  # noqa: SIM115

    if "FUZZ_URL" in os.environ:

        @schemathesis.auth(refresh_interval=None)
        class FreshToken:
            """A new token for each case: after a logout of schemathesis itself, an old one would only be refused."""

            def get(self, case, context):
                """The token of a new user, because a case may change the password or delete the user."""
                who = WHO | {"email": f"{uuid4()}@example.org"}
                return requests.post(f"{os.environ['FUZZ_URL']}/api/auth/register", json=who, timeout=10).json()[
                    "token"
                ]

            def set(self, case, token, context):
                case.headers["Authorization"] = f"Bearer {token}"

    @schemathesis.hook
    def after_call(context, case, response):
        ANSWERS.write(f"{case.operation.label} {response.status_code}\n")

    @schemathesis.hook
    def filter_failure(context, failure, case, response):
        """Accept refusals that no schema can predict, such as guessable passwords and codes that do not exist."""
        problem = response.json() if response.status_code in {400, 422} else {}
        if problem.get("error_code") in {"invalid_code", "invalid_id_token", "invalid_link"}:
            return False
        codes = {error["code"] for error in problem.get("errors", ())}
        return not codes or not codes <= {"either_or", "password_common", "password_context", "password_weak"}
