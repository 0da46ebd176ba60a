from django.conf import settings
from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from accounts.passwords.admin import own_password

from .api import api
from .health import healthz, readyz

READ = ["get", "head"]

admin.site.site_header = admin.site.site_title = "Latchkey"
admin.site.index_title = "Users and sessions"
admin.site.enable_nav_sidebar = False  # three lists do not need one, and the one of sessions is wide

ADMIN = [
    path("admin", RedirectView.as_view(url="/admin/", http_method_names=READ)),
    path("admin/password_change/", admin.site.admin_view(own_password)),  # in the place of Django's own
    path("admin/", admin.site.urls),
]

urlpatterns = [
    path("api/", api.urls),  # first, for paths are tried in their order
    path("", RedirectView.as_view(url="/api/docs", http_method_names=READ)),
    *(ADMIN if settings.ADMIN_ENABLED else []),
    path("healthz", healthz),
    path("readyz", readyz),
]
