"""A front end, a browser and a provider: `oidc-provider-mock`, over real HTTP."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ...server import free_port, wait_until_up
from ...users import ApiClient
from .forger import forging

FRONT_END = "https://app.example.org"


def start_provider(port: int) -> "subprocess.Popen[bytes]":
    env = os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"}  # loopback
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def provider():
    """The address of an OpenID Provider that says of its users what a test tells it to."""
    port = free_port()
    process = start_provider(port)
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
    """The claims that Google would send for a user of its own mailboxes."""
    return {"email": f"{sub}@gmail.com", "email_verified": True, "name": sub.capitalize()} | changes


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
    """A browser: it keeps cookies and follows redirects."""

    provider = "google"

    def start(self, **query):
        """Visit our start address; the provider's address to which it sends the browser."""
        answer = self.get(f"/api/auth/oauth/{self.provider}", query, headers={"Sec-Fetch-Mode": "navigate"})
        assert answer.status_code == 302, answer.content
        return answer.headers["Location"]

    def consent(self, address, sub, **changes):
        """Agree at the provider, as this user; our address to which it sends the browser back."""
        provider = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        requests.put(f"{provider}/users/{sub}", json=claims(sub, **changes), timeout=5)
        answer = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def landing(self, address):
        """Where a start ended that went straight to the front end."""
        return Landing(address)

    def land(self, address):
        """Visit our callback; where the browser ends at the front end."""
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
    """Google is configured, and is a provider that misbehaves as a test tells it to."""
    settings.FRONTEND_URL = FRONT_END
    with forging() as forger:
        forger.configure(settings)
        yield forger


@pytest.fixture
def visitor(forger, db):
    """A browser for that provider."""
    return Browser()
