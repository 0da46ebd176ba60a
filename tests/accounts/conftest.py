import pytest

from accounts.models import User
from sessions_api.models import Session

from ..users import ApiUser

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


class MailboxUser(ApiUser):
    """A user with a mailbox."""

    def asks(self, api, path, body=None, **options):
        return api.call("POST", f"/api/auth/{path}", body, token=self.token, **options)


@pytest.fixture
def newcomer(api, mailbox):
    """Alice, registered and unverified. `link` is the token of her verification mail."""
    alice = MailboxUser.registers(api, "alice")
    alice.link = mailbox.token(alice.email, "Confirm")
    return alice


@pytest.fixture
def owner(api, newcomer):
    """Alice, with a verified address."""
    assert verify(api, newcomer, newcomer.link).status_code == 204
    return newcomer


@pytest.fixture
def other(api, mailbox):
    """Bob, with a verified address."""
    bob = MailboxUser.registers(api, "bob")
    assert verify(api, bob, mailbox.token(bob.email)).status_code == 204
    return bob


def verify(api, user, token):
    return user.asks(api, "email/verify", {"token": token})


def ask_to_reset(api, email):
    answer = api.call("POST", "/api/auth/password/reset", {"email": email})
    assert (answer.status_code, answer.content) == (202, b"")


def reset(api, token, password="the next password", **more):
    return api.call("POST", "/api/auth/password/reset/confirm", {"token": token, "new_password": password, **more})


def ask_to_change(api, user, email):
    return user.asks(api, "email/change", {"email": email})


def change(api, user, token):
    return user.asks(api, "email/change/confirm", {"token": token})


def move(api, mailbox, user, email):
    """Give the account of this user another address. Returns the revert token that the old address gets."""
    old = api.call("GET", "/api/users/me", token=user.token).json()["email"]
    assert ask_to_change(api, user, email).status_code == 202
    assert change(api, user, mailbox.token(email)).status_code == 204
    return mailbox.token(old, "another address")


def undo(api, token):
    return api.call("POST", "/api/auth/secure", {"token": token})


def ask_to_register(api, email):
    answer = api.call("POST", "/api/auth/register", {"email": email})
    assert (answer.status_code, answer.content) == (202, b'{"next":"mail"}')


def confirm(api, token, password="correct horse battery", **more):
    return api.call("POST", "/api/auth/register/confirm", {"token": token, "password": password, **more})


def everything_stored():
    """All users and sessions, with every column: what a token of a mail could change."""
    return list(User.objects.order_by("pk").values()), list(Session.objects.order_by("pk").values())
