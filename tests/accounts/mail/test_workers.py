"""Processes that send: the server itself, and `manage.py send_mails`; what becomes of mails when they die."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from accounts.mail.queue import LEASE, MailType, QueuedMail

from ...server import ROOT, free_port, serving
from ...smtp import mail_server, nothing, talker, wait

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

WAIT = 30


@pytest.fixture
def url():
    """The database of this test, for other processes."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def mail_url(port):
    return f"smtp://127.0.0.1:{port}"


@contextmanager
def worker(url, port):
    command = [sys.executable, "manage.py", "send_mails"]
    env = os.environ | {"DATABASE_URL": url, "EMAIL_URL": mail_url(port)}
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition):
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # for another process, not for time to pass


def everything_is_sent():
    until(lambda: not QueuedMail.objects.exists())


def let_the_lease_end():
    assert QueuedMail.objects.filter(due_at__gt=timezone.now() + LEASE - timedelta(minutes=1)).update(
        due_at=timezone.now()
    )


def put(*names):
    for name in names:
        QueuedMail.objects.enqueue(MailType.DELETED, email=f"{name}@example.org")


def register(server, name="alice"):
    body = {"email": f"{name}@example.org", "password": "correct horse battery"}
    assert server.call("POST", "/api/auth/register", body).status_code == 201


def test_a_mail_in_the_hands_of_a_worker_that_is_killed_is_sent_by_the_next(url):
    put("alice")
    with mail_server(data=wait) as hanging, worker(url, hanging.port) as first:
        assert hanging.arrived.wait(WAIT)
        first.send_signal(signal.SIGKILL)
        first.wait(WAIT)
    let_the_lease_end()
    with mail_server() as server, worker(url, server.port) as second:
        everything_is_sent()
        second.send_signal(signal.SIGINT)  # it has nothing to do, and ends at once
        assert second.wait(3) == 0
    assert server.to == ["alice@example.org"]


def test_a_worker_that_is_asked_to_end_sends_what_it_has_in_hand(url):
    put("alice")
    with mail_server(data=wait) as server, worker(url, server.port) as process:
        assert server.arrived.wait(WAIT)
        process.terminate()
        server.go_on.set()
        assert process.wait(WAIT) == 0
        assert process.stderr.read() == ""
    assert server.to == ["alice@example.org"]
    assert not QueuedMail.objects.exists()


def test_the_server_sends_by_itself(url, tmp_path):
    with (
        mail_server() as mails,
        serving(
            workers=2, log=tmp_path / "log", DATABASE_URL=url, MAIL_IN_PROCESS="true", EMAIL_URL=mail_url(mails.port)
        ) as server,
    ):
        for name in ("alice", "bob", "carol", "dave"):
            register(server, name)
        everything_is_sent()
    assert sorted(mails.to) == [f"{name}@example.org" for name in ("alice", "bob", "carol", "dave")]


def test_a_server_that_is_killed_right_after_its_answer_has_lost_no_mail(url, tmp_path):
    with (
        mail_server(data=wait) as hanging,
        serving(
            log=tmp_path / "log", DATABASE_URL=url, MAIL_IN_PROCESS="true", EMAIL_URL=mail_url(hanging.port)
        ) as server,
    ):
        register(server)
        assert hanging.arrived.wait(WAIT)
        children = subprocess.run(["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=True)
        for pid in [server.process.pid, *map(int, children.stdout.split())]:
            os.kill(pid, signal.SIGKILL)
    let_the_lease_end()
    with mail_server() as mails, worker(url, mails.port):
        everything_is_sent()
    assert mails.to == ["alice@example.org"]


def test_a_server_that_is_told_to_does_not_send(url, tmp_path):
    with mail_server() as mails:
        env = {"DATABASE_URL": url, "EMAIL_URL": mail_url(mails.port)}
        with serving(log=tmp_path / "log", MAIL_IN_PROCESS="false", **env) as server:
            register(server)
        assert mails.heard == []
        assert QueuedMail.objects.get().attempts == 0
        with worker(url, mails.port):
            everything_is_sent()
    assert mails.to == ["alice@example.org"]


@pytest.mark.asvs("16.5.2")
def test_a_mail_server_that_hangs_holds_up_neither_requests_nor_the_end(url, tmp_path):
    with (
        talker(nothing) as port,
        serving(log=tmp_path / "log", DATABASE_URL=url, MAIL_IN_PROCESS="true", EMAIL_URL=mail_url(port)) as server,
    ):
        started = time.monotonic()
        for name in ("alice", "bob", "carol"):
            register(server, name)
            until(lambda: QueuedMail.objects.filter(attempts=1).count() == 1)
        assert time.monotonic() - started < 5
        server.process.terminate()
        server.process.wait(5)
    assert QueuedMail.objects.count() == 3


def test_nobody_answers_there_and_it_is_said_without_a_word_of_the_mail(url, tmp_path):
    log = tmp_path / "log"
    with serving(log=log, DATABASE_URL=url, MAIL_IN_PROCESS="true", EMAIL_URL=mail_url(free_port())) as server:
        register(server)
        until(lambda: QueuedMail.objects.exclude(last_error="").exists())
        until(lambda: "A mail was not sent: verify, attempt 1: ConnectionRefusedError" in log.read_text())
    assert "alice" not in log.read_text()
