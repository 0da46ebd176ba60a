from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.generic import RedirectView

from accounts.pages.urls import urlpatterns as page_urls
from accounts.passwords.admin import own_password

from .api import api
from .health import healthz, readyz

READ = ["get", "head"]


def view_on_site(request: HttpRequest, object: str) -> HttpResponse:
    """No model has a page outside the admin. Django's own view fails for a key that is none."""
    raise Http404


admin.site.site_header = admin.site.site_title = "Latchkey"
admin.site.index_title = "Users and sessions"
admin.site.enable_nav_sidebar = False  # the list of sessions needs the width

ADMIN = [
    path("admin", RedirectView.as_view(url="/admin/", http_method_names=READ)),
    # Before Django's page of this name, which has no limits and sends no mail.
    path("admin/password_change/", admin.site.admin_view(own_password)),
    path("admin/r/<path:object>", admin.site.admin_view(view_on_site)),
    path("admin/", admin.site.urls),
]

urlpatterns = [
    path("api/", api.urls),  # Django tries the paths in this order, and most requests are for the API
    *(page_urls if settings.PAGES else [path("", RedirectView.as_view(url="/api/docs", http_method_names=READ))]),
    *(ADMIN if settings.ADMIN_ENABLED else []),
    path("healthz", healthz),
    path("readyz", readyz),
]
