from django.apps import AppConfig


class SingleUseConfig(AppConfig):
    name = "accounts.single_use"
    label = "accounts_single_use"
    verbose_name = "Single use"
