"""What every request passes, and Django's own middlewares, asleep outside the admin."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware

from sessions_api.errors import (
    CONTENT_TYPE,
    ApiError,
    InvalidRequest,
    PayloadTooLarge,
    as_problem,
    refusal_outside_ninja,
)

MAX_BODY = 64 * 1024
PROBES = {"/healthz", "/readyz"}  # asked by address, so under any Host

PAGE = "<!doctype html><title>Latchkey</title><p>{}"  # of the admin, where it cannot have one of its own
NOTHING = "default-src 'none'; frame-ancestors 'none'"
OWN_PAGES = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Gate:
    """In: one body limit and one answer to a foreign Host. Out: one form of error, whoever made it, and headers.

    The admin keeps Django's own ways.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if is_admin(request):
            response = self.get_response(request)
            response.headers.setdefault("Content-Security-Policy", OWN_PAGES)
            # Without any referrer a browser sends "Origin: null" with forms, which Django takes for a forgery.
            response.headers.setdefault("Referrer-Policy", "same-origin")
            return response
        try:
            self.check(request)
        except ApiError as refusal:
            response = refusal.response()
        else:
            response = self.get_response(request)
        if response.status_code >= 400 and response.headers.get("Content-Type") != CONTENT_TYPE:
            response = as_problem(response)
        self.finish(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Plain views, and the admin. Endpoints have handlers, in `sessions_api/errors.py`."""
        refusal = refusal_outside_ninja(exception)
        if refusal and is_admin(request):
            return HttpResponse(PAGE.format(refusal.detail), status=refusal.status, headers=refusal.headers)
        return refusal.response() if refusal else None

    def check(self, request: HttpRequest) -> None:
        if request.path_info not in PROBES:
            try:
                request.get_host()
            except DisallowedHost:
                raise InvalidRequest from None
        if declared := request.META.get("CONTENT_LENGTH"):
            if not declared.isdecimal() or len(declared) > 18:
                raise InvalidRequest
            if int(declared) > MAX_BODY:
                raise PayloadTooLarge
        elif "HTTP_TRANSFER_ENCODING" in request.META:
            # Django takes a body without a length for an empty one. Its end is the server's to find.
            request._body = request.META["wsgi.input"].read(MAX_BODY + 1)
            if len(request.body) > MAX_BODY:
                raise PayloadTooLarge

    def finish(self, request: HttpRequest, response: HttpResponse) -> None:
        page = request.path_info == "/api/docs" and response.status_code == 200
        response.headers.setdefault("Content-Security-Policy", OWN_PAGES if page else NOTHING)
        if request.path_info.startswith("/api"):
            response.headers.setdefault("Cache-Control", "no-store")
        if response.status_code == 204:
            del response.headers["Content-Type"]
        elif not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))


def is_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/")


class AdminOnly:
    """Django's checks want these middlewares installed; the API should not pay for their being awake."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) if is_admin(request) else self.get_response(request)  # type: ignore[misc]


class AdminSession(AdminOnly, SessionMiddleware):
    pass


class AdminCsrf(AdminOnly, CsrfViewMiddleware):
    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        return super().process_view(request, *view) if is_admin(request) else None


class AdminAuthentication(AdminOnly, AuthenticationMiddleware):
    pass


class AdminMessages(AdminOnly, MessageMiddleware):
    pass


class AdminFrameOptions(AdminOnly, XFrameOptionsMiddleware):
    pass
