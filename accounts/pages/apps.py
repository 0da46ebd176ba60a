from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "accounts.pages"
    label = "accounts_pages"
    verbose_name = "Pages for users"
