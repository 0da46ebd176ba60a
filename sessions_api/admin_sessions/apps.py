from django.apps import AppConfig


class AdminSessionsConfig(AppConfig):
    name = "sessions_api.admin_sessions"
    verbose_name = "Sessions"
