"""What is linked to a person, and how it is taken away."""

from django.db import transaction
from django.db.models import QuerySet
from social_django.models import UserSocialAuth

from accounts.models import User
from sessions_api.errors import NotFound

from .errors import LastLoginMethod
from .providers import configured


def connections_of(user: User) -> "QuerySet[UserSocialAuth]":
    return UserSocialAuth.objects.filter(user=user).order_by("pk")


def unlink(user: User, pk: int) -> None:
    """Raises NotFound, for somebody else's as for an unknown one, and LastLoginMethod."""
    with transaction.atomic():
        person = User.objects.filter(pk=user.pk).lock().get()
        connection = connections_of(person).filter(pk=pk).first()
        if connection is None:
            raise NotFound
        others = connections_of(person).filter(provider__in=configured()).exclude(pk=pk)
        if not person.has_password and not others.exists():
            raise LastLoginMethod
        connection.delete()
