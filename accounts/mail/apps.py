from django.apps import AppConfig

from . import checks  # noqa: F401 (each check registers itself)


class MailConfig(AppConfig):
    name = "accounts.mail"
    label = "accounts_mail"
    verbose_name = "Mails"
