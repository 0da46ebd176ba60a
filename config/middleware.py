"""The middlewares of every request, and Django's own, which run for the admin only."""

import logging
import re
from collections.abc import Callable
from time import perf_counter
from typing import Any

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.shortcuts import redirect
from django.utils.cache import patch_vary_headers
from django.views.csrf import csrf_failure as django_csrf_failure

from config.request_id import id_for, request_id
from sessions_api.http import cookies
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import (
    CONTENT_TYPE,
    DATABASE_FAILURES,
    ApiError,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    UnreadableCookie,
)
from sessions_api.http.exception_handlers import as_problem, refusal_by_database, refusal_outside_ninja
from sessions_api.models import Session

# Bytes, for each path and caller. The longest field of the API, an ID token, has at most 10,000 characters. The largest
# form of the admin, a list with a hundred chosen rows, has 6 KB.
MAX_BODY = 64 * 1024
LENGTH_DIGITS = 18  # of Content-Length: such a number fits into 64 bits
PROBES = {"/healthz", "/readyz"}  # load balancers send the address as Host, so any Host may ask
PATH_LENGTH = 200  # characters of a path in the log; our own paths are shorter

PAGE = "<!doctype html><title>Latchkey</title><p>{}"  # for the admin, while it cannot render a page of its own
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
DOCS = (  # without Trusted Types, which the script of Swagger UI does not pass
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; worker-src 'none'"
)
ADMIN = (  # Django's own pages have a style of their own for each of many elements
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "worker-src 'none'"
)

logger = logging.getLogger(__name__)


class AccessLogMiddleware:
    """Makes `request.client`, gives the request an id, and logs one line for it.

    The id is in each line that is logged meanwhile, and in the answer as X-Request-ID. A caller may send its own id: it
    joins the lines of several services, and proves nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = perf_counter()
        request.client = client = ClientInfo.from_environ(request.META)  # type: ignore[attr-defined]
        its_id = id_for(request.META)
        before = request_id.set(its_id)
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = its_id
            what = (request.method or "", request.path_info, response.status_code)
            log_access(*what, started, client, authenticated(request))
        finally:
            request_id.reset(before)
        return response


def log_access(method: str, path: str, status: int, started: float, client: ClientInfo, by: Any) -> None:
    """One line, without the query, which may contain a code, and without headers and bodies.

    `by` is the session, the administrator, or None for a stranger; the line has their ids.
    """
    level = logging.ERROR if status >= 500 else logging.DEBUG if path in PROBES else logging.INFO
    if logger.isEnabledFor(level):
        line = {
            "method": method,
            "path": path[:PATH_LENGTH],
            "status": status,
            "ms": round((perf_counter() - started) * 1000, 1),
            "ip": client.address,
        }
        if isinstance(by, Session):
            line |= {"user": by.user_id, "session_id": by.pk}
        elif by is not None:
            line |= {"user": by.pk}
        # What `logger.log` does, without its search for the line of code that called it.
        record = logging.getLogRecordFactory()(
            logger.name, level, __file__, 0, "request", (), None, log_access.__name__
        )
        record.__dict__.update(line)
        logger.handle(record)


def authenticated(request: HttpRequest) -> Any:
    """The session, or the administrator, or None for a stranger. No query."""
    session = getattr(request, "auth", None)
    if isinstance(session, Session):
        return session
    return getattr(request, "_cached_user", None)  # Django sets it once a view has used `request.user`


class CrossOriginMiddleware(CorsMiddleware):
    """Leaves requests without an Origin out, which most are: to find no Origin, the other class reads every header."""

    def __call__(self, request: HttpRequest) -> Any:
        if "HTTP_ORIGIN" in request.META:
            return super().__call__(request)
        response: Any = self.get_response(request)
        if re.match(settings.CORS_URLS_REGEX, request.path_info):
            patch_vary_headers(response, ("origin",))
        return response


class RequestGuardMiddleware:
    """Refuses a foreign Host and a body above MAX_BODY. Gives each error the API's form, and each answer its headers.

    Both refusals come before any view, and before Django's parsers. Pages of the admin keep Django's own errors.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            self.check(request)
        except ApiError as refusal:
            response = self.refuse(request, refusal)
        else:
            response = self.get_response(request)
        if is_admin(request):
            self.finish_page(response)
            return response
        if response.status_code >= 400 and response.headers.get("Content-Type") != CONTENT_TYPE:
            response = as_problem(response)
        self.finish(request, response)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer for plain views and the admin. Endpoints have `sessions_api/http/exception_handlers.py`."""
        refusal = refusal_outside_ninja(exception)
        return self.refuse(request, refusal) if refusal else None

    def refuse(self, request: HttpRequest, refusal: ApiError) -> HttpResponse:
        if is_admin(request):
            return page_of(refusal)
        return refusal.response()

    def check(self, request: HttpRequest) -> None:
        """Raises InvalidRequest, NotFound or PayloadTooLarge."""
        if request.path_info not in PROBES:
            try:
                host = request.get_host()
            except DisallowedHost:
                raise InvalidRequest from None
            if settings.ADMIN_HOST and not is_served(request.path_info, host=host):
                raise NotFound
        if is_admin(request) and "%00" in request.META.get("QUERY_STRING", ""):
            raise InvalidRequest  # Django's pages search with any text, and PostgreSQL stores no NUL
        if declared := request.META.get("CONTENT_LENGTH"):
            if not declared.isdecimal() or len(declared) > LENGTH_DIGITS:
                raise InvalidRequest
            if int(declared) > MAX_BODY:
                raise PayloadTooLarge
        elif "HTTP_TRANSFER_ENCODING" in request.META:
            # Django treats a body without a length as empty. The server knows where it ends.
            request._body = request.META["wsgi.input"].read(MAX_BODY + 1)
            if len(request.body) > MAX_BODY:
                raise PayloadTooLarge
            request.META["CONTENT_LENGTH"] = str(len(request.body))  # the parser of forms asks for it

    def finish_page(self, response: HttpResponse) -> None:
        response.headers.setdefault("Content-Security-Policy", ADMIN)
        # With "no-referrer", browsers send "Origin: null" with forms, and Django refuses those as forged.
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")

    def finish(self, request: HttpRequest, response: HttpResponse) -> None:
        page = request.path_info == "/api/docs" and response.status_code == 200
        response.headers.setdefault("Content-Security-Policy", DOCS if page else NOTHING)
        if request.path_info.startswith("/api"):
            response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if response.status_code == 204:
            del response.headers["Content-Type"]
        elif not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))


def is_served(path: str, *, host: str) -> bool:
    """Whether this host has this path. ADMIN_HOST has the admin and no other page, so no script there is a user's."""
    at_admin = split_domain_port(host)[0] == settings.ADMIN_HOST
    return path.startswith("/static/") or at_admin == (path == "/admin" or path.startswith("/admin/"))


def page_of(refusal: ApiError) -> HttpResponse:
    return HttpResponse(PAGE.format(refusal.detail), status=refusal.status, headers=refusal.headers)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's page for a form that seems forged, unless the browser's cookies are hidden."""
    return page_of(UnreadableCookie()) if cookies.are_hidden(request) else django_csrf_failure(request, reason)


def is_admin(request: HttpRequest) -> bool:
    return request.path_info.startswith("/admin/") and settings.ADMIN_ENABLED


class AdminOnly:
    """Runs one of Django's middlewares for the admin only. Django's checks require them; the API needs none."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) if is_admin(request) else self.get_response(request)  # type: ignore[misc]


class AdminSession(AdminOnly, SessionMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.session.client = request.client  # type: ignore[attr-defined]

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """An administrator whose session was revoked during the request goes to the login.

        Here a new session is stored, so the database may fail.
        """
        try:
            return super().process_response(request, response)
        except DATABASE_FAILURES as failure:
            return page_of(refusal_by_database(failure))
        except SessionInterrupted:
            answer = redirect("admin:login")
            answer.delete_cookie(settings.SESSION_COOKIE_NAME)
            return answer


class AdminCsrf(AdminOnly, CsrfViewMiddleware):
    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        return super().process_view(request, *view) if is_admin(request) else None


class AdminAuthentication(AdminOnly, AuthenticationMiddleware):
    pass


class AdminMessages(AdminOnly, MessageMiddleware):
    pass


class AdminFrameOptions(AdminOnly, XFrameOptionsMiddleware):
    pass
