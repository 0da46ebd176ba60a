"""Requests with known secrets; then a search for them in every answer, log line and table."""

import logging

import pytest
import requests
from django.apps import apps
from django.conf import settings as django_settings

from accounts.models import User

from ..server import database, serving
from ..users import link, problem

PASSWORD = "canary-password-7391"
WRONG = "canary-wrong-5527"
EMAIL = "canary@example.org"


def walk(call):
    """Many requests, accepted and refused. Their answers, and the secrets in them that must not be found."""
    answers = [call("POST", "/api/auth/register", {"email": EMAIL, "password": PASSWORD, "display_name": "Canary"})]
    answers.append(call("POST", "/api/auth/login", {"email": EMAIL, "password": PASSWORD}))
    tokens = [answer.json()["token"] for answer in answers]
    refused = [
        call("POST", "/api/auth/register", {"email": EMAIL, "password": PASSWORD}),
        call("POST", "/api/auth/register", {"email": EMAIL, "password": PASSWORD, PASSWORD: PASSWORD}),
        call("POST", "/api/auth/register", {"email": PASSWORD, "password": [PASSWORD]}),
        call("POST", "/api/auth/login", {"email": EMAIL, "password": WRONG}),
        call("POST", "/api/auth/login", {"email": EMAIL, "password": WRONG + "x" * 200}),
        call("POST", "/api/auth/login", {"email": EMAIL, "password": {"$ne": WRONG}}),
        call("GET", "/api/auth/session", token=WRONG),
        call("GET", f"/api/auth/session?token={WRONG}"),
        call("PATCH", "/api/users/me", {"display_name": "x", "password": WRONG}, token=tokens[0]),
        call("PUT", "/api/users/me", {"password": WRONG}, token=tokens[0]),
        call("GET", "/api/nowhere", token=tokens[0]),
    ]
    assert all(400 <= answer.status_code < 500 for answer in refused)
    allowed = [
        call("GET", "/api/auth/session", token=tokens[0]),
        call("PATCH", "/api/users/me", {"display_name": "Canary"}, token=tokens[0]),
        call("POST", "/api/auth/logout", token=tokens[0]),
    ]
    assert all(answer.status_code < 300 for answer in allowed)
    return [*refused, *allowed], [*tokens, PASSWORD, WRONG]


def walk_by_mail(call, mailbox):
    """Each mailed token, refused and used. The answers, and the secrets: a token without the name of its row."""
    user = {"email": "mailed@example.org", "password": PASSWORD}
    bearer = call("POST", "/api/auth/register", user).json()["token"]
    verify = mailbox.token(user["email"])
    answers = [
        call("POST", "/api/auth/email/verify", {"token": verify}, token=bearer),
        call("POST", "/api/auth/password/reset", {"email": user["email"]}),
        call("POST", "/api/auth/email/change", {"email": "moved@example.org"}, token=bearer),
    ]
    links = [verify, *(link(mail).partition("#")[2] for mail in mailbox.new())]
    for path in ("email/verify", "password/reset/confirm", "email/change/confirm", "secure"):
        answers += [call("POST", f"/api/auth/{path}", {"token": token}, token=bearer) for token in links]
    links.append(mailbox.token(user["email"], "another address"))
    answers += [call("POST", "/api/auth/secure", {"token": links[-1]}) for _ in range(2)]
    answers.append(call("POST", "/api/auth/email/change", {"email": links[-1]}, token=bearer))
    answers.append(call("POST", "/api/auth/password/reset", {"email": user["email"]}))  # and left in the queue
    assert {answer.status_code for answer in answers} == {202, 204, 400, 401, 422}
    return answers, [bearer, *(token[32:] for token in links)]


def cells():
    """Every value of every row of every table."""
    return [str(row) for model in apps.get_models(include_auto_created=True) for row in model.objects.values_list()]


@pytest.mark.asvs("16.2.5", "14.2.4")
def test_secrets_are_in_no_answer_log_line_or_table(api, caplog, client, root, mailbox):
    for name in ("", "django", "django.db.backends", "django.request"):
        caplog.set_level(logging.DEBUG, logger=name)
    answers, secrets = walk(api.call)
    mailed, tokens = walk_by_mail(api.call, mailbox)
    answers, secrets = answers + mailed, secrets + tokens
    client.post("/admin/login/", {"username": EMAIL, "password": PASSWORD})
    for text in [*(answer.content.decode() for answer in answers), caplog.text, *cells()]:
        assert not [secret for secret in [*secrets, django_settings.SECRET_KEY] if secret in text]


def test_unexpected_error_logs_its_cause_without_secrets(api, caplog, monkeypatch):
    def fail(*arguments, **options):
        raise RuntimeError("the reason")

    monkeypatch.setattr(User.objects, "filter", fail)
    answer = api.login(EMAIL, PASSWORD)
    assert problem(answer) == (500, "server_error")
    assert "the reason" not in answer.content.decode()
    (record,) = [record for record in caplog.records if record.exc_info]
    assert "the reason" in caplog.text
    assert PASSWORD not in caplog.text + str(record.__dict__)


@pytest.mark.asvs("16.2.5")
@pytest.mark.parametrize("debug", ["false", "true"])
def test_secrets_are_in_no_output_of_the_real_server(tmp_path, debug):
    log = tmp_path / "log"
    with database(tmp_path) as url, serving(log=log, DATABASE_URL=url, DEBUG=debug) as server:
        answers, secrets = walk(server.call)
        requests.post(f"{server.url}/admin/login/", data={"username": EMAIL, "password": PASSWORD}, timeout=10)
    written = log.read_text()
    assert "/api/auth/login" in written
    assert not [secret for secret in [*secrets, django_settings.SECRET_KEY] if secret in written]
    bodies = "".join(answer.text for answer in answers)
    assert not [secret for secret in secrets if secret in bodies]
