import gc
import os
from contextlib import suppress
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.urls import get_resolver
from django.utils.http import parse_header_parameters
from django.utils.module_loading import import_string

CONTENT_TYPE_LENGTH = 256


class Request(WSGIRequest):
    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        """A Content-Type that is long or cannot be read counts as none, and its charset decides nothing.

        Django's own reading takes quadratic time, raises for some where no middleware can answer, and lets
        the charset, which may be any codec that Python has, decide how the query string is decoded.
        """
        declared = meta.get("CONTENT_TYPE", "")
        self.content_type, self.content_params = "", {}
        if len(declared) <= CONTENT_TYPE_LENGTH:
            with suppress(ValueError):
                self.content_type, self.content_params = parse_header_parameters(declared)


class Handler(WSGIHandler):
    request_class = Request


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
gc.disable()  # what is imported stays; looking for garbage in it would be a sixth of the start
django.setup(set_prefix=False)

from accounts.mail.worker import Worker  # noqa: E402 (its models want Django set up)
from accounts.social.providers import registry as providers  # noqa: E402

application = Handler()
_ = get_resolver().url_patterns  # else the first request would import the API, and be the first to fail if that fails
providers.load()
if settings.PWNED_PASSWORDS_URL:
    import_string(settings.BREACH_LOOKUP)
gc.freeze()  # nor has any later look for garbage to pass through all of it
gc.enable()
if settings.MAIL_IN_PROCESS:
    Worker().start()
