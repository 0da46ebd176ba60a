import pytest

from accounts.mail.queue import QueuedMail
from config.env import mail as mail_settings


@pytest.fixture
def use_mail_server(settings, monkeypatch):
    """Changes the settings as EMAIL_URL does."""

    def use(scheme, port, credentials=""):
        monkeypatch.setenv("EMAIL_URL", f"{scheme}://{credentials}127.0.0.1:{port}")
        for name, value in mail_settings("EMAIL_URL", default="", backend="").items():
            setattr(settings, name, value)

    return use


def the_mail():
    """The only mail in the queue."""
    (mail,) = QueuedMail.objects.all()
    return mail
