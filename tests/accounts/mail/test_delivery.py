"""Delivery: from the queue to a mail server over a real socket, and retries after failures."""

import logging
import re
from contextlib import ExitStack
from datetime import timedelta

import pytest
import trustme
from django.utils import timezone

from accounts.mail import worker
from accounts.mail.queue import CANDIDATES, GIVE_UP_AFTER, LEASE, MailType, QueuedMail
from accounts.mail.worker import deliver_next
from accounts.models import User
from sessions_api.models import Session

from ...races import at_once
from ...server import free_port
from ...smtp import byte_by_byte, certificate, die, mail_server, nothing, refuse_for_now, talker
from ...users import problem
from .conftest import the_mail

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")

WITH_PASSWORD = "latchkey:p%40ss%2Fword@"


@pytest.fixture(scope="module")
def authority():
    """The certificate authority of the mail servers here."""
    return trustme.CA()


@pytest.fixture(autouse=True)
def _trust(authority, tmp_path, monkeypatch):
    """The worker trusts this authority like those of the operating system."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


@pytest.fixture
def local_certificate(authority):
    """The certificate of a server on this machine."""
    return certificate(authority, "127.0.0.1")


# Mails that arrive


def read(mail):
    """The URL in this mail, which is the same in text and HTML."""
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
def test_delivery_by_smtp_brings_a_valid_token(
    api, alice, use_mail_server, local_certificate, scheme, encrypted, password
):
    options = {
        "certificate": local_certificate if encrypted else None,
        "implicit": scheme == "smtp+ssl",
        "password": password,
    }
    with mail_server(**options) as server:
        use_mail_server(scheme, server.port, WITH_PASSWORD if password else "")
        assert deliver_next()
    (mail,) = server.mails
    assert mail["To"] == alice.email
    assert server.heard[-1] == ("MAIL over TLS" if encrypted else "MAIL")
    assert not QueuedMail.objects.exists()
    token = read(mail).partition("#")[2]
    assert api.call("POST", "/api/auth/email/verify", {"token": token}, token=alice.token).status_code == 204
    assert User.objects.get().email_verified


def slow_at(step):
    """A mail server that waits before this one of its replies."""
    replies = (b"220 me", b"250 you", b"250 from", b"250 to", b"354 go on", b"250 taken", b"221 bye")

    def talk(wire, over):
        for number, reply in enumerate(replies):
            while number and not wire.recv(4096).endswith(b"\r\n"):
                pass
            over.wait(0.5 if reply.endswith(step) else 0)
            wire.sendall(reply + b"\r\n")

    return talk


def test_delivery_waits_for_a_slow_greeting(alice, use_mail_server):
    with talker(slow_at(b"me")) as port:
        use_mail_server("smtp", port)
        assert deliver_next()
    assert not QueuedMail.objects.exists()


def test_delivery_succeeds_if_only_the_reply_to_quit_is_missing(alice, use_mail_server, settings):
    settings.EMAIL_TIMEOUT = 0.2
    with talker(slow_at(b"bye")) as port:
        use_mail_server("smtp", port)
        assert deliver_next()
    assert not QueuedMail.objects.exists()


# Mails that cannot be sent


def failures(authority):
    """Failures of a mail server, by name: its options, the scheme, the credentials, and the error in the queue."""
    trusted, untrusted = certificate(authority, "127.0.0.1"), certificate(trustme.CA(), "127.0.0.1")
    return {
        "down": (None, "smtp", "", "ConnectionRefusedError"),
        "silent": (nothing, "smtp", "", "TimeoutError"),
        "endless": (byte_by_byte, "smtp", "", "TimeoutError"),
        "busy": ({"recipient": "451 Later"}, "smtp", "", "SMTPRecipientsRefused 451"),
        "full": ({"data": refuse_for_now}, "smtp", "", "SMTPDataError 451"),
        "disconnecting": ({"data": die}, "smtp", "", "SMTPServerDisconnected"),
        "wrong password": ({"password": True}, "smtp", "latchkey:p%40ss@", "SMTPAuthenticationError 535"),
        "no password": ({"password": True}, "smtp", "", "SMTPSenderRefused 530"),
        "without STARTTLS": ({}, "smtp+tls", WITH_PASSWORD, "SMTPNotSupportedError"),
        "requiring STARTTLS": ({"certificate": trusted}, "smtp", "", "SMTPSenderRefused 530"),
        "untrusted certificate": ({"certificate": untrusted}, "smtp+tls", WITH_PASSWORD, "SSLCertVerificationError"),
        "certificate of another name": (
            {"certificate": certificate(authority, "localhost")},
            "smtp+tls",
            WITH_PASSWORD,
            "SSLCertVerificationError",
        ),
        "certificate of another name, implicit TLS": (
            {"certificate": certificate(authority, "localhost"), "implicit": True},
            "smtp+ssl",
            WITH_PASSWORD,
            "SSLCertVerificationError",
        ),
    }


FAILURES = list(failures(trustme.CA()))


@pytest.mark.asvs("12.3.2", "16.2.5", "16.5.2", "16.5.3", "16.3.4")
@pytest.mark.parametrize("failure", FAILURES)
def test_delivery_failure_keeps_the_mail_and_a_retry_sends_it(
    api, alice, use_mail_server, authority, monkeypatch, clock, caplog, failure
):
    caplog.set_level(logging.DEBUG)
    options, scheme, credentials, error = failures(authority)[failure]
    with ExitStack() as stack:
        server = None
        if options is None:
            port = free_port()
        elif callable(options):
            monkeypatch.setattr(worker, "DELIVERY_SECONDS", 0.5)
            port = stack.enter_context(talker(options))
        else:
            server = stack.enter_context(mail_server(**options))
            port = server.port
        use_mail_server(scheme, port, credentials)
        assert deliver_next()
        assert not deliver_next()
    mail = the_mail()
    assert (mail.last_error, mail.attempts, mail.due_at) == (error, 1, timezone.now() + timedelta(seconds=30))
    if scheme != "smtp" and server:
        assert (server.heard, server.mails) == ([], [])  # neither the password nor the mail went out in clear
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("accounts")]
    assert lines == [f"A mail was not sent: verify, attempt 1: {error}"]

    with mail_server() as server:
        use_mail_server("smtp", server.port)
        clock.shift(timedelta(seconds=30))
        assert deliver_next()
    (sent,) = server.mails
    token = read(sent).partition("#")[2]
    assert api.call("POST", "/api/auth/email/verify", {"token": token}, token=alice.token).status_code == 204
    logged = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("mail.log"))
    assert not [secret for secret in (token, alice.email, "p@ss") if secret in logged]


@pytest.mark.asvs("13.2.6")
def test_retries_back_off_and_the_mail_fails_after_three_days(alice, use_mail_server, clock):
    use_mail_server("smtp", free_port())
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


@pytest.mark.parametrize("language", ["en", "de"])
def test_mail_has_seven_bits_in_every_language(alice, use_mail_server, settings, language):
    settings.MAIL_LANGUAGE, settings.SITE_NAME = language, "Bücher & Söhne"
    with mail_server() as server:
        use_mail_server("smtp", server.port)
        assert deliver_next()
    assert server.raw[0].isascii()
    assert {part["Content-Transfer-Encoding"] for part in server.mails[0].iter_parts()} <= {"quoted-printable", "7bit"}
    assert "Bücher & Söhne" in server.mails[0].get_body(("plain",)).get_content()


@pytest.mark.parametrize("name", ["", "auth.example.org"])
def test_mail_server_is_greeted_by_the_name_in_the_settings(alice, use_mail_server, settings, name):
    settings.EMAIL_EHLO_NAME = name
    with mail_server() as server:
        use_mail_server("smtp", server.port)
        assert deliver_next()
    assert (server.greeted_by == name) is bool(name)


def test_token_lifetime_starts_when_the_mail_is_sent(api, alice, use_mail_server, clock, mailbox):
    mailbox.new()
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    use_mail_server("smtp", free_port())
    for _ in range(12):
        assert deliver_next()
        clock.move_to(the_mail().due_at)
    with mail_server() as server:
        use_mail_server("smtp", server.port)
        assert deliver_next()
    clock.shift(timedelta(minutes=59))
    body = {"token": read(server.mails[0]).partition("#")[2], "new_password": "another good password"}
    assert api.call("POST", "/api/auth/password/reset/confirm", body).status_code == 204


def test_mail_that_is_sent_twice_carries_one_single_use_token(api, alice, use_mail_server, clock):
    with mail_server(data=die) as first, mail_server() as second:
        use_mail_server("smtp", first.port)
        assert deliver_next()
        clock.shift(timedelta(seconds=30))
        use_mail_server("smtp", second.port)
        assert deliver_next()
    assert read(first.mails[0]) == read(second.mails[0])
    body = {"token": read(first.mails[0]).partition("#")[2]}
    assert api.call("POST", "/api/auth/email/verify", body, token=alice.token).status_code == 204
    again = api.call("POST", "/api/auth/email/verify", body, token=alice.token)
    assert problem(again) == (400, "invalid_link")


def test_lease_is_twice_as_long_as_a_delivery():
    assert timedelta(seconds=2 * worker.DELIVERY_SECONDS) < LEASE


# The queue


@pytest.mark.asvs("2.3.3")
def test_failed_registration_queues_no_mail(api, db, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError

    monkeypatch.setattr(Session.objects, "start", fail)  # the last step of a registration
    assert problem(api.register("alice@example.org")) == (500, "server_error")
    assert not User.objects.exists()
    assert not QueuedMail.objects.exists()


def test_claimed_mail_is_due_again_when_the_lease_ends(alice, clock):
    assert QueuedMail.objects.claim() == the_mail()
    assert QueuedMail.objects.claim() is None
    clock.shift(LEASE)
    assert QueuedMail.objects.claim().attempts == 2


def test_reset_mail_and_security_alert_overtake_a_long_queue_of_mails_to_strangers(api, alice, clock, mailbox):
    """At the edge of the claim too, which looks at a few mails only."""
    mailbox.new()
    for number in range(3 * CANDIDATES):
        QueuedMail.objects.enqueue(MailType.REGISTER, email=f"p{number}@example.org")
    clock.shift(1)
    body = {"current_password": alice.password, "new_password": "the next password"}
    assert api.call("POST", "/api/auth/password", body, token=alice.token).status_code == 200
    clock.shift(1)
    assert api.call("POST", "/api/auth/password/reset", {"email": alice.email}).status_code == 202
    arrived = [mail.to[0] for mail in mailbox.new()]
    assert arrived[:2] == [alice.email] * 2
    assert len(arrived) == 2 + 3 * CANDIDATES


def deliver_all():
    while deliver_next():
        pass


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.asvs("15.4.2")
def test_concurrent_workers_send_no_more_mails_to_strangers_than_the_limit(settings, use_mail_server):
    settings.RATE_LIMIT_FACTOR = 0.01  # eight at once, and one slow one
    for number in range(40):
        QueuedMail.objects.enqueue(MailType.REGISTER, email=f"p{number}@example.org")
    with mail_server() as server:
        use_mail_server("smtp", server.port)
        at_once(*[deliver_all] * 6)
    assert 1 <= len(server.to) <= 9
    assert QueuedMail.objects.count() == 40 - len(server.to)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.asvs("15.4.2")
def test_concurrent_workers_send_each_mail_once(use_mail_server):
    recipients = [f"p{number}@example.org" for number in range(60)]
    for email in recipients:
        QueuedMail.objects.enqueue(MailType.DELETED, email=email)
    with mail_server() as server:
        use_mail_server("smtp", server.port)
        at_once(*[deliver_all] * 6)
    assert sorted(server.to) == sorted(recipients)
    assert not QueuedMail.objects.exists()
