"""Mails by a provider's API with django-anymail, and the checks of the mail settings."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from anymail.exceptions import AnymailRecipientsRefused
from django.core.checks import run_checks

from accounts.mail.queue import QueuedMail
from accounts.mail.worker import deliver_next

from ...config.test_settings import read
from ...server import database, manage, serving
from ...users import link

POSTMARK = "anymail.backends.postmark.EmailBackend"


@contextmanager
def provider():
    """A server like Postmark: its URL, and the requests it received as pairs of token and body."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append((self.headers["X-Postmark-Server-Token"], body))
            answer = {"ErrorCode": 0, "Message": "OK", "MessageID": "1", "SubmittedAt": "", "To": body["To"]}
            reply = json.dumps(answer).encode()
            self.send_response(200 if body["To"] != "bob@example.org" else 503)
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))  # seconds until it notices its end
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", requests
        server.shutdown()
        thread.join()


def test_provider_receives_text_and_html(alice, settings, mailoutbox):
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    assert deliver_next()
    assert not QueuedMail.objects.exists()
    (mail,) = mailoutbox
    sent = mail.anymail_test_params
    assert [to.addr_spec for to in sent["to"]] == [alice.email]
    assert link(mail) in sent["text_body"]
    assert link(mail) in sent["html_body"]


def test_mail_in_the_terminal_is_text_with_a_link(alice, settings, capsys):
    settings.EMAIL_BACKEND = read().EMAIL_BACKEND  # the default
    assert deliver_next()
    shown = capsys.readouterr().out
    assert f"To: {alice.email}\n" in shown
    assert "\n\nhttp" in shown
    assert "<" not in shown.partition("\n\n")[2]


def test_provider_failure_keeps_the_mail_with_its_status(bob, settings):
    with provider() as (url, requests):
        settings.EMAIL_BACKEND = POSTMARK
        settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "x", "POSTMARK_API_URL": url}
        assert deliver_next()
    assert len(requests) == 1
    assert QueuedMail.objects.get().last_error == "AnymailRequestsAPIError 503"


def test_provider_refusal_of_the_mailbox_is_not_retried(bob, settings, monkeypatch):
    def refuse(self, messages):
        raise AnymailRecipientsRefused

    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    monkeypatch.setattr("anymail.backends.test.EmailBackend.send_messages", refuse)
    assert deliver_next()
    mail = QueuedMail.objects.get()
    assert (mail.due_at, mail.last_error) == (None, "AnymailRecipientsRefused")


@pytest.mark.once
def test_provider_is_configured_by_environment_variables(tmp_path):
    (tmp_path / "token").write_text("from a file\n")
    with provider() as (api_url, requests), database(tmp_path) as url:
        env = {
            "MAIL_IN_PROCESS": "true",
            "EMAIL_BACKEND": POSTMARK,
            "ANYMAIL_POSTMARK_SERVER_TOKEN_FILE": str(tmp_path / "token"),
            "ANYMAIL_POSTMARK_API_URL": api_url,
        }
        with serving(log=tmp_path / "log", DATABASE_URL=url, **env) as server:
            body = {"email": "alice@example.org", "password": "correct horse battery"}
            server.call("POST", "/api/auth/register", body)
            deadline = time.monotonic() + 30
            while not requests:
                assert time.monotonic() < deadline
                time.sleep(0.02)  # for another process, not for time to pass
    ((token, mail),) = requests
    assert token == "from a file"
    assert mail["To"] == "alice@example.org"
    assert "#" in mail["TextBody"]
    assert "<html" in mail["HtmlBody"]


def check_ids(settings, backend, **more):
    settings.EMAIL_BACKEND = backend
    for name, value in more.items():
        setattr(settings, name, value)
    messages = run_checks(include_deployment_checks=True)
    return {message.id for message in messages if message.id.startswith("accounts_mail")}


SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.once
def test_checks_report_mail_without_delivery_encryption_sender_or_backend(settings):
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "x"}
    assert check_ids(settings, POSTMARK) == {"accounts_mail.W003"}
    settings.DEFAULT_FROM_EMAIL = "accounts@example.org"
    assert check_ids(settings, POSTMARK) == set()
    assert check_ids(settings, "anymail.backends.mailgun.EmailBackend") == {"accounts_mail.E001"}
    assert check_ids(settings, "anymail.backends.postmarc.EmailBackend") == {"accounts_mail.E001"}
    assert check_ids(settings, "postmark") == {"accounts_mail.E001"}
    assert check_ids(settings, read().EMAIL_BACKEND) == {"accounts_mail.W001"}
    assert check_ids(settings, SMTP, EMAIL_HOST="mail.example.org") == {"accounts_mail.W002"}
    assert check_ids(settings, SMTP, EMAIL_USE_TLS=True) == set()
    assert check_ids(settings, SMTP, EMAIL_USE_SSL=True) == {"accounts_mail.E001"}  # both at once


@pytest.mark.once
def test_invalid_email_url_is_refused_without_repeating_its_password():
    with pytest.raises(AssertionError) as refused:
        manage("check", EMAIL_URL="smtp+tls://latchkey:secret#word@mail.example.org:587")
    assert "ImproperlyConfigured: EMAIL_URL is not a valid URL" in str(refused.value)
    assert "secret" not in str(refused.value)
