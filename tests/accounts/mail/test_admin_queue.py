"""The queue of mails in the admin: view mails, send them again, delete them."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.mail.queue import GIVE_UP_AFTER, LEASE, QueuedMail
from accounts.models import User

LIST = "/admin/accounts_mail/queuedmail/"


def page(mail, name="change"):
    return f"{LIST}{mail.pk}/{name}/"


def act(client, action, *mails, **more):
    form = {"action": action, "_selected_action": [mail.pk for mail in mails], **more}
    return client.post(LIST, form, follow=True)


def messages_of(answer):
    return [str(message) for message in answer.context["messages"]]


def queued_mail(email="alice@example.org", mail_type="reset", **more):
    return QueuedMail.objects.create(email=email, type=mail_type, **more)


def failed_mail(email="alice@example.org", **more):
    return queued_mail(email, due_at=None, attempts=7, last_error="SMTPRecipientsRefused 550", **more)


def staff_client(*permissions):
    """The browser of a member of staff with these permissions, logged in."""
    user = User.objects.create_user("clerk@example.org", None, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


EVERY_PERMISSION = ("view_queuedmail", "change_queuedmail", "delete_queuedmail", "add_queuedmail")


def test_mail_queue_shows_type_recipient_attempts_and_last_error(admin):
    failed_mail()
    row = admin.get(LIST).content.decode().partition("<tbody>")[2]
    assert all(word in row for word in ("Reset", "alice@example.org", ">7<", "SMTPRecipientsRefused 550", ">failed<"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"state": "failed"}, ["bob"]),
        ({"state": "waiting"}, ["alice"]),
        ({"type__exact": "reset"}, ["bob"]),
        ({"q": " ALI"}, ["alice"]),
        ({"q": "lice"}, []),
        ({"q": "%"}, []),
    ],
)
def test_mail_queue_is_filtered_and_searched(admin, query, found):
    queued_mail("alice@example.org", mail_type="verify")
    failed_mail("bob@example.org")
    shown = admin.get(LIST, query).context["cl"].result_list
    assert [mail.email.partition("@")[0] for mail in shown] == found


@pytest.mark.asvs("14.2.6")
def test_mail_page_shows_escaped_data_and_no_token(admin, api, alice, user, mailbox, monkeypatch):
    monkeypatch.setattr("django.core.mail.message.EmailMessage.send", lambda message: 1 / 0)
    mail = QueuedMail.objects.get()
    QueuedMail.objects.filter(pk=mail.pk).update(data={"device": "<script>alert(1)</script>"})
    mailbox.new()
    token = user.one_time_tokens.get().token
    for path in (LIST, page(mail), page(mail, "delete"), page(mail, "history"), "/admin/"):
        html = admin.get(path).content.decode()
        assert token[32:] not in html
        assert "<script>alert" not in html
    html = admin.get(page(mail)).content.decode()
    assert "&lt;script&gt;alert(1)" in html
    assert "ZeroDivisionError" in html
    assert f'href="/admin/accounts/user/{user.pk}/change/"' in html


@pytest.mark.asvs("14.2.6")
@pytest.mark.parametrize("lookup", ["user__password__startswith", "data__device", "user__one_time_tokens__id__gt"])
def test_mail_queue_refuses_lookups_of_other_fields(admin, lookup):
    assert admin.get(LIST, {lookup: "a"}).status_code == 400


def test_mail_queue_refuses_to_add_or_edit_mails(admin):
    mail = queued_mail()
    assert admin.get(LIST + "add/").status_code == 403
    assert admin.post(LIST + "add/", {"email": "eve@example.org", "type": "reset"}).status_code == 403
    assert admin.post(page(mail), {"email": "eve@example.org", "_save": "Save"}).status_code == 403
    assert QueuedMail.objects.get().email == "alice@example.org"


# Send again


def test_send_again_delivers_a_failed_mail(admin, root, mailbox, alice):
    mailbox.new()
    mail = failed_mail(alice.email)
    assert mailbox.new() == []
    assert messages_of(act(admin, "send_again", mail)) == ["1 queued mail: due now."]
    assert mailbox.token(alice.email)
    assert LogEntry.objects.get(user=root).get_change_message() == "Made due again."


def test_send_again_restarts_attempts_and_give_up_time(admin, mailbox, settings, clock, alice):
    mailbox.new()
    settings.EMAIL_BACKEND = "nowhere.to.be.Found"
    month = timezone.now() - timedelta(days=30)
    mail = failed_mail(alice.email, requested_at=month, give_up_at=month + GIVE_UP_AFTER)
    act(admin, "send_again", mail)
    mailbox.new()
    mail.refresh_from_db()
    assert (mail.attempts, mail.due_at) == (1, timezone.now() + timedelta(seconds=30))
    clock.shift(GIVE_UP_AFTER)
    mailbox.new()
    clock.shift(60)
    mailbox.new()
    mail.refresh_from_db()
    assert mail.due_at is None


@pytest.mark.asvs("14.2.7")
def test_purge_sessions_deletes_mails_that_failed_a_month_ago(clock, db):
    failed_mail()
    queued_mail("bob@example.org")
    for days, left in ((32, 2), (2, 1)):
        clock.shift(days * 24 * 3600)
        call_command("purge_sessions", verbosity=0)
        assert QueuedMail.objects.count() == left
    assert QueuedMail.objects.get().email == "bob@example.org"


def test_send_again_makes_a_mail_due_that_waits_for_its_next_attempt(admin, clock):
    mail = queued_mail(due_at=timezone.now() + LEASE + timedelta(seconds=1), attempts=5)
    act(admin, "send_again", mail)
    assert QueuedMail.objects.get().due_at == timezone.now()


def test_send_again_leaves_a_mail_that_a_worker_has_claimed(admin, clock):
    queued_mail()
    claimed = QueuedMail.objects.claim()
    assert messages_of(act(admin, "send_again", claimed)) == [
        "Left as they are, because they were sent or are due within 5 minutes: 1.",
        "0 queued mails: due now.",
    ]
    assert QueuedMail.objects.claim() is None
    claimed.retry_later("SMTPServerDisconnected", permanent=True)
    act(admin, "send_again", claimed)
    assert QueuedMail.objects.claim() == claimed


def test_send_again_ignores_a_mail_that_was_sent_meanwhile(admin):
    mail = failed_mail()
    QueuedMail.objects.all().delete()
    assert messages_of(act(admin, "send_again", mail)) == ["0 queued mails: due now."]


# Delete


@pytest.mark.parametrize("by", ["action", "page"])
def test_deleted_mail_is_not_sent_and_the_deletion_is_logged(admin, root, alice, mailbox, by):
    mail = QueuedMail.objects.get()
    if by == "action":
        assert messages_of(act(admin, "delete_selected", mail)) == ["1 queued mail: deleted."]
    else:
        admin.post(page(mail, "delete"), {"post": "yes"})
    assert mailbox.new() == []
    logged = LogEntry.objects.get(user=root)
    assert (logged.object_repr, logged.is_deletion()) == ("verify to alice@example.org", True)


# Permissions


@pytest.mark.asvs("8.2.1", "8.2.2")
@pytest.mark.parametrize(
    ("permission", "views", "sends", "deletes"),
    [
        ("view_queuedmail", True, False, False),
        ("change_queuedmail", True, True, False),
        ("delete_queuedmail", False, False, False),
        ("view_user", False, False, False),
    ],
)
def test_mail_queue_action_needs_its_permission(db, permission, views, sends, deletes):
    mail, client = failed_mail(), staff_client(permission)
    assert (client.get(LIST).status_code, client.get(page(mail)).status_code) == ((200, 200) if views else (403, 403))
    assert ("Mails that could not be sent" in client.get("/admin/").content.decode()) == views
    act(client, "send_again", mail)
    assert (QueuedMail.objects.get().due_at is not None) == sends
    act(client, "delete_selected", mail)
    assert QueuedMail.objects.exists() != deletes


@pytest.mark.asvs("8.2.2", "8.3.1")
@pytest.mark.parametrize("has_user", [True, False])
def test_mails_to_staff_are_administered_by_superusers_only(admin, root, has_user):
    """Security alerts to staff must arrive, also those that are queued for an address without a user."""
    mail = failed_mail(root.email, user=root if has_user else None)
    other, client = failed_mail(), staff_client(*EVERY_PERMISSION)
    assert client.post(page(mail, "delete"), {"post": "yes"}).status_code == 403
    for action in ("send_again", "delete_selected"):
        assert "Only a superuser can change staff. Left unchanged: 1." in messages_of(act(client, action, mail, other))
        assert QueuedMail.objects.get(pk=mail.pk).due_at is None
    assert list(QueuedMail.objects.all()) == [mail]
    act(admin, "delete_selected", mail)
    assert not QueuedMail.objects.exists()


# The index of the admin, and many mails


def test_admin_index_shows_the_number_of_failed_mails(admin, monkeypatch):
    queued_mail()
    assert "Mails that could not be sent" not in admin.get("/admin/").content.decode()
    failed_mail()
    failed_mail("bob@example.org")
    with CaptureQueriesContext(connection) as captured:
        html = admin.get("/admin/").content.decode()
    assert f'Mails that could not be sent: <a href="{LIST}?state=failed">2</a>' in html
    waiting, counted = [query["sql"] for query in captured if "accounts_mail" in query["sql"]]
    assert "LIMIT 10001" in counted
    assert "MIN(" in waiting
    monkeypatch.setattr("sessions_api.adminkit.large_tables.COUNTED_ROWS", 1)
    assert ">1+</a>" in admin.get("/admin/").content.decode()


def test_admin_index_shows_mails_that_have_waited_for_15_minutes(admin, clock, settings, mailbox, alice):
    settings.EMAIL_BACKEND = "nowhere.to.be.Found"
    since = f"{timezone.now():%Y-%m-%d %H:%M}Z"
    mailbox.new()
    clock.shift(15 * 60)
    assert "have waited" not in admin.get("/admin/").content.decode()
    clock.shift(1)
    queued_mail("bob@example.org")
    html = admin.get("/admin/").content.decode()
    assert f'Mails that have waited since {since}: <a href="{LIST}?state=waiting">1</a>' in html


def test_mail_queue_with_a_thousand_mails_needs_few_statements(admin, db):
    mails = [QueuedMail(type="reset", email=f"{n}@example.org", due_at=None) for n in range(1000)]
    QueuedMail.objects.bulk_create(mails)

    def statements(call):
        with CaptureQueriesContext(connection) as captured:
            assert call().status_code == 200
        return len(captured)

    assert statements(lambda: admin.get(LIST, {"state": "failed"})) <= 4
    assert (
        statements(lambda: act(admin, "send_again", mails[0], select_across="1")) <= 40
    )  # SQLite writes the history in parts
    assert not QueuedMail.objects.filter(due_at=None).exists()
    assert (
        statements(lambda: act(admin, "delete_selected", mails[0], select_across="1")) <= 40
    )  # SQLite writes the history in parts
    assert not QueuedMail.objects.exists()
