"""Schemathesis against the API's own description: all of its phases and all of its checks, with a token and without.

It runs in a process of its own and imports this module there, for the hooks at the end.
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
EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "10")
# All that would mean that less was tested than it seems; the others guess, from a few answers, what a check knows.
SECURITY_ALERTS = "missing_auth,missing_deserializer,unsupported_regex,unused_openapi_auth,method_not_allowed"
WHO = {"email": "alice@example.org", "password": "correct horse battery"}  # the examples of the description
OPEN = {  # a login answers 401 of its own
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
OUT_OF_REACH = {  # what takes something that no description can hold
    "DELETE /api/auth/connections/{id}",  # a connection
    "DELETE /api/auth/sessions/{handle}",  # a handle of the same user
    "POST /api/auth/connections",  # a code that has come by way of a provider
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
    """What schemathesis says, and the statuses that each operation has answered with."""
    answers = folder / "answers"
    options = ("--checks", "all", "--max-examples", EXAMPLES, "--warnings", SECURITY_ALERTS)
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
def test_whoever_has_a_token_gets_what_the_description_promises(target, tmp_path):
    code, report, statuses = fuzz(target, tmp_path, FUZZ_URL=target.url)
    assert code == 0, report
    assert "SECURITY_ALERTS" not in report, report
    described = requests.get(f"{target.url}/api/openapi.json", timeout=5).json()["paths"]
    protected = {
        f"{method.upper()} {path}"
        for path, methods in described.items()
        for method, operation in methods.items()
        if "security" in operation
    }
    # What never succeeds has not been tested.
    assert protected - OUT_OF_REACH <= {operation for operation, answers in statuses.items() if min(answers) < 300}


@pytest.mark.asvs("8.2.1", "8.3.1")
def test_whoever_has_none_gets_it_as_well(target, tmp_path):
    """Schemathesis finds tokens of its own in the answers to its registrations, and tries these too."""
    code, report, statuses = fuzz(target, tmp_path)
    assert code == 0, report
    for operation, answers in statuses.items():
        assert (401 in answers) is (operation not in OPEN), operation


if "FUZZ_ANSWERS" in os.environ:
    ANSWERS = Path(os.environ["FUZZ_ANSWERS"]).open("a", buffering=1)  # noqa: SIM115

    if "FUZZ_URL" in os.environ:

        @schemathesis.auth(refresh_interval=None)
        class FreshToken:
            """For each case, or its own logout would leave nothing but refusals to be tested."""

            def get(self, case, context):
                """Of somebody new, for a case may change the password, or delete the user."""
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
        """Which passwords others would guess, no schema can say: what it calls valid may be refused for that."""
        problem = response.json() if response.status_code in {400, 422} else {}
        if problem.get("error_code") in {"invalid_code", "invalid_id_token", "invalid_link"}:
            return False  # nor which codes and links are good
        codes = {error["code"] for error in problem.get("errors", ())}
        return not codes or not codes <= {"password_common", "password_context", "password_weak"}
