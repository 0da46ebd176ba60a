"""A front end, a browser and a provider: `oidc-provider-mock`, over real HTTP."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.db import connection

from ...server import free_port, wait_until_up
from ...users import ApiClient
from .forger import forging

FRONT_END = "https://app.example.org"


@pytest.fixture(scope="session")
def provider():
    """The address of an OpenID Provider that says of users what it is told to."""
    port = str(free_port())
    env = os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"}  # loopback
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", port]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until_up(f"http://localhost:{port}/.well-known/openid-configuration", process)
    yield f"http://localhost:{port}"
    process.terminate()
    process.wait(10)


@pytest.fixture
def google(provider, settings):
    """Google is configured, and is that provider."""
    settings.SOCIAL_AUTH_GOOGLE_KEY = "our-client-id"
    settings.SOCIAL_AUTH_GOOGLE_SECRET = "our-client-secret"
    settings.SOCIAL_AUTH_GOOGLE_OIDC_ENDPOINT = provider
    settings.FRONTEND_URL = FRONT_END
    return provider


def claims(sub, **changes):
    """What Google would say of somebody with a mailbox of its own."""
    return {"email": f"{sub}@gmail.com", "email_verified": True, "name": sub.capitalize()} | changes


def at_once(*calls):
    """What these calls return that are made in the same moment, each with a connection of its own."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(10)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


@dataclass
class Landing:
    """Where the browser ends."""

    url: str
    told: dict[str, str] = field(init=False)

    def __post_init__(self):
        parts = urlsplit(self.url)
        assert f"{parts.scheme}://{parts.netloc}" == FRONT_END
        self.path = parts.path
        self.told = {name: values[0] for name, values in parse_qs(parts.query).items()}

    @property
    def error(self):
        assert self.path == "/oauth/error"
        return self.told["error"]


class Browser(ApiClient):
    """A browser of its own: it keeps cookies, and goes where it is sent."""

    def start(self, **query):
        """At our start address; the provider's address to which that sends the browser."""
        answer = self.get("/api/auth/oauth/google", query, headers={"Sec-Fetch-Mode": "navigate"})
        assert answer.status_code == 302, answer.content
        return answer.headers["Location"]

    def consent(self, address, sub, **changes):
        """At the provider, as this user; the address of ours to which that sends the browser back."""
        provider = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        requests.put(f"{provider}/users/{sub}", json=claims(sub, **changes), timeout=5)
        answer = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def landing(self, address):
        """Sent straight to the front end."""
        return Landing(address)

    def land(self, address):
        """Back at our callback; where at the front end that ends."""
        parts = urlsplit(address)
        answer = self.get(f"{parts.path}?{parts.query}")
        assert answer.status_code == 302, answer.content
        return Landing(answer.headers["Location"])

    def sign_in(self, sub, /, *, start=None, **changes):
        return self.land(self.consent(self.start(**start or {}), sub, **changes))


@pytest.fixture
def browser(google, db):
    return Browser()


@pytest.fixture
def other_browser(google, db):
    return Browser()


@pytest.fixture
def forger(settings):
    """Google is configured, and is a provider that does whatever a test wants of it."""
    settings.FRONTEND_URL = FRONT_END
    with forging() as forger:
        forger.configure(settings)
        yield forger


@pytest.fixture
def visitor(forger, db):
    """A browser that is sent to that provider."""
    return Browser()
