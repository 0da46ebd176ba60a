from django.contrib.auth.models import User
from django.urls import path
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.generics import RetrieveAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.serializers import ModelSerializer


class UserSerializer(ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "email", "first_name", "last_name", "date_joined"]


class MeView(RetrieveAPIView):
    permission_classes = (IsAuthenticated,)
    serializer_class = UserSerializer

    def get_object(self):
        return self.request.user


urlpatterns = [path("api-token-auth/", obtain_auth_token), path("me/", MeView.as_view())]
