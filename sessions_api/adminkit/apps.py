from django.apps import AppConfig


class AdminKitConfig(AppConfig):
    name = "sessions_api.adminkit"
    verbose_name = "Administration"
