from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from .api import api
from .health import healthz, readyz

urlpatterns = [
    path("", RedirectView.as_view(url="/api/docs")),
    path("api/", api.urls),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
    path("readyz", readyz),
]
