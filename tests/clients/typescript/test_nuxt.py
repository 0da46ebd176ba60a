"""nuxt-auth with the example's settings, in Chromium. Only `make clients` installs Nuxt, which has 600 packages."""

import os
from functools import partial
from http.server import SimpleHTTPRequestHandler

import pytest
import requests
from playwright.sync_api import expect

from ... import npm
from ...browser import GIVE_UP_AFTER, answering, chromium, needs_chromium
from ...server import database, free_port, serving
from .package import FOLDER, needs_node

PASSWORD = "correct horse battery"

pytestmark = [
    pytest.mark.once,
    needs_chromium("no test runs nuxt-auth"),
    needs_node,
    pytest.mark.skipif("ALL_CLIENTS" not in os.environ, reason="`make clients` runs nuxt-auth"),
]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_nuxt_auth_logs_in_keeps_the_login_and_logs_out_over_two_origins(tmp_path):
    nuxt, port = FOLDER / "examples" / "nuxt", free_port()
    npm.install(nuxt)
    url = f"http://localhost:{port}"
    env = os.environ | {"LATCHKEY_URL": url, "NUXT_TELEMETRY_DISABLED": "1"}
    npm.run(nuxt, "node_modules/.bin/nuxi", "generate", env=env)
    pages = partial(Quiet, directory=nuxt / ".output" / "public")
    with database(tmp_path) as base, answering(pages) as front_end, chromium() as browser:
        origin = f"http://127.0.0.1:{front_end.server_port}"
        settings = {"DATABASE_URL": base, "CORS_ALLOWED_ORIGINS": origin, "CORS_ALLOW_CREDENTIALS": "true"}
        with serving(port=port, log=tmp_path / "log", **settings) as service:
            user = {"email": "nuxt@example.org", "password": PASSWORD}
            assert service.call("POST", "/api/auth/register", user).status_code == 201
            page = browser.new_page()
            page.goto(origin)
            told = expect(page.locator("#told"))
            told.to_have_text("unauthenticated", timeout=GIVE_UP_AFTER)
            page.get_by_label("Email").fill("nuxt@example.org")
            page.get_by_label("Password").fill("not this one")
            page.get_by_role("button", name="Log in").click()
            told.to_have_text("authentication_failed")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            told.to_have_text("in: nuxt@example.org")
            page.reload()
            told.to_have_text("in: nuxt@example.org")
            (token,) = [cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "auth.token"]
            with page.expect_response("**/api/auth/logout") as answered:
                page.get_by_role("button", name="Log out").click()
            assert answered.value.status == 204
            told.to_have_text("unauthenticated")
            bearer = {"Authorization": f"Bearer {token}"}
            assert requests.get(f"{service.url}/api/auth/session", headers=bearer, timeout=10).status_code == 401
