"""From the queue to a mail server over a real socket, and what becomes of a mail that cannot go."""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
import trustme
from django.db import connection
from django.utils import timezone
from environ import Env

from accounts.mail import worker as delivery
from accounts.mail.queue import GIVE_UP_AFTER, LEASE, MailType, QueuedMail
from accounts.mail.worker import deliver_next
from accounts.models import User
from sessions_api.models import Session

from ...server import free_port
from ...smtp import byte_by_byte, certificate, die, mail_server, nothing, refuse_for_now, talker
from ...users import problem

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

WITH_PASSWORD = "latchkey:p%40ss%2Fword@"


@pytest.fixture
def point_to(settings):
    """Sets EMAIL_URL, in effect."""

    def point(scheme, port, who=""):
        plain = {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": False}
        for name, value in (plain | Env.email_url_config(f"{scheme}://{who}127.0.0.1:{port}")).items():
            setattr(settings, name, value)

    return point


@pytest.fixture(scope="module")
def authority():
    """Whoever certifies servers here."""
    return trustme.CA()


@pytest.fixture(autouse=True)
def _trust(authority, tmp_path, monkeypatch):
    """As the operating system's certificates are trusted."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.fixture
def here(authority):
    """The certificate of a server on this machine."""
    return certificate(authority, "127.0.0.1")


def the_mail():
    (mail,) = QueuedMail.objects.all()
    return mail


# Mails that arrive


def read(mail):
    """The address in its text, which is the one in its HTML too."""
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    (url,) = re.findall(r"^https?://\S+$", text, re.MULTILINE)
    assert html.count(f'href="{url}"') == 1
    return url


@pytest.mark.parametrize(
    ("scheme", "encrypted", "password"),
    [
        ("smtp", False, False),
        ("smtp", False, True),
        ("smtp+tls", True, False),
        ("smtp+tls", True, True),
        ("smtp+ssl", True, True),
    ],
)
def test_a_mail_arrives_and_its_link_opens_what_it_is_for(api, alice, point_to, here, scheme, encrypted, password):
    options = {"certificate": here if encrypted else None, "implicit": scheme == "smtp+ssl", "password": password}
    with mail_server(**options) as server:
        point_to(scheme, server.port, WITH_PASSWORD if password else "")
        assert deliver_next()
    (mail,) = server.mails
    assert mail["To"] == alice.email
    assert server.heard[-1] == ("MAIL over TLS" if encrypted else "MAIL")
    assert not QueuedMail.objects.exists()
    token = read(mail).partition("#")[2]
    assert api.call("POST", "/api/auth/email/verify", {"token": token}, token=alice.token).status_code == 204
    assert User.objects.get().email_verified


def slow_at(place):
    """A server that hesitates before this one of its answers."""
    answers = (b"220 me", b"250 you", b"250 from", b"250 to", b"354 go on", b"250 taken", b"221 bye")

    def talk(wire, over):
        for number, answer in enumerate(answers):
            while number and not wire.recv(4096).endswith(b"\r\n"):
                pass
            over.wait(0.5 if answer.endswith(place) else 0)
            wire.sendall(answer + b"\r\n")

    return talk


def test_a_server_may_be_slow_to_greet(alice, point_to):
    with talker(slow_at(b"me")) as port:
        point_to("smtp", port)
        assert deliver_next()
    assert not QueuedMail.objects.exists()


def test_a_mail_is_sent_once_the_server_has_taken_it_however_it_takes_leave(alice, point_to, settings):
    settings.EMAIL_TIMEOUT = 0.2
    with talker(slow_at(b"bye")) as port:
        point_to("smtp", port)
        assert deliver_next()
    assert not QueuedMail.objects.exists()


# Mails that cannot go


def troubles(authority):
    """What may be wrong with a mail server: how it is made, how it is spoken to, and what is noted about it."""
    ours, stranger = certificate(authority, "127.0.0.1"), certificate(trustme.CA(), "127.0.0.1")
    return {
        "down": (None, "smtp", "", "ConnectionRefusedError"),
        "silent": (nothing, "smtp", "", "TimeoutError"),
        "endless": (byte_by_byte, "smtp", "", "TimeoutError"),
        "busy": ({"recipient": "451 Later"}, "smtp", "", "SMTPRecipientsRefused 451"),
        "full": ({"data": refuse_for_now}, "smtp", "", "SMTPDataError 451"),
        "dying": ({"data": die}, "smtp", "", "SMTPServerDisconnected"),
        "wrong password": ({"password": True}, "smtp", "latchkey:p%40ss@", "SMTPAuthenticationError 535"),
        "no password": ({"password": True}, "smtp", "", "SMTPSenderRefused 530"),
        "without STARTTLS": ({}, "smtp+tls", WITH_PASSWORD, "SMTPNotSupportedError"),
        "insisting on it": ({"certificate": ours}, "smtp", "", "SMTPSenderRefused 530"),
        "certified by a stranger": ({"certificate": stranger}, "smtp+tls", WITH_PASSWORD, "SSLCertVerificationError"),
        "of another name": (
            {"certificate": certificate(authority, "localhost")},
            "smtp+tls",
            WITH_PASSWORD,
            "SSLCertVerificationError",
        ),
        "of another name, by TLS alone": (
            {"certificate": certificate(authority, "localhost"), "implicit": True},
            "smtp+ssl",
            WITH_PASSWORD,
            "SSLCertVerificationError",
        ),
    }


TROUBLES = list(troubles(trustme.CA()))


@pytest.mark.asvs("12.3.2", "16.2.5", "16.5.2", "16.5.3")
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_mail_that_cannot_go_is_kept_and_goes_later(
    api, alice, point_to, authority, monkeypatch, clock, caplog, trouble
):
    caplog.set_level(logging.DEBUG)
    options, scheme, who, noted = troubles(authority)[trouble]
    with ExitStack() as stack:
        server = None
        if options is None:
            port = free_port()
        elif callable(options):
            monkeypatch.setattr(delivery, "SECONDS", 0.5)
            port = stack.enter_context(talker(options))
        else:
            server = stack.enter_context(mail_server(**options))
            port = server.port
        point_to(scheme, port, who)
        assert deliver_next()
        assert not deliver_next()
    mail = the_mail()
    assert (mail.last_error, mail.attempts, mail.due_at) == (noted, 1, timezone.now() + timedelta(seconds=30))
    if scheme != "smtp" and server:
        assert (server.heard, server.mails) == ([], [])  # neither the password nor the mail went out in clear
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("accounts")]
    assert ours == [f"A mail was not sent: verify, attempt 1: {noted}"]

    with mail_server() as server:
        point_to("smtp", server.port)
        clock.shift(timedelta(seconds=30))
        assert deliver_next()
    (sent,) = server.mails
    token = read(sent).partition("#")[2]
    assert api.call("POST", "/api/auth/email/verify", {"token": token}, token=alice.token).status_code == 204
    said = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("mail.log"))
    assert not [secret for secret in (token, alice.email, "p@ss") if secret in said]


@pytest.mark.asvs("13.1.3", "13.2.6")
def test_each_attempt_is_twice_as_late_and_after_three_days_somebody_has_to_look(alice, point_to, clock):
    point_to("smtp", free_port())
    started, pauses = timezone.now(), []
    while deliver_next():
        assert not deliver_next()
        if (due_at := the_mail().due_at) is None:
            break
        pauses.append((due_at - timezone.now()).total_seconds())
        clock.move_to(due_at)
    assert pauses[:8] == [30, 60, 120, 240, 480, 960, 1920, 3600]
    assert set(pauses[8:]) == {3600}
    assert GIVE_UP_AFTER < timezone.now() - started <= GIVE_UP_AFTER + timedelta(hours=1)
    clock.shift(timedelta(days=300))
    assert not deliver_next()
    assert the_mail().last_error == "ConnectionRefusedError"


def test_a_mailbox_that_the_server_will_not_have_is_not_tried_again(alice, point_to, clock):
    with mail_server(recipient="550 No such mailbox") as server:
        point_to("smtp", server.port)
        assert deliver_next()
    assert (the_mail().due_at, the_mail().last_error) == (None, "SMTPRecipientsRefused 550")


def test_a_link_is_good_from_when_its_mail_went_out(api, alice, point_to, clock, mailbox):
    mailbox.new()
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    point_to("smtp", free_port())
    for _ in range(12):
        assert deliver_next()
        clock.move_to(the_mail().due_at)
    with mail_server() as server:
        point_to("smtp", server.port)
        assert deliver_next()
    clock.shift(timedelta(minutes=59))
    body = {"token": read(server.mails[0]).partition("#")[2], "new_password": "another good password"}
    assert api.call("POST", "/api/auth/password/reset/confirm", body).status_code == 204


def test_a_mail_that_went_out_twice_has_one_link_which_is_good_once(api, alice, point_to, clock):
    with mail_server(data=die) as first, mail_server() as second:
        point_to("smtp", first.port)
        assert deliver_next()
        clock.shift(timedelta(seconds=30))
        point_to("smtp", second.port)
        assert deliver_next()
    assert read(first.mails[0]) == read(second.mails[0])
    body = {"token": read(first.mails[0]).partition("#")[2]}
    assert api.call("POST", "/api/auth/email/verify", body, token=alice.token).status_code == 204
    again = api.call("POST", "/api/auth/email/verify", body, token=alice.token)
    assert problem(again) == (400, "invalid_link")


def test_the_time_for_one_mail_is_shorter_than_the_lease():
    assert timedelta(seconds=2 * delivery.SECONDS) < LEASE


# What is queued


@pytest.mark.asvs("2.3.3")
def test_what_fails_queues_nothing(api, db, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError

    monkeypatch.setattr(Session.objects, "start", fail)  # the last of what a registration does
    assert problem(api.register("alice@example.org")) == (500, "server_error")
    assert not User.objects.exists()
    assert not QueuedMail.objects.exists()


def test_a_mail_that_is_being_sent_is_nobody_elses_until_the_lease_ends(alice, clock):
    assert QueuedMail.objects.claim() == the_mail()
    assert QueuedMail.objects.claim() is None
    clock.shift(LEASE)
    assert QueuedMail.objects.claim().attempts == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.asvs("15.4.2")
def test_many_workers_send_each_mail_once(point_to):
    everybody = [f"p{number}@example.org" for number in range(60)]
    for email in everybody:
        QueuedMail.objects.enqueue(MailType.DELETED, email=email)

    def work(_):
        try:
            while deliver_next():
                pass
        finally:
            connection.close()

    with mail_server() as server, ThreadPoolExecutor(6) as workers:
        point_to("smtp", server.port)
        list(workers.map(work, range(6)))
    assert sorted(server.to) == sorted(everybody)
    assert not QueuedMail.objects.exists()
