from django.apps import AppConfig


class SocialConfig(AppConfig):
    name = "accounts.social"
    label = "accounts_social"
    verbose_name = "Sign-in by other providers"
