from django.apps import AppConfig
from django.conf import settings

from sessions_api import methods

from .deferred_imports import deferred


class SocialConfig(AppConfig):
    name = "accounts.social"
    label = "accounts_social"
    verbose_name = "Sign-in by other providers"

    def ready(self) -> None:
        for name, (title, _backend) in settings.OAUTH_PROVIDERS.items():
            methods.register(name, title)


class SocialDjangoConfig(AppConfig):
    """social-auth-app-django, of which only the models are loaded before a provider is configured."""

    name = "social_django"
    verbose_name = "Sign-in by other providers"

    def import_models(self) -> None:
        """The clients for HTTP, JWT and OpenID 2.0 that come with the models would be a quarter of the start.

        No model uses them. A configured provider loads the first two.
        """
        with deferred("jwt", "openid.association", "requests"):
            super().import_models()
