"""The deletion of many users in the admin, and what remains of who did what after an administrator is deleted."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client

from accounts.models import User
from sessions_api.adminkit.models import AdminAction
from sessions_api.events.models import Event

from .test_admin_users import ADD, LIST, Filled, act, new, page, said


def delete_all(client, query="", **more):
    """Select the first page, then all, then press the button of the page that asks; the answer after its redirect."""
    first = [str(row.pk) for row in client.get(LIST + query).context["cl"].result_list]
    asked = client.post(LIST + query, {"action": "delete_selected", "_selected_action": first, "select_across": "1"})
    assert asked.status_code == 200
    return client.post(LIST + query, Filled(asked.content.decode()).fields | more, follow=True), asked.content.decode()


def register_many(number):
    User.objects.bulk_create(User(email=f"{n}@many.example.org", password="!") for n in range(number))


def test_admin_deletes_more_users_than_django_accepts_fields(admin, root, alice):
    register_many(1200)
    answer, asked = delete_all(admin, "?q=@many")
    assert "1200 users will be deleted" in asked
    assert "and 1100 more" in asked
    assert len(Filled(asked).fields["_selected_action"]) == 100
    assert said(answer) == ["1,200 users: deleted."]
    assert set(User.objects.values_list("email", flat=True)) == {root.email, alice.email}
    deleted = Event.objects.filter(tag="account:delete", administrator=root.pk)
    assert deleted.count() == LogEntry.objects.filter(action_flag=3).count() == 1200
    assert "many.example.org" not in str(set(LogEntry.objects.values_list("object_repr", flat=True)))


def test_admin_deletion_of_all_asks_again_where_the_list_has_changed(admin, db):
    register_many(3)
    first = [str(row.pk) for row in admin.get(LIST + "?q=@many").context["cl"].result_list]
    form = {"action": "delete_selected", "_selected_action": first, "select_across": "1"}
    confirm = Filled(admin.post(LIST + "?q=@many", form).content.decode()).fields
    User.objects.create_user("late@many.example.org")
    again = admin.post(LIST + "?q=@many", confirm)
    assert (again.status_code, User.objects.filter(email__endswith="@many.example.org").count()) == (200, 4)
    assert "4 users will be deleted" in again.content.decode()


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
