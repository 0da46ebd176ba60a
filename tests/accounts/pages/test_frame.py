"""The frame of the pages for users: where they are served, in which language, and with which headers."""

import importlib
import re
import shutil

import pytest
from django.test import override_settings
from django.urls import clear_url_caches

from accounts.pages import urls as pages
from accounts.pages.languages import OURS, languages
from accounts.pages.views import rendered
from config import urls

from ...config.test_settings import read

pytestmark = pytest.mark.once

PATHS = [f"/{path}" for path in pages.PAGES]


@pytest.fixture
def served(settings):
    """The service as with an empty FRONTEND_URL."""
    settings.PAGES, settings.FRONTEND_URL = True, settings.PUBLIC_URL
    importlib.reload(urls)
    clear_url_caches()
    rendered.cache_clear()
    yield
    settings.PAGES = False
    importlib.reload(urls)
    clear_url_caches()
    rendered.cache_clear()


def test_pages_are_on_where_the_front_end_is_empty():
    own = read(FRONTEND_URL="", PUBLIC_URL="https://auth.example.org")
    assert (own.PAGES, own.FRONTEND_URL) == (True, "https://auth.example.org")
    assert own.CORS_ALLOWED_ORIGINS == ["https://auth.example.org"]
    assert own.SITE_NAME == "auth.example.org"


def test_pages_are_off_where_there_is_a_front_end():
    default = read()
    assert (default.PAGES, default.FRONTEND_URL) == (False, "http://localhost:3000")
    assert not read(FRONTEND_URL="https://app.example.org").PAGES
    same = read(FRONTEND_URL="http://localhost:8000")  # a front end that a proxy serves on the same origin
    assert not same.PAGES


def test_pages_setting_overrules_the_front_end():
    assert read(FRONTEND_URL="https://app.example.org", PAGES="on").PAGES
    assert not read(FRONTEND_URL="", PAGES="off").PAGES


@pytest.mark.parametrize("path", PATHS)
def test_pages_are_served_with_a_strict_policy(api, served, path):
    answer = api.get(path)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "require-trusted-types-for 'script'"} <= set(
        policy.split("; ")
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert not answer.cookies
    html = answer.content.decode()
    assert not re.search(r"<script(?![^>]*(src=|application/json))|\son\w+=|\sstyle=|<style", html)


@pytest.mark.parametrize("path", PATHS)
def test_pages_take_get_and_head_only(api, served, path):
    assert api.head(path).status_code == 200
    assert api.post(path).status_code == 405


@pytest.mark.parametrize("path", PATHS[1:])
def test_pages_are_not_served_beside_a_front_end(api, path):
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"),
        ("de-AT, en;q=0.5", "de"),
        ("en-GB", "en"),
        ("xx, de;q=0.9", "de"),
        ("xx", "en"),
        ("", "en"),
        ("*", "en"),
        ("../../etc", "en"),
        ("de" * 5000, "en"),
    ],
)
def test_pages_take_the_language_of_the_browser(api, served, accepted, language):
    answer = api.get("/login", headers={"Accept-Language": accepted})
    assert answer.headers["Content-Language"] == language
    assert f'<html lang="{language}"' in answer.content.decode()


def test_pages_take_the_language_that_the_user_chose(api, served):
    assert api.get("/login?lang=de", headers={"Accept-Language": "en"}).headers["Content-Language"] == "de"
    assert api.get("/login?lang=xx", headers={"Accept-Language": "de"}).headers["Content-Language"] == "de"


def test_pages_have_the_languages_of_the_operators_catalogs(tmp_path, settings):
    shutil.copytree(OURS / "de", tmp_path / "pt_BR")
    languages.cache_clear()
    with override_settings(LOCALE_PATHS=[tmp_path]):
        assert languages() == {"de": "Deutsch", "en": "English", "pt-br": "Português Brasileiro"}
    languages.cache_clear()


def test_pages_in_a_template_of_the_operator(api, served, settings, tmp_path):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "theme.css").write_text(":root { --accent: hotpink; }")
    templates = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    rendered.cache_clear()
    with override_settings(TEMPLATES=templates):
        answer = api.get("/pages/style.css")
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "hotpink" in answer.content.decode()


def test_pages_lead_mails_to_themselves(api, served, settings, mailbox):
    settings.FRONTEND_URL = "https://app.example.org"  # beside a front end too
    api.register("alice@example.org")
    assert f"{settings.PUBLIC_URL}/email/verify#" in mailbox.the_one("alice@example.org").body
