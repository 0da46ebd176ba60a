from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import path
from django.views.generic import RedirectView

from .views import page, style

# Those that mails and sign-ins lead to are the same at each front end.
PAGES = {
    "": "account",
    "login": "login",
    "register": "register",
    "register/confirm": "confirm_registration",
    "account": "account",
    "password/reset": "reset",
    "email/verify": "verify",
    "email/change": "change",
    "secure": "undo",
    "oauth/callback": "landing",
    "oauth/error": "sign_in_failed",
}


def redirect_to(url: str) -> Callable[..., HttpResponseBase]:
    return RedirectView.as_view(url=url, query_string=True, http_method_names=["get", "head"])


urlpatterns = [
    *(path(address, page, {"template": template}) for address, template in PAGES.items()),
    *(path(f"{address}/", redirect_to(f"/{address}")) for address in PAGES if address),  # as typed by hand
    path("pages/style.css", style),
    # Password managers lead their users there (W3C: A Well-Known URL for Changing Passwords).
    path(".well-known/change-password", redirect_to("/account#password-title")),
]
