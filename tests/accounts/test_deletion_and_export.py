"""The export of an account, and its deletion."""

import json

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from social_django.models import UserSocialAuth

from accounts import export as module
from accounts.deletion import delete_account
from accounts.export import AccountExport, ExportedEvent
from accounts.login.models import LoginFailures, SessionExchangeCode, s256
from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.http.client import ClientInfo
from sessions_api.http.errors import SessionExpired
from sessions_api.models import Session

from ..users import problem
from .conftest import CHROME, ask_to_change, ask_to_register, ask_to_reset, change, confirm

EXPORTED = {
    "accounts_user_groups": ("user", "groups"),
    "accounts_user_user_permissions": ("user", "user_permissions"),
    "accounts_mail_onetimetoken": ("links",),
    "accounts_mail_queuedmail": ("queued_mails",),
    "admin_sessions_adminsession": ("sessions",),
    "django_admin_log": ("administration",),
    "events_event": ("events",),
    "sessions_api_session": ("sessions",),
    "social_auth_usersocialauth": ("connections",),
}
NOT_EXPORTED = {"accounts_login_sessionexchangecode"}  # kept for a minute: the digest of a code for a session


@pytest.fixture
def full(api, owner, mailbox):
    """Alice, with something in every table."""
    user = User.objects.get()
    UserSocialAuth.objects.create(user=user, provider="github", uid="alice-at-github")
    SessionExchangeCode.objects.issue(user, provider="github", code_challenge=s256("v" * 43))
    kind = ContentType.objects.get_for_model(User)
    root = User.objects.create_superuser("warden@example.org")
    LogEntry.objects.create(
        user=root, content_type=kind, object_id=str(user.pk), object_repr="x", action_flag=2, change_message="Enabled."
    )
    user.groups.add(Group.objects.create(name="editors"))
    user.user_permissions.add(Permission.objects.first())
    owner.logs_in(api, User_Agent=CHROME)
    api.login(owner.email, "a wrong password")
    ask_to_change(api, owner, "elsewhere@example.org")
    mailbox.new()
    ask_to_reset(api, owner.email)
    ask_to_change(api, owner, "third@example.org")
    return owner


def export(api, user):
    return exported(api, user.token)


def exported(api, token):
    answer = api.call("GET", "/api/users/me/export", token=token)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    return json.loads(answer.getvalue())


def tables_about_users():
    models = apps.get_models(include_auto_created=True)
    return {model._meta.db_table for model in models for field in model._meta.fields if field.related_model is User}


def test_export_covers_every_table_that_refers_to_users():
    assert tables_about_users() == EXPORTED.keys() | NOT_EXPORTED


def test_export_contains_all_data_of_the_user(api, full):
    told = export(api, full)
    for path in EXPORTED.values():
        part = told
        for name in path:
            part = part[name]
        assert part, path
    assert told["failed_attempts"][0]["number"] == 1
    assert told["user"].keys() >= {"email", "display_name", "email_verified_at", "last_login", "is_active", "is_staff"}
    assert {entry["purpose"] for entry in told["links"]} == {"verify", "change", "revert"}
    assert {entry["letter"] for entry in told["queued_mails"]} == {"reset", "change"}
    assert told["connections"][0]["uid"] == "alice-at-github"
    assert [session["current"] for session in told["sessions"]].count(True) == 1
    assert told["administration"][0]["change_message"] == "Enabled."


def test_export_contains_every_column_of_the_user_but_the_password(api, full):
    columns = {field.name for field in User._meta.get_fields() if field.concrete}
    assert columns - export(api, full)["user"].keys() == {"password"}


@pytest.mark.asvs("14.2.6")
def test_export_contains_no_secret(api, full):
    told = json.dumps(export(api, full))
    secrets = [
        full.token,
        full.password,
        User.objects.get(email=full.email).password,
        "access_token",
        *(bytes(row.digest).hex() for model in (Session, SessionExchangeCode) for row in model.objects.all()),
        *(
            part
            for row in OneTimeToken.objects.all()
            for part in (row.token, row.token[32:], row.token[:32], str(row.pk))
        ),
        *(str(row.pk) for row in QueuedMail.objects.all()),
    ]
    assert not [secret for secret in secrets if secret in told]


@pytest.mark.asvs("8.2.2")
def test_export_contains_no_data_of_other_users(api, full, other):
    told = json.dumps(export(api, other))
    assert full.email not in told
    assert "alice" not in told
    assert other.email in told


@pytest.mark.asvs("8.2.1", "14.3.2")
def test_export_needs_a_session_and_is_not_cached(api, full):
    assert problem(api.call("GET", "/api/users/me/export")) == (401, "not_authenticated")
    answer = api.call("GET", "/api/users/me/export", token=full.token)
    assert answer.headers["Cache-Control"] == "no-store"


def test_export_needs_recent_authentication(api, full, clock):
    """It contains more than any other answer, so a stolen token alone must not suffice."""
    clock.shift(601)
    refused = api.call("GET", "/api/users/me/export", token=full.token)
    assert problem(refused) == (403, "reauthentication_required")
    renewed = api.call("POST", "/api/auth/reauthenticate", {"password": full.password}, token=full.token)
    assert exported(api, renewed.json()["token"])["user"]["email"] == full.email


@pytest.mark.asvs("2.4.1")
def test_export_is_made_five_times_an_hour(api, full, clock):
    for _ in range(5):
        export(api, full)
    assert problem(api.call("GET", "/api/users/me/export", token=full.token)) == (429, "rate_limited")


def test_export_of_many_events_is_streamed_and_has_the_described_form(api, full, monkeypatch):
    """Each piece has few rows, so memory does not grow with the account. Together they are one valid document."""
    monkeypatch.setattr(module, "PAGE_SIZE", 10)
    user = User.objects.get(email=full.email)
    Event.objects.bulk_create(Event(user=user, tag="account:login:success", data={"n": n}) for n in range(95))
    answer = api.call("GET", "/api/users/me/export", token=full.token)
    pieces = list(answer.streaming_content)
    told = json.loads(b"".join(pieces))
    assert list(told) == list(AccountExport.model_fields)
    assert all(event.keys() == ExportedEvent.model_fields.keys() for event in told["events"])
    numbers = [event["data"]["n"] for event in told["events"] if "n" in event["data"]]
    assert numbers == list(reversed(range(95)))
    assert max(piece.count(b'"happened_at"') for piece in pieces) == 10


def test_export_of_an_administrator_contains_their_actions(api, root, mailbox):
    LogEntry.objects.create(user=root, object_repr="another user", action_flag=2, change_message="Disabled.")
    root.set_password("the password of root")
    root.save()
    token = api.login(root.email, "the password of root").json()["token"]
    told = exported(api, token)
    assert [entry["change_message"] for entry in told["administration"]] == ["Disabled."]
    assert "another user" not in json.dumps(told)


@pytest.mark.asvs("7.4.2")
def test_account_deletion_removes_all_data_and_sends_a_mail(api, full, mailbox):
    """The record of the administrators' actions stays, with the id of the user in place of the address."""
    admins = LogEntry.objects.get()
    admins.object_repr = full.email
    admins.save()
    kind = ContentType.objects.get_for_model(QueuedMail)
    LogEntry.objects.create(
        user=admins.user, content_type=kind, object_id="x", object_repr=f"verify to {full.email}", action_flag=3
    )
    assert api.call("DELETE", "/api/users/me", token=full.token).status_code == 204
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table in EXPORTED.keys() | NOT_EXPORTED:
            left = model.objects.all() if model is not QueuedMail else model.objects.exclude(type="deleted")
            left = left if model is not LogEntry else left.none()
            left = left if model is not Event else left.exclude(tag="account:delete", user=None)
            assert not left.exists(), model
    assert not LoginFailures.objects.exists()
    (mail,) = mailbox.new()
    assert (mail.to, mail.subject) == ([full.email], "Your account at localhost was deleted")
    assert "127.0.0.1" in mail.body
    assert "#" not in mail.body
    assert problem(api.login(full.email, full.password)) == (401, "authentication_failed")
    cells = str([list(model.objects.values_list()) for model in apps.get_models(include_auto_created=True)])
    assert full.email not in cells


def test_account_deletion_removes_the_token_of_a_registration_by_mail(api, mailbox, settings):
    settings.REGISTRATION = "verified"
    ask_to_register(api, "carol@example.org")
    answer = confirm(api, mailbox.token("carol@example.org"))
    token = answer.json()["token"]
    told = exported(api, token)
    assert [entry["purpose"] for entry in told["links"]] == ["register"]
    assert api.call("DELETE", "/api/users/me", token=token).status_code == 204
    assert mailbox.the_one("carol@example.org")
    assert not OneTimeToken.objects.exists()


def test_account_deletion_by_a_thief_is_mailed_to_the_former_address_too(api, owner, mailbox):
    """The security alert is deleted with the account, so the last mail goes to the former address as well."""
    ask_to_change(api, owner, "thief@example.org")
    assert change(api, owner, mailbox.token("thief@example.org")).status_code == 204
    assert api.call("DELETE", "/api/users/me", token=owner.token).status_code == 204
    mails = {mail.to[0]: mail.subject for mail in mailbox.new()}
    assert mails == dict.fromkeys([owner.email, "thief@example.org"], "Your account at localhost was deleted")


def test_account_deletion_is_refused_for_a_session_revoked_meanwhile(api, owner):
    session = Session.objects.get()
    Session.objects.all().delete()
    with pytest.raises(SessionExpired):
        delete_account(session, client=ClientInfo())
    assert User.objects.exists()


@pytest.mark.parametrize("by", ["action", "page"])
def test_account_deletion_by_an_administrator_removes_the_address_everywhere(api, full, admin, by):
    user = User.objects.get(email=full.email)
    page = f"/admin/accounts/user/{user.pk}/"
    form = {"initial-email": full.email, "email": full.email, "display_name": "A.", "is_active": "on"}
    assert admin.post(page + "change/", form).status_code == 302
    if by == "page":
        admin.post(page + "delete/", {"post": "yes"})
    else:
        form = {"action": "delete_selected", "_selected_action": user.pk, "post": "yes"}
        admin.post("/admin/accounts/user/", form)
    assert not User.objects.filter(pk=user.pk).exists()
    cells = str([list(model.objects.values_list()) for model in apps.get_models(include_auto_created=True)])
    assert full.email not in cells


def test_account_deletion_needs_a_recent_login(api, owner, mailbox, clock):
    clock.shift(601)
    answer = api.call("DELETE", "/api/users/me", token=owner.token)
    assert problem(answer) == (403, "reauthentication_required")
    assert mailbox.new() == []


def test_account_deletion_invalidates_tokens_for_a_later_user_of_the_address(api, full, mailbox):
    tokens = [row.token for row in OneTimeToken.objects.all()]
    api.call("DELETE", "/api/users/me", token=full.token)
    again = api.register(full.email, "another password").json()["token"]
    for token in tokens:
        for path in ("email/verify", "email/change/confirm", "secure"):
            assert problem(api.call("POST", f"/api/auth/{path}", {"token": token}, token=again)) == (
                400,
                "invalid_link",
            )
