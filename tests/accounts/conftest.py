import pytest

from accounts.models import User
from sessions_api.models import Session

from ..users import ApiUser

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


class MailboxUser(ApiUser):
    """Somebody with a mailbox, and what they and others can do by mail."""

    def asks(self, api, path, body=None, **options):
        return api.call("POST", f"/api/auth/{path}", body, token=self.token, **options)


@pytest.fixture
def newcomer(api, mailbox):
    """Alice, who has registered and proven nothing yet; the mail that asks her to is read."""
    alice = MailboxUser.registers(api, "alice")
    alice.link = mailbox.token(alice.email, "Confirm")
    return alice


@pytest.fixture
def owner(api, newcomer):
    """Alice, whose mailbox has proven itself."""
    assert verify(api, newcomer, newcomer.link).status_code == 204
    return newcomer


@pytest.fixture
def other(api, mailbox):
    """Bob, whose mailbox has proven itself, too."""
    bob = MailboxUser.registers(api, "bob")
    assert verify(api, bob, mailbox.token(bob.email)).status_code == 204
    return bob


def verify(api, user, token):
    return user.asks(api, "email/verify", {"token": token})


def ask_to_reset(api, email):
    answer = api.call("POST", "/api/auth/password/reset", {"email": email})
    assert (answer.status_code, answer.content) == (202, b"")


def reset(api, token, password="the next password"):
    return api.call("POST", "/api/auth/password/reset/confirm", {"token": token, "new_password": password})


def ask_to_change(api, user, email):
    return user.asks(api, "email/change", {"email": email})


def change(api, user, token):
    return user.asks(api, "email/change/confirm", {"token": token})


def move(api, mailbox, user, email):
    """This user's account gets another address; the token of the warning that the old one got."""
    old = api.call("GET", "/api/users/me", token=user.token).json()["email"]
    assert ask_to_change(api, user, email).status_code == 202
    assert change(api, user, mailbox.token(email)).status_code == 204
    return mailbox.token(old, "another address")


def secure(api, token):
    return api.call("POST", "/api/auth/secure", {"token": token})


def ask_to_register(api, email):
    answer = api.call("POST", "/api/auth/register", {"email": email})
    assert (answer.status_code, answer.content) == (202, b"")


def confirm(api, token, password="correct horse battery", **more):
    return api.call("POST", "/api/auth/register/confirm", {"token": token, "password": password, **more})


def users():
    """Everything about everybody that a mail could change."""
    return list(User.objects.order_by("pk").values()), list(Session.objects.order_by("pk").values())
