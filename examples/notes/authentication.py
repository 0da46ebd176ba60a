"""Authentication for Django REST framework. Keep it out of the module of your views: the framework imports it first."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from accounts.models import User
from sessions_api.auth import any_session
from sessions_api.http.errors import NotAuthenticated
from sessions_api.models import Session


class SessionAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        try:
            session = any_session(request._request)
        except NotAuthenticated:
            return None  # no token: the view's permissions decide
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"  # makes IsAuthenticated answer 401 instead of 403


class IsFresh(IsAuthenticated):
    def has_permission(self, request: Request, view: object) -> bool:
        if not super().has_permission(request, view):
            return False
        request.auth.require_fresh()
        return True
