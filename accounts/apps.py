from django.apps import AppConfig

from . import checks  # noqa: F401 (each check registers itself)


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"
