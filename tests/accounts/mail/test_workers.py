"""Processes that send mails, the server and `manage.py send_mails`, and mails whose process is killed."""

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


def wait_until(condition):
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # for another process, not for time to pass


def wait_until_everything_is_sent():
    wait_until(lambda: not QueuedMail.objects.exists())


def end_the_lease():
    assert QueuedMail.objects.filter(due_at__gt=timezone.now() + LEASE - timedelta(minutes=1)).update(
        due_at=timezone.now()
    )


def enqueue(*names):
    for name in names:
        QueuedMail.objects.enqueue(MailType.DELETED, email=f"{name}@example.org")


def register(server, name="alice"):
    body = {"email": f"{name}@example.org", "password": "correct horse battery"}
    assert server.call("POST", "/api/auth/register", body).status_code == 201


def test_mail_of_a_killed_worker_is_sent_by_the_next_worker(url):
    enqueue("alice")
    with mail_server(data=wait) as hanging, worker(url, hanging.port) as first:
        assert hanging.arrived.wait(WAIT)
        first.send_signal(signal.SIGKILL)
        first.wait(WAIT)
    end_the_lease()
    with mail_server() as server, worker(url, server.port) as second:
        wait_until_everything_is_sent()
        second.send_signal(signal.SIGINT)  # it is idle, and stops at once
        assert second.wait(3) == 0
    assert server.to == ["alice@example.org"]


def test_send_mails_finishes_the_current_mail_after_sigterm(url):
    enqueue("alice")
    with mail_server(data=wait) as server, worker(url, server.port) as process:
        assert server.arrived.wait(WAIT)
        process.terminate()
        server.go_on.set()
        assert process.wait(WAIT) == 0
        assert process.stderr.read() == ""
    assert server.to == ["alice@example.org"]
    assert not QueuedMail.objects.exists()


def test_server_sends_mails_with_mail_in_process(url, tmp_path):
    with (
        mail_server() as mails,
        serving(
            workers=2, log=tmp_path / "log", DATABASE_URL=url, MAIL_IN_PROCESS="true", EMAIL_URL=mail_url(mails.port)
        ) as server,
    ):
        for name in ("alice", "bob", "carol", "dave"):
            register(server, name)
        wait_until_everything_is_sent()
    assert sorted(mails.to) == [f"{name}@example.org" for name in ("alice", "bob", "carol", "dave")]


def test_mail_of_a_killed_server_is_sent_by_a_worker(url, tmp_path):
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
    end_the_lease()
    with mail_server() as mails, worker(url, mails.port):
        wait_until_everything_is_sent()
    assert mails.to == ["alice@example.org"]


def test_server_sends_no_mails_without_mail_in_process(url, tmp_path):
    with mail_server() as mails:
        env = {"DATABASE_URL": url, "EMAIL_URL": mail_url(mails.port)}
        with serving(log=tmp_path / "log", MAIL_IN_PROCESS="false", **env) as server:
            register(server)
        assert mails.heard == []
        assert QueuedMail.objects.get().attempts == 0
        with worker(url, mails.port):
            wait_until_everything_is_sent()
    assert mails.to == ["alice@example.org"]


@pytest.mark.asvs("16.5.2", "15.2.2")
def test_hanging_mail_server_delays_neither_requests_nor_shutdown(url, tmp_path):
    with (
        talker(nothing) as port,
        serving(log=tmp_path / "log", DATABASE_URL=url, MAIL_IN_PROCESS="true", EMAIL_URL=mail_url(port)) as server,
    ):
        started = time.monotonic()
        for name in ("alice", "bob", "carol"):
            register(server, name)
            wait_until(lambda: QueuedMail.objects.filter(attempts=1).count() == 1)
        assert time.monotonic() - started < 5
        server.process.terminate()
        server.process.wait(5)
    assert QueuedMail.objects.count() == 3


def test_delivery_failure_is_logged_without_the_address(url, tmp_path):
    log = tmp_path / "log"
    with serving(log=log, DATABASE_URL=url, MAIL_IN_PROCESS="true", EMAIL_URL=mail_url(free_port())) as server:
        register(server)
        wait_until(lambda: QueuedMail.objects.exclude(last_error="").exists())
        wait_until(lambda: "A mail was not sent: verify, attempt 1: ConnectionRefusedError" in log.read_text())
    assert "alice" not in log.read_text()
