"""A real Chromium, where one is installed, and the code that documentation shows."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from .server import ROOT

# The first has the engine of the others without their windows, and takes a third of their CPU time.
BROWSERS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
LOOPBACK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
GIVE_UP_AFTER = 20_000  # milliseconds
ALL_PAGES = "ALL_PAGES" in os.environ  # `make pages` sets it: a picture of each page, and each case of a matrix

in_make_pages = pytest.mark.skipif(not ALL_PAGES, reason="Only `make pages` runs each story of each page.")


def needs_chromium(so: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not CHROMIUM, reason=f"NO BROWSER, so {so}: install one, e.g. `apt-get install chromium-headless-shell`."
    )


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that connects to this machine only."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", *QUIET, LOOPBACK]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


def picture(tab: Page, name: str, *, full_page: bool = True) -> None:
    """Keep a picture in `screenshots/`, where one is asked for. No test reads it, so none fails without it."""
    if ALL_PAGES:
        tab.screenshot(path=ROOT / "screenshots" / f"{name}.png", full_page=full_page)


@contextmanager
def answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[ThreadingHTTPServer]:
    """A server with this handler, on a free port of 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))  # seconds until it notices its end; the default is 0.5
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def documented(page: str, language: str, *headings: str) -> str:
    """The code in this language that a page of docs/ has directly under these headings."""
    parts = re.split(r"^#+ (.+)$", (ROOT / "docs" / page).read_text(), flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    blocks = re.compile(rf"```{language}\n(.*?)```", re.DOTALL)
    return "\n".join(block for heading in headings for block in blocks.findall(sections[heading]))
