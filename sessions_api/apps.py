from django.apps import AppConfig

from . import checks  # noqa: F401 (each check registers itself)


class SessionsConfig(AppConfig):
    name = "sessions_api"
    verbose_name = "Sessions"
