from django.apps import AppConfig


class LoginConfig(AppConfig):
    name = "accounts.login"
    label = "accounts_login"
    verbose_name = "Login"
