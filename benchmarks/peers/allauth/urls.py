"""Its own API, and somebody's own endpoint behind its security class for Ninja (.../headless/integrations.html)."""

from allauth.headless.contrib.ninja.security import x_session_token_auth
from django.urls import include, path
from ninja import NinjaAPI, Schema

api = NinjaAPI()


class User(Schema):
    id: int
    username: str
    email: str
    first_name: str
    last_name: str


@api.get("/me", auth=[x_session_token_auth], response=User)
def me(request):
    return request.auth


urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("api/", api.urls),
]
