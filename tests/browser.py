"""A real Chromium, for those tests that look at what people will see; its pictures are in `screenshots/`."""

import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import sync_playwright

from .server import ROOT

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
LOOPBACK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
SCREENSHOTS = ROOT / "screenshots"

needs_chromium = pytest.mark.skipif(
    not CHROMIUM, reason="NO BROWSER, so nobody looks at what people see: install one, e.g. `apt-get install chromium`."
)


@contextmanager
def chromium():
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", *QUIET, LOOPBACK]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()
