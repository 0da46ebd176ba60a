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

urlpatterns = [
    *(path(address, page, {"template": template}) for address, template in PAGES.items()),
    path("pages/style.css", style),
    # Password managers lead their users there (W3C: A Well-Known URL for Changing Passwords).
    path(
        ".well-known/change-password",
        RedirectView.as_view(url="/account#password-title", http_method_names=["get", "head"]),
    ),
]
