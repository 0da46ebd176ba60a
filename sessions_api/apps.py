from importlib import import_module

from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "sessions_api"
    verbose_name = "Sessions"

    def ready(self) -> None:
        import_module(f"{self.name}.checks")  # each check registers itself
