"""`oidc-provider` of npm, an OpenID Provider that enforces PKCE, and its forms filled in without a browser."""

import re
import subprocess
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import requests

from ... import npm
from ...server import free_port, wait_until_up

FOLDER = Path(__file__).with_name("provider")


needs_node = npm.needs_node("no sign-in is tried at an OpenID Provider that enforces PKCE")


@contextmanager
def providing(*, client_id, client_secret, redirect_uri, log, dialect=""):
    """The issuer of a provider that knows one client. `standard` is a dialect of `server.mjs`."""
    npm.install(FOLDER)
    port = str(free_port())
    url = f"http://127.0.0.1:{port}"
    with log.open("w") as out:
        command = ["node", "server.mjs", port, client_id, client_secret, redirect_uri, dialect]
        process = subprocess.Popen(command, cwd=FOLDER, stdout=out, stderr=out)
    try:
        wait_until_up(f"{url}/.well-known/openid-configuration", process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def consent(address, login):
    """Log in and agree; where the provider sends the browser back to. An error of the provider ends there too."""
    with requests.Session() as browser:
        answer = browser.get(address, allow_redirects=False, timeout=20)
        while True:
            if answer.is_redirect:
                target = urljoin(answer.url, answer.headers["Location"])
                if not target.startswith(address.partition("/auth?")[0]):
                    return target
                answer = browser.get(target, allow_redirects=False, timeout=20)
            else:
                assert answer.status_code == 200, answer.text
                action = unescape(re.search(r'<form[^>]* action="([^"]+)"', answer.text)[1])
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)[1]
                form = {"prompt": prompt, "login": login, "password": "any"}
                answer = browser.post(urljoin(answer.url, action), form, allow_redirects=False, timeout=20)
