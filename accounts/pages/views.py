"""The pages for users: static HTML in their language. A module logs in, and calls the API as any front end does."""

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import get_conditional_response, set_response_etag
from django.utils.translation import get_language_bidi
from django.views.decorators.http import require_safe
from pydantic_core import to_jsonable_python

from accounts.public_config import PublicConfig

from .languages import SOURCE, best_language, languages
from .texts import TEXTS

# No inline code, no code of others, no text as markup: a name with markup in it stays a name.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; worker-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
RENDERED = 100  # pages times languages; the content depends on nothing else


@require_safe
def page(request: HttpRequest, template: str) -> HttpResponse:
    """The page of this template. It has no data of a user, so caches may keep it, but ask whether it is current."""
    language = best_language(chosen=request.GET.get("lang", ""), accepted=request.headers.get("Accept-Language", ""))
    return answer(request, rendered(f"pages/{template}.html", language), "text/html; charset=utf-8", language)


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """A template too, so that an operator replaces `pages/theme.css`, and browsers need one request."""
    return answer(request, rendered("pages/style.css", SOURCE), "text/css; charset=utf-8", SOURCE)


def answer(request: HttpRequest, content: str, content_type: str, language: str) -> HttpResponse:
    whole = HttpResponse(content, content_type=content_type)
    set_response_etag(whole)
    response = get_conditional_response(request, etag=whole["ETag"], response=whole) or whole
    # Also with 304, whose headers replace those that the browser has kept.
    response["Content-Security-Policy"] = POLICY
    response["Content-Language"] = language
    response["Cache-Control"] = "no-cache"
    response["Vary"] = "Accept-Language"
    return response


@lru_cache(maxsize=RENDERED)
def rendered(template: str, language: str) -> str:
    with translation.override(language):
        context = {
            "site": settings.SITE_NAME,
            "logo": settings.PAGES_LOGO,
            "language": language,
            "bidi": get_language_bidi(),
            "languages": languages(),
            "config": to_jsonable_python(PublicConfig.current()) | addresses(),
            "texts": {group: {key: str(text) for key, text in texts.items()} for group, texts in TEXTS.items()},
        }
        return render_to_string(template, context)


def addresses() -> dict[str, str]:
    """`front_end` has no login page of its own. It is empty where these pages are the front end."""
    other = "" if settings.FRONTEND_URL == settings.PUBLIC_URL else settings.FRONTEND_URL
    return {"front_end": other, "public_url": settings.PUBLIC_URL}
