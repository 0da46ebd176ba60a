"""The deletion of many users in the admin, and what remains of who did what after an administrator is deleted."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from sessions_api.adminkit import large_tables
from sessions_api.adminkit.models import AdminAction
from sessions_api.events.models import Event

from .test_admin_users import ADD, LIST, Filled, act, new, page, said


def delete_all(client, query="", **more):
    """Select the first page, then all, then press the button of each page; the answer after the redirect."""
    first = [str(row.pk) for row in client.get(LIST + query).context["cl"].result_list]
    asked = client.post(LIST + query, {"action": "delete_selected", "_selected_action": first, "select_across": "1"})
    assert asked.status_code == 200
    answer = client.post(LIST + query, Filled(asked.content.decode()).fields | more, follow=True)
    told = []
    while progress := re.findall(r"([\d,]+) of [\d,]+ users are deleted", answer.content.decode()):
        told += progress
        answer = client.post(LIST + query, Filled(answer.content.decode()).fields, follow=True)
    answer.told = told
    return answer, asked.content.decode()


def register_many(number):
    User.objects.bulk_create(User(email=f"{n}@many.example.org", password="!") for n in range(number))


@pytest.mark.asvs("16.2.1")
def test_admin_deletes_any_number_of_users_in_batches_with_progress(admin, root, alice, monkeypatch):
    """More than Django accepts as fields, and more than a list counts: with 10,500 users it is the same, but slower."""
    monkeypatch.setattr(large_tables, "COUNTED_ROWS", 1000)
    register_many(1200)
    disabled = admin.post(LIST, {"action": "disable", "_selected_action": [root.pk], "select_across": "1"}, follow=True)
    assert said(disabled) == ["There are more than 1,000 rows. Narrow the list first."]
    answer, asked = delete_all(admin, "?q=@many")
    assert "1,200 users will be deleted" in asked
    assert "and 1,100 more" in asked
    assert len(Filled(asked).fields["_selected_action"]) == 100
    assert answer.told == ["500", "1,000"]
    assert said(answer) == ["1,200 users: deleted."]
    assert set(User.objects.values_list("email", flat=True)) == {root.email, alice.email}
    deleted = Event.objects.filter(tag="account:delete", administrator=root.pk)
    assert deleted.count() == LogEntry.objects.filter(action_flag=3).count() == 1200
    assert "many.example.org" not in str(set(LogEntry.objects.values_list("object_repr", flat=True)))


def test_admin_deletes_a_batch_of_users_at_a_constant_number_of_statements(admin, db):
    def statements(number):
        register_many(number)
        with CaptureQueriesContext(connection) as captured:
            act(admin, "delete_selected", *User.objects.filter(email__endswith="@many.example.org"), post="yes")
        return len(captured)

    statements(1)  # the first finds the content types
    assert statements(90) <= statements(2)


@pytest.fixture
def asked(admin, monkeypatch):
    """The form of the page that asks whether to delete all 120 users of a search, in three batches."""
    monkeypatch.setattr("accounts.admin.DELETED_AT_ONCE", 50)
    register_many(120)
    first = [str(row.pk) for row in admin.get(LIST + "?q=@many").context["cl"].result_list]
    form = {"action": "delete_selected", "_selected_action": first, "select_across": "1"}
    return Filled(admin.post(LIST + "?q=@many", form).content.decode()).fields


def many():
    return User.objects.filter(email__endswith="@many.example.org").count()


def test_admin_deletion_of_all_asks_again_where_the_list_has_changed(admin, alice, asked):
    User.objects.filter(email=alice.email).update(email="late@many.example.org")
    again = admin.post(LIST + "?q=@many", asked)
    assert (again.status_code, many()) == (200, 121)
    assert "121 users will be deleted" in again.content.decode()


def test_admin_deletion_of_all_keeps_users_who_register_after_the_question(admin, asked):
    User.objects.create_user("late@many.example.org")
    page = admin.post(LIST + "?q=@many", asked).content.decode()
    assert "50 of 120 users are deleted." in page
    User.objects.create_user("later@many.example.org")
    page = admin.post(LIST + "?q=@many", Filled(page).fields).content.decode()
    assert said(admin.post(LIST + "?q=@many", Filled(page).fields, follow=True)) == ["120 users: deleted."]
    assert many() == 2


def test_admin_deletion_of_all_asks_again_where_the_list_has_grown_between_batches(admin, alice, bob, asked):
    fields = Filled(admin.post(LIST + "?q=@many", asked).content.decode()).fields
    User.objects.filter(email__in=[alice.email, bob.email]).update(display_name="@many")
    again = admin.post(LIST + "?q=@many", fields)
    assert "72 users will be deleted" in again.content.decode()
    assert many() == 70


@pytest.mark.parametrize("reloaded", ["the question", "the progress"])
def test_admin_deletion_of_all_continues_where_an_interrupted_page_is_reloaded(admin, root, asked, reloaded):
    progress = Filled(admin.post(LIST + "?q=@many", asked).content.decode()).fields
    again = progress if reloaded == "the progress" else asked
    page = admin.post(LIST + "?q=@many", again).content.decode()
    assert ("100 of 120" if reloaded == "the progress" else "50 of 70") in page
    answer = admin.post(LIST + "?q=@many", again, follow=True)
    assert said(answer) == ["120 users: deleted." if reloaded == "the progress" else "20 users: deleted."]
    assert many() == 0
    assert Event.objects.filter(tag="account:delete", administrator=root.pk).count() == 120


@pytest.mark.asvs("8.2.2")
def test_admin_deletion_of_all_stops_where_a_user_became_staff_between_batches(asked, admin):
    helper = User.objects.create_user("helper@example.org", None, is_staff=True)
    helper.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(helper)
    fields = Filled(client.post(LIST + "?q=@many", asked).content.decode()).fields
    User.objects.filter(pk=User.objects.filter(email__endswith="@many.example.org").first().pk).update(is_staff=True)
    assert (client.post(LIST + "?q=@many", fields).status_code, many()) == (403, 70)


def test_admin_deletion_of_all_leaves_out_the_administrator_who_asks(admin, root, alice, bob):
    answer, _ = delete_all(admin)
    assert said(answer)[-2:] == ["You cannot delete yourself in a list. Left out: 1.", "2 users: deleted."]
    assert User.objects.get() == root


@pytest.mark.asvs("8.2.2")
def test_admin_deletion_of_all_by_staff_is_refused_where_staff_is_among_them(root, alice):
    helper = User.objects.create_user("helper@example.org", None, is_staff=True)
    helper.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(helper)
    for post in ({}, {"post": "yes", "number": "2"}):
        form = {"action": "delete_selected", "_selected_action": [root.pk], "select_across": "1"}
        assert client.post(LIST, form | post).status_code == 403
    assert User.objects.count() == 3


@pytest.mark.asvs("16.2.1")
def test_admin_actions_and_their_events_name_the_administrator(admin, root, alice, bob, user):
    User.objects.filter(email=bob.email).update(display_name="Bob")
    act(admin, "disable", user)
    act(admin, "enable", user)
    act(admin, "revoke_sessions", *User.objects.filter(email=bob.email))
    admin.post(page(user), dict(Filled(admin.get(page(user)).content.decode()).fields) | {"email": "x@example.org"})
    admin.post(ADD, new())
    act(admin, "delete_selected", user, post="yes")
    tags = Event.objects.filter(administrator=root.pk).order_by("pk").values_list("tag", flat=True)
    assert list(tags) == ["session:end", "account:register", "account:delete"]  # the others went with their user
    by_admin = Event.objects.filter(data__by="administrator")
    assert not by_admin.exclude(administrator=root.pk).exists()


def test_events_in_the_api_do_not_tell_which_administrator_acted(admin, root, api, alice, user):
    act(admin, "send_verification_mail", user)
    admin.post(page(user), dict(Filled(admin.get(page(user)).content.decode()).fields) | {"email": "x@example.org"})
    for path in ("/api/users/me/events", "/api/users/me/export"):
        answer = b"".join(api.call("GET", path, token=alice.token)).decode()
        assert "account:email:request" in answer
        assert str(root.pk) not in answer


@pytest.mark.asvs("16.2.1")
def test_admin_trail_survives_the_deletion_of_its_administrator(admin, root, alice, bob, user):
    """The deleted administrator deletes a user, changes another, and is then deleted by a second one."""
    act(admin, "delete_selected", User.objects.get(email=bob.email), post="yes")
    act(admin, "disable", user)
    second = User.objects.create_superuser("second@example.org")
    client = Client()
    client.force_login(second)
    act(client, "delete_selected", root, post="yes")
    assert not LogEntry.objects.filter(user_id=root.pk).exists()
    trail = AdminAction.objects.filter(administrator=root.pk).order_by("pk")
    assert [(entry.kind, entry.get_action_display(), entry.message) for entry in trail] == [
        ("accounts.user", "Deletion", ""),
        ("accounts.user", "Change", "Disabled."),
    ]
    assert trail[1].object_id == str(user.pk)
    assert user.events.get(tag="account:disable").administrator == root.pk
    assert AdminAction.objects.get(administrator=second.pk).object_id == str(root.pk)
    shown = client.get("/admin/adminkit/adminaction/", {"q": str(root.pk)}).content.decode()
    assert "Disabled." in shown
    assert "example.org" not in str(list(AdminAction.objects.values()))


def test_admin_trail_survives_an_administrator_who_deletes_themselves(admin, root, alice):
    admin.post(ADD, new())
    assert admin.post(page(root, "delete"), {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=root.pk).exists()
    assert list(AdminAction.objects.filter(administrator=root.pk).values_list("action", flat=True)) == [1, 3]


def test_admin_trail_can_be_neither_changed_nor_deleted_in_the_admin(admin, root):
    admin.post(ADD, new())
    entry = AdminAction.objects.get()
    for name in ("change", "delete"):
        form = {"message": "Nothing.", "post": "yes"}
        assert admin.post(f"/admin/adminkit/adminaction/{entry.pk}/{name}/", form).status_code == 403
    with pytest.raises(DatabaseError), transaction.atomic():
        AdminAction.objects.update(message="Nothing.")
    assert AdminAction.objects.get().message == entry.message


def test_admin_trail_is_purged_with_the_events(admin, settings, clock):
    admin.post(ADD, new())
    clock.shift(settings.EVENTS_KEEP.total_seconds() - 60)
    call_command("purge_sessions")
    assert AdminAction.objects.exists()
    clock.shift(61)
    call_command("purge_sessions")
    assert not AdminAction.objects.exists()
