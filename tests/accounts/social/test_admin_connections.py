"""The admin's page of links: read-only, and unlinking is the same story as for users."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.urls import NoReverseMatch, reverse
from social_django.models import UserSocialAuth

from accounts.models import User
from sessions_api.events.models import Event
from sessions_api.events.tags import Tag

LIST = "/admin/social_django/usersocialauth/"


@pytest.fixture
def link(user):
    """Alice, who has a password, has linked Google."""
    return UserSocialAuth.objects.create(user=user, provider="google", uid="alice-at-google")


@pytest.fixture
def helper(client, db):
    """A browser of staff who are not superusers, and may see and delete links."""
    staff = User.objects.create_user("helper@example.org", "the password of helper", is_staff=True)
    codenames = ["view_usersocialauth", "delete_usersocialauth"]
    staff.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(staff)
    return client


def unlink(browser, *links):
    chosen = {"action": "delete_selected", "_selected_action": [link.pk for link in links]}
    return browser.post(LIST, chosen, follow=True)


def test_admin_lists_and_finds_links(admin, link):
    for query in ("", "?q=alice@", "?q=alice-at-google", "?provider=google"):
        page = admin.get(LIST + query).content.decode()
        assert "alice@example.org" in page
        assert "alice-at-google" in page
    for query in ("?q=bob@", "?q=alice-at", "?provider=github"):
        assert "alice-at-google" not in admin.get(LIST + query).content.decode()


@pytest.mark.parametrize("lookup", ["user__password__startswith", "extra_data__x", "uid"])
def test_admin_filters_links_by_provider_only(admin, link, lookup):
    assert admin.get(f"{LIST}?{lookup}=x").status_code == 400


def test_admin_cannot_add_or_change_a_link(admin, link, root):
    assert admin.get(f"{LIST}add/").status_code == 403
    page = f"{LIST}{link.pk}/change/"
    assert admin.get(page).status_code == 200
    assert admin.post(page, {"user": root.pk, "uid": "another"}).status_code == 403
    link.refresh_from_db()
    assert (link.user.email, link.uid) == ("alice@example.org", "alice-at-google")


@pytest.mark.parametrize("model", ["nonce", "association", "code", "partial"])
def test_admin_has_no_page_for_the_other_tables_of_social_auth(admin, model):
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:social_django_{model}_changelist")
    assert admin.get(f"/admin/social_django/{model}/").status_code == 404


@pytest.mark.asvs("6.3.7", "6.5.6")
def test_admin_unlink_is_recorded_and_mailed_without_the_administrators_place(admin, link, user, mailbox):
    mailbox.new()
    page = unlink(admin, link)
    assert "1 user social auth: unlinked." in page.content.decode()
    assert not UserSocialAuth.objects.exists()
    event = Event.objects.get(tag=Tag.UNLINKED)
    assert (event.user, event.ip_address, event.device) == (user, None, "")
    assert event.data == {"provider": "google", "by": "administrator"}
    mail = mailbox.the_one(user.email, "Google was unlinked")
    assert "An administrator of localhost unlinked it" in mail.body
    assert "127.0.0.1" not in mail.body
    assert "http" not in mail.body


def test_admin_unlink_of_one_link_by_its_page(admin, link, mailbox, user):
    answer = admin.post(f"{LIST}{link.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not UserSocialAuth.objects.exists()
    assert Event.objects.filter(tag=Tag.UNLINKED, user=user).exists()


def test_admin_unlink_refuses_the_last_login_method(admin, link, user):
    user.set_unusable_password()
    user.save()
    page = unlink(admin, link).content.decode()
    assert "The last login method of a user stays. Left unchanged: 1." in page
    assert admin.post(f"{LIST}{link.pk}/delete/", {"post": "yes"}).status_code == 409
    assert UserSocialAuth.objects.get() == link
    assert not Event.objects.filter(tag=Tag.UNLINKED).exists()
    assert not LogEntry.objects.exists()


def test_admin_unlink_of_several_links_leaves_the_last_login_method(admin, link, user, settings):
    settings.SOCIAL_AUTH_GOOGLE_KEY = settings.SOCIAL_AUTH_GOOGLE_SECRET = "x"
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "x"
    user.set_unusable_password()
    user.save()
    unlink(admin, link, UserSocialAuth.objects.create(user=user, provider="github", uid="1"))
    assert UserSocialAuth.objects.count() == 1


@pytest.mark.asvs("8.2.2")
def test_admin_unlink_by_staff_leaves_other_staff_alone(helper, link, root):
    of_root = UserSocialAuth.objects.create(user=root, provider="google", uid="root-at-google")
    assert helper.post(f"{LIST}{of_root.pk}/delete/", {"post": "yes"}).status_code == 403
    unlink(helper, link, of_root)
    assert UserSocialAuth.objects.get() == of_root


@pytest.mark.asvs("8.2.1")
def test_admin_unlink_needs_its_permission(helper, link):
    User.objects.get(email="helper@example.org").user_permissions.remove(
        Permission.objects.get(codename="delete_usersocialauth")
    )
    unlink(helper, link)
    assert helper.post(f"{LIST}{link.pk}/delete/", {"post": "yes"}).status_code == 403
    assert UserSocialAuth.objects.exists()


def test_admin_unlink_is_in_the_history_of_the_user_without_the_address(admin, link, user):
    unlink(admin, link)
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == (str(user.pk), "Unlinked a provider.")
    assert entry.content_type.model == "user"


def test_deletion_of_a_user_deletes_the_links(api, alice, link):
    assert api.call("DELETE", "/api/users/me", token=alice.token).status_code == 204
    assert not UserSocialAuth.objects.exists()
