"""The queue of mails in the admin: to look at, to try again, and to throw away."""

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


def said(answer):
    return [str(message) for message in answer.context["messages"]]


def put(email="alice@example.org", mail_type="reset", **more):
    return QueuedMail.objects.create(email=email, type=mail_type, **more)


def failed(email="alice@example.org", **more):
    return put(email, due_at=None, attempts=7, last_error="SMTPRecipientsRefused 550", **more)


def browser(*rights):
    """Of somebody on the staff who may do this."""
    user = User.objects.create_user("clerk@example.org", None, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


EVERY_RIGHT = ("view_queuedmail", "change_queuedmail", "delete_queuedmail", "add_queuedmail")


def test_the_queue_says_what_goes_to_whom_and_why_it_does_not(admin):
    failed()
    row = admin.get(LIST).content.decode().partition("<tbody>")[2]
    assert all(word in row for word in ("Reset", "alice@example.org", ">7<", "SMTPRecipientsRefused 550", ">failed<"))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"state": "failed"}, ["bob"]),
        ({"state": "waiting"}, ["alice"]),
        ({"letter__exact": "reset"}, ["bob"]),
        ({"q": " ALI"}, ["alice"]),
        ({"q": "lice"}, []),
        ({"q": "%"}, []),
    ],
)
def test_mails_are_filtered_and_found(admin, asked, found):
    put("alice@example.org", mail_type="verify")
    failed("bob@example.org")
    shown = admin.get(LIST, asked).context["cl"].result_list
    assert [mail.email.partition("@")[0] for mail in shown] == found


@pytest.mark.asvs("14.2.6")
def test_the_page_of_a_mail_shows_what_it_tells_and_no_link(admin, api, alice, user, mailbox, monkeypatch):
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
@pytest.mark.parametrize("asked", ["user__password__startswith", "data__device", "user__links__id__gt"])
def test_the_list_answers_no_questions_but_its_own(admin, asked):
    assert admin.get(LIST, {asked: "a"}).status_code == 400


def test_nothing_can_be_added_or_edited(admin):
    mail = put()
    assert admin.get(LIST + "add/").status_code == 403
    assert admin.post(LIST + "add/", {"email": "eve@example.org", "type": "reset"}).status_code == 403
    assert admin.post(page(mail), {"email": "eve@example.org", "_save": "Save"}).status_code == 403
    assert QueuedMail.objects.get().email == "alice@example.org"


# Again


def test_a_failed_mail_is_sent_again(admin, root, mailbox, alice):
    mailbox.new()
    mail = failed(alice.email)
    assert mailbox.new() == []
    assert said(act(admin, "send_again", mail)) == ["1 queued mail: due now."]
    assert mailbox.token(alice.email)
    assert LogEntry.objects.get(user=root).get_change_message() == "Asked to send it again."


def test_again_is_as_long_as_the_first_time(admin, mailbox, settings, clock, alice):
    mailbox.new()
    settings.EMAIL_BACKEND = "nowhere.to.be.Found"
    month = timezone.now() - timedelta(days=30)
    mail = failed(alice.email, requested_at=month, give_up_at=month + GIVE_UP_AFTER)
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
def test_what_nobody_has_looked_after_for_a_month_is_purged(clock, db):
    failed()
    put("bob@example.org")
    for days, left in ((32, 2), (2, 1)):
        clock.shift(days * 24 * 3600)
        call_command("purge_sessions", verbosity=0)
        assert QueuedMail.objects.count() == left
    assert QueuedMail.objects.get().email == "bob@example.org"


def test_one_that_waits_for_long_is_not_waited_for(admin, clock):
    mail = put(due_at=timezone.now() + LEASE + timedelta(seconds=1), attempts=5)
    act(admin, "send_again", mail)
    assert QueuedMail.objects.get().due_at == timezone.now()


def test_one_that_a_worker_may_have_in_hand_is_left_to_it(admin, clock):
    put()
    mine = QueuedMail.objects.claim()
    assert said(act(admin, "send_again", mine)) == [
        "Sent within 5 minutes anyway, or sent already: 1.",
        "0 queued mails: due now.",
    ]
    assert QueuedMail.objects.claim() is None
    mine.retry_later("SMTPServerDisconnected", for_good=True)
    act(admin, "send_again", mine)
    assert QueuedMail.objects.claim() == mine


def test_what_was_sent_meanwhile_is_no_error(admin):
    mail = failed()
    QueuedMail.objects.all().delete()
    assert said(act(admin, "send_again", mail)) == ["0 queued mails: due now."]


# Never


@pytest.mark.parametrize("by", ["action", "page"])
def test_a_mail_that_is_deleted_is_never_sent(admin, root, alice, mailbox, by):
    mail = QueuedMail.objects.get()
    if by == "action":
        assert said(act(admin, "delete_selected", mail)) == ["1 queued mail: deleted."]
    else:
        admin.post(page(mail, "delete"), {"post": "yes"})
    assert mailbox.new() == []
    logged = LogEntry.objects.get(user=root)
    assert (logged.object_repr, logged.is_deletion()) == ("verify to alice@example.org", True)


# Who may


@pytest.mark.asvs("8.2.1", "8.2.2")
@pytest.mark.parametrize(
    ("right", "sees", "sends", "deletes"),
    [
        ("view_queuedmail", True, False, False),
        ("change_queuedmail", True, True, False),
        ("delete_queuedmail", False, False, False),
        ("view_user", False, False, False),
    ],
)
def test_each_act_needs_its_permission(db, right, sees, sends, deletes):
    mail, client = failed(), browser(right)
    assert (client.get(LIST).status_code, client.get(page(mail)).status_code) == ((200, 200) if sees else (403, 403))
    assert ("Mails that could not be sent" in client.get("/admin/").content.decode()) == sees
    act(client, "send_again", mail)
    assert (QueuedMail.objects.get().due_at is not None) == sends
    act(client, "delete_selected", mail)
    assert QueuedMail.objects.exists() != deletes


@pytest.mark.asvs("8.2.2", "8.3.1")
@pytest.mark.parametrize("named", [True, False])
def test_only_a_superuser_touches_mails_to_staff(admin, root, named):
    """A warning to them must arrive, also one that is queued for an address alone."""
    mail = failed(root.email, user=root if named else None)
    other, client = failed(), browser(*EVERY_RIGHT)
    assert client.post(page(mail, "delete"), {"post": "yes"}).status_code == 403
    for action in ("send_again", "delete_selected"):
        assert "Only a superuser can change staff. Left unchanged: 1." in said(act(client, action, mail, other))
        assert QueuedMail.objects.get(pk=mail.pk).due_at is None
    assert list(QueuedMail.objects.all()) == [mail]
    act(admin, "delete_selected", mail)
    assert not QueuedMail.objects.exists()


# Many


def test_the_front_page_warns_of_mails_that_failed(admin, monkeypatch):
    put()
    assert "Mails that could not be sent" not in admin.get("/admin/").content.decode()
    failed()
    failed("bob@example.org")
    with CaptureQueriesContext(connection) as captured:
        html = admin.get("/admin/").content.decode()
    assert f'Mails that could not be sent: <a href="{LIST}?state=failed">2</a>' in html
    waiting, counted = [query["sql"] for query in captured if "accounts_mail" in query["sql"]]
    assert "LIMIT 10001" in counted
    assert "MIN(" in waiting
    monkeypatch.setattr("sessions_api.adminkit.large_tables.COUNTED_ROWS", 1)
    assert ">1+</a>" in admin.get("/admin/").content.decode()


def test_the_front_page_warns_of_mails_that_wait_for_a_server_that_is_down(admin, clock, settings, mailbox, alice):
    settings.EMAIL_BACKEND = "nowhere.to.be.Found"
    since = f"{timezone.now():%Y-%m-%d %H:%M}Z"
    mailbox.new()
    clock.shift(15 * 60)
    assert "have waited" not in admin.get("/admin/").content.decode()
    clock.shift(1)
    put("bob@example.org")
    html = admin.get("/admin/").content.decode()
    assert f'Mails that have waited since {since}: <a href="{LIST}?state=waiting">1</a>' in html


def test_a_thousand_failed_mails_are_a_few_statements(admin, db):
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
