"""The service in memory: importing this module imports everything that requests need, once.

`config/server.py` does it before it forks, so all workers share these pages. A connection, a thread, an open file or a
number drawn at random must not begin here: a fork would copy it. `config/wsgi.py` begins what each process has alone.
"""

import gc

gc.disable()  # imported code stays, so a collection now would find nothing, and takes a sixth of the start

import os
import sys
from contextlib import suppress
from typing import Any

import django
from django.conf import settings
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.urls import get_resolver
from django.utils.http import parse_header_parameters
from django.utils.module_loading import import_string

CONTENT_TYPE_LENGTH = 256  # characters; "application/json; charset=utf-8" has 31


class Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """Ignore a Content-Type that is long or unreadable, and ignore its charset.

        Django's own method takes quadratic time. For some values it raises where no middleware can answer. And it
        decodes the query string with the charset, which may be any codec of Python.
        """
        declared = meta.get("CONTENT_TYPE", "")
        self.content_type, self.content_params = "", {}
        if len(declared) <= CONTENT_TYPE_LENGTH:
            with suppress(ValueError):
                self.content_type, self.content_params = parse_header_parameters(declared)


class Handler(WSGIHandler):
    request_class = Request


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_ = settings.DEBUG  # reads the settings: an error of theirs would reach the operator as one of django-ninja's
# django-ninja imports one signal from `django.test`, which would load unittest and Django's tools for tests.
sys.modules["django.test.signals"] = signals
import ninja.conf  # noqa: F401

del sys.modules["django.test.signals"]
django.setup(set_prefix=False)

import accounts.mail.worker  # noqa: F401 (for config/wsgi.py; its models need django.setup)
from accounts.social.providers import registry as providers
from config.short_way import ShortWay
from sessions_api.http.client import device

application = ShortWay(Handler()) if settings.SHORT_WAY else Handler()
_ = get_resolver().url_patterns  # import the API now: an error stops the start, and the first request is not slow
providers.load()
device("-")  # matches no expression, so all get compiled: the first login would hold up every thread meanwhile
if settings.PWNED_PASSWORDS_URL:
    import_string(settings.BREACH_LOOKUP)
gc.freeze()  # later collections skip all that exists now
gc.enable()
