from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from whitenoise.middleware import WhiteNoiseMiddleware

from accounts.models import User
from accounts.passwords.hashers import Argon2id
from sessions_api.ratelimit.limits import store

from .server import database, serving
from .users import ApiClient, ApiUser, Mailbox


@pytest.fixture(autouse=True, scope="session")
def _list_of_static_files():
    """Made once, as in a server. Each client of a test makes all middleware, and this list takes 6 ms."""
    found, find = {}, WhiteNoiseMiddleware.add_files_from_finders

    def once(middleware):
        key = middleware.static_prefix, middleware.max_age
        if key not in found:
            find(middleware)
            found[key] = middleware.files
        middleware.files = found[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield


@pytest.fixture(autouse=True)
def _fresh_cache():
    cache.clear()  # with CACHE_URL, the counts of limits too
    if hasattr(store, "reset"):
        store.reset()


@pytest.fixture
def api(db):
    return ApiClient()


@pytest.fixture
def alice(api):
    return ApiUser.registers(api, "alice")


@pytest.fixture
def bob(api):
    return ApiUser.registers(api, "bob")


@pytest.fixture
def mailbox(mailoutbox):
    """All mailboxes. A look into one delivers the queued mails first."""
    return Mailbox(mailoutbox)


@pytest.fixture
def user(alice):
    """Alice's row."""
    return User.objects.get(email=alice.email)


@pytest.fixture
def root(db):
    """An administrator."""
    return User.objects.create_superuser("root@example.org", "the password of root")


@pytest.fixture
def clock():
    """Freeze the time. A test can shift it."""
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def admin(root):
    """The administrator's browser, logged in."""
    client = Client()
    client.force_login(root)
    root.events.all().delete()  # a test is about the events after the login
    return client


@pytest.fixture
def hashes(monkeypatch):
    """A list that gets one entry for each password hash that is computed."""
    made = []

    def counted(name):
        method = getattr(Argon2id, name)
        monkeypatch.setattr(Argon2id, name, lambda self, *values: made.append(name) or method(self, *values))

    counted("encode")
    counted("verify")
    return made


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The real server, for requests that the test client cannot send. All tests share it with these settings."""
    folder = tmp_path_factory.mktemp("server")
    with database(folder) as url, serving(log=folder / "log", DATABASE_URL=url) as running:
        yield running
