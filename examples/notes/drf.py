"""Views of Django REST framework."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .authentication import IsFresh


class Stats(APIView):
    def get(self, request: Request) -> Response:
        return Response({"owner": request.user.email, "logged_in_by": request.auth.method})


class Archive(APIView):
    permission_classes = [IsFresh]

    def post(self, request: Request) -> Response:
        return Response({"archived": 0})
