from django.apps import AppConfig
from django.conf import settings

from sessions_api import login_methods

from .deferred_imports import deferred


class SocialConfig(AppConfig):
    default = True  # of the two in this module, the one that "accounts.social" stands for
    name = "accounts.social"
    label = "accounts_social"
    verbose_name = "Sign-in by other providers"

    def ready(self) -> None:
        for name, (title, _backend) in settings.OAUTH_PROVIDERS.items():
            login_methods.register(name, title)


class SocialDjangoConfig(AppConfig):
    """social-auth-app-django, of which a service without providers loads only the models.

    It does not make a default strategy, as its own AppConfig does: Django's `authenticate` knows none of our backends.
    """

    name = "social_django"
    verbose_name = "Sign-in by other providers"

    def import_models(self) -> None:
        """The modules of the models import clients for HTTP, JWT and OpenID 2.0, which no model uses.

        They would cost 90 ms of CPU and 16 MiB at each start (measured). A provider loads what it needs.
        """
        with deferred("jwt", "openid.association", "requests"):
            super().import_models()
