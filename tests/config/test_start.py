"""The modules that a process loads until its first answer: those of features that are not configured are missing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FIRST_ANSWER = """
import gc, io, json, sys
from config.application import application
from ua_parser_builtins.lazy import MATCHERS
request = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/auth/config", "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
request |= {"wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
statuses = []
answer = b"".join(application(request, lambda status, headers: statuses.append(status)))
told = {"status": statuses[0], "answer": json.loads(answer), "modules": list(sys.modules)}
told["uncompiled"] = sum("pattern" not in vars(matcher) for matchers in MATCHERS[:2] for matcher in matchers)
print(json.dumps(told | {"collects": gc.isenabled(), "frozen": gc.get_freeze_count()}))
"""

# social-auth-app-django is always installed, so its models and social_core's base classes are always loaded. What they
# import for HTTP, JWT and OpenID 2.0 is deferred: accounts/social/deferred_imports.py.
OF_INSTALLED_APPS = {"social_django.models", "social_core.storage", "social_core.backends.base"}
OF_REDIS = {"redis", "limits"}
OF_PROVIDERS = {"accounts.social.strategy", "social_core.backends.oauth", "oauthlib", "cryptography"}
OF_OIDC = {"accounts.social.providers.oidc", "social_core.backends.open_id_connect", "jwt"}
OF_HTTP = {"requests", "urllib3"}
OF_NEW_PASSWORDS = {"zxcvbn", "accounts.passwords.validators"}  # megabytes of words, for the first new password
OF_OPENID_2 = {"openid.association"}
OF_TESTS = {"django.test", "unittest"}
EXTRAS = OF_TESTS | OF_REDIS | OF_PROVIDERS | OF_OIDC | OF_HTTP | OF_NEW_PASSWORDS | OF_OPENID_2

REDIS = {"CACHE_URL": "redis://localhost:1"}
GOOGLE = {"GOOGLE_CLIENT_ID": "x", "GOOGLE_CLIENT_SECRET": "x"}
GITHUB = {"GITHUB_CLIENT_ID": "x", "GITHUB_CLIENT_SECRET": "x"}
KEYCLOAK = {
    "OIDC_PROVIDERS": "keycloak",
    "OIDC_KEYCLOAK_ISSUER": "https://sso.example.org",
    "OIDC_KEYCLOAK_CLIENT_ID": "x",
    "OIDC_KEYCLOAK_CLIENT_SECRET": "x",
}
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
    assert {*OF_INSTALLED_APPS, "config.api"} <= set(told["modules"])
    assert told["collects"]
    assert told["frozen"] > 10_000
    assert told["uncompiled"] == 0  # expressions for user agents: no login waits for them


@pytest.mark.parametrize(
    ("configured", "provider", "loaded"),
    [
        (GOOGLE, "google", OF_PROVIDERS | OF_OIDC | OF_HTTP),
        (KEYCLOAK, "keycloak", OF_PROVIDERS | OF_OIDC | OF_HTTP),
        (GITHUB, "github", OF_PROVIDERS | OF_HTTP),
    ],
    ids=["Google", "Keycloak", "GitHub"],
)
def test_start_loads_what_a_provider_needs(configured, provider, loaded):
    told = first_answer(**SQLITE, **REDIS, **configured)
    assert EXTRAS & set(told["modules"]) == OF_REDIS | loaded
    assert [entry["provider"] for entry in told["answer"]["providers"]] == [provider]


def test_start_loads_the_http_client_for_stolen_passwords():
    told = first_answer(**SQLITE, PWNED_PASSWORDS_URL="https://api.example.org")
    assert EXTRAS & set(told["modules"]) == OF_HTTP
