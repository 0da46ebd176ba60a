"""The modules that a worker has imported at its first answer: none for features that are not configured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_ANSWER = """
import gc, io, json, sys
from config.wsgi import application
request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/auth/config", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
request |= {"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
statuses = []
answer = b"".join(application(request, lambda status, headers: statuses.append(status)))
told = {"status": statuses[0], "answer": json.loads(answer), "modules": list(sys.modules)}
print(json.dumps(told | {"collects": gc.isenabled(), "frozen": gc.get_freeze_count()}))
"""

OF_REDIS = {"redis", "limits"}
OF_PROVIDERS = {"accounts.social.providers.oidc", "social_core.backends", "jwt", "cryptography", "openid", "oauthlib"}
OF_HTTP = {"requests", "urllib3"}
# Megabytes of words, which the first new password loads.
OF_NEW_PASSWORDS = {"zxcvbn", "accounts.passwords.validators"}
EXTRAS = OF_REDIS | OF_PROVIDERS | OF_HTTP | OF_NEW_PASSWORDS

REDIS = {"CACHE_URL": "redis://localhost:1"}
GOOGLE = {"GOOGLE_CLIENT_ID": "x", "GOOGLE_CLIENT_SECRET": "x"}
SQLITE = {"DATABASE_URL": "sqlite://:memory:"}
POSTGRESQL = {"DATABASE_URL": "postgres://unknown@localhost/nothing"}

pytestmark = pytest.mark.once


def first_answer(**given):
    env = {"PATH": os.environ["PATH"], "DOTENV": os.devnull, "SECRET_KEY": "x", "MAIL_IN_PROCESS": "false"} | given
    done = subprocess.run(
        [sys.executable, "-c", FIRST_ANSWER], cwd=ROOT, env=env, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["status"] == "200 OK", told
    return told


@pytest.mark.parametrize("database", [SQLITE, POSTGRESQL], ids=["SQLite", "PostgreSQL"])
def test_start_loads_nothing_that_is_not_configured(database):
    told = first_answer(**database)
    assert EXTRAS & set(told["modules"]) == set()
    assert "config.api" in told["modules"]
    assert told["collects"]
    assert told["frozen"] > 10_000


def test_start_loads_what_is_configured_before_the_first_request():
    told = first_answer(**SQLITE, **REDIS, **GOOGLE)
    assert EXTRAS & set(told["modules"]) == OF_REDIS | OF_PROVIDERS | OF_HTTP
    assert [entry["provider"] for entry in told["answer"]["providers"]] == ["google"]


def test_start_loads_the_http_client_for_pwned_passwords():
    told = first_answer(**SQLITE, PWNED_PASSWORDS_URL="https://api.example.org")
    assert EXTRAS & set(told["modules"]) == OF_HTTP
