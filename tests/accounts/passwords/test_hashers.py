"""A new password revokes the sessions however it is stored; an upgraded hash keeps them."""

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.core.management import call_command

from accounts.models import User, UserQuerySet
from accounts.passwords.hashers import Argon2id

from ...users import ApiUser, problem


def by_save(user):
    user.set_password("a new password")
    user.save()


def by_save_of_one_field(user):
    user.set_password("a new password")
    user.save(update_fields=["password"])


def by_assignment(user):
    user.password = make_password("a new password")
    user.save()


def by_update(user):
    User.objects.filter(pk=user.pk).update(password=make_password("a new password"))


def by_bulk_update(user):
    user.password = make_password("a new password")
    User.objects.bulk_update([user], ["password"])


def by_command(user, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: "a new password")
    call_command("changepassword", user.email, verbosity=0)


def by_the_user_in_the_admin(user, client, alice):
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client.force_login(user)
    form = {"old_password": alice.password, "new_password1": "a new password", "new_password2": "a new password"}
    answer = client.post("/admin/password_change/", form)
    assert answer.status_code == 302, answer.content


@pytest.mark.asvs("7.4.3")
@pytest.mark.parametrize(
    "change",
    [by_save, by_save_of_one_field, by_assignment, by_update, by_bulk_update, by_command, by_the_user_in_the_admin],
)
def test_new_password_revokes_the_sessions_however_it_is_stored(api, alice, bob, user, change, request):
    wanted = change.__code__.co_varnames[1 : change.__code__.co_argcount]
    other = alice.logs_in(api)
    change(user, **{name: request.getfixturevalue(name) for name in wanted})
    assert not api.is_live(alice.token)
    assert not api.is_live(other)
    assert api.is_live(bob.token)
    assert problem(api.login(alice.email, alice.password)) == (401, "authentication_failed")
    assert api.login(alice.email, "a new password").status_code == 200


def test_saving_a_user_without_a_new_password_keeps_the_sessions(api, alice, user):
    user.display_name = "Alice Liddell"
    user.save()
    assert api.is_live(alice.token)


@pytest.mark.asvs("11.2.2")
@pytest.mark.parametrize("old", ["argon2", "pbkdf2"])
def test_outdated_hash_is_upgraded_at_login_and_keeps_the_sessions(api, alice, user, monkeypatch, old):
    if old == "pbkdf2":
        user.password = PBKDF2PasswordHasher().encode(alice.password, "salt", iterations=1)
        User.objects.filter(pk=user.pk).store_hash(user.password)
    else:
        monkeypatch.setattr(Argon2id, "time_cost", Argon2id.time_cost + 1)
    before = user.password
    token = alice.logs_in(api)
    user.refresh_from_db()
    assert user.password != before
    assert user.password.startswith(f"argon2$argon2id$v=19$m=8,t={Argon2id.time_cost},p=1$")
    assert api.is_live(alice.token)
    assert api.is_live(token)


def test_current_hash_is_kept_at_login(api, alice, user):
    alice.logs_in(api)
    assert User.objects.get(pk=user.pk).password == user.password


@pytest.mark.asvs("11.2.2")
def test_rotated_secret_key_keeps_the_sessions(api, alice, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, as long as it takes, as long as it takes"
    assert api.is_live(alice.token)


def test_hash_upgrade_by_two_logins_at_once_lets_both_log_in(alice, user, monkeypatch):
    monkeypatch.setattr(Argon2id, "time_cost", Argon2id.time_cost + 1)
    first, second = User.objects.get(pk=user.pk), User.objects.get(pk=user.pk)
    assert first.check_password(alice.password)
    assert second.check_password(alice.password)
    assert second.password == User.objects.get(pk=user.pk).password


def test_hash_upgrade_does_not_hide_a_password_change_in_between(alice, user, monkeypatch):
    monkeypatch.setattr(Argon2id, "time_cost", Argon2id.time_cost + 1)
    late = User.objects.get(pk=user.pk)
    by_save(user)
    late.check_password(alice.password)
    assert late.password != User.objects.get(pk=user.pk).password


def test_rekeying_all_users_leaves_a_registration_in_between_whole(api, alice, monkeypatch):
    lock_all = UserQuerySet.lock_all

    def and_bob_registers(users, **strength):
        locked = lock_all(users, **strength)
        ApiUser.registers(api, "bob")
        return locked

    monkeypatch.setattr(UserQuerySet, "lock_all", and_bob_registers)
    User.objects.update(password=make_password(None))
    assert not api.is_live(alice.token)
    assert api.login("bob@example.org", "the password of bob").status_code == 200


def test_rekeying_and_deleting_users_works_with_any_queryset(api, alice, bob):
    without_group = User.objects.filter(groups__isnull=True).distinct()
    assert without_group.update(password=make_password(None)) == 2
    assert not api.is_live(alice.token)
    User.objects.filter(groups__isnull=True).delete()
    assert not User.objects.exists()
