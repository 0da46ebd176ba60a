"""URLs with one more endpoint: one row read by hand-written SQL, behind the same middlewares as the API."""

from django.db import connection
from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI

from config.urls import urlpatterns as product

raw = NinjaAPI(urls_namespace="raw", docs_url=None, openapi_url=None)


@raw.get("/select")
def select(request: HttpRequest) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, email FROM accounts_user WHERE id = %s", [request.META["HTTP_X_USER"]])
        user_id, email = cursor.fetchone()
    return {"id": str(user_id), "email": email}


urlpatterns = [path("api/raw/", raw.urls), *product]  # under /api, so that the middlewares do the same
