from django.db import connection
from django.http import HttpRequest
from django.urls import path
from ninja import NinjaAPI

from config.urls import urlpatterns as ours

bare = NinjaAPI(urls_namespace="bare", docs_url=None, openapi_url=None)


@bare.get("/empty")
def empty(request: HttpRequest) -> dict[str, str]:
    return {}


@bare.get("/select")
def select(request: HttpRequest) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, email FROM accounts_user WHERE id = %s", [request.META["HTTP_X_USER"]])
        user_id, email = cursor.fetchone()
    return {"id": str(user_id), "email": email}


urlpatterns = [path("api/bare/", bare.urls), *ours]  # under /api, so that the middlewares do the same
