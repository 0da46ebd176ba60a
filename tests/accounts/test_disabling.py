import pytest
from django.db import connection

from accounts.models import User
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session

from ..users import problem


def by_save(user):
    user.is_active = False
    user.save()


def by_update(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def by_hand(user):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET is_active = %s WHERE email = %s", [False, user.email])


@pytest.mark.asvs("7.4.2", "8.3.2")
@pytest.mark.parametrize("disable", [by_save, by_update, by_hand])
def test_disabling_a_user_revokes_their_sessions_for_good(api, alice, bob, user, disable):
    disable(user)
    assert not user.sessions.exists()  # at once: enabling must find none
    assert not api.is_live(alice.token)
    assert problem(api.login(alice.email, alice.password)) == (401, "authentication_failed")
    assert api.is_live(bob.token)
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert not api.is_live(alice.token)
    assert api.login(alice.email, alice.password).status_code == 200


def test_disabling_a_user_for_a_moment_revokes_their_sessions(api, alice, user):
    by_hand(user)
    assert not user.sessions.exists()
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert not api.is_live(alice.token)


def test_enabling_a_user_revokes_no_session(user):
    """A login in the moment of the UPDATE can start one before."""
    User.objects.filter(pk=user.pk).update(is_active=False)
    Session.objects.start(user, method="password", client=ClientInfo())
    User.objects.filter(pk=user.pk).update(is_active=True)
    assert user.sessions.count() == 1


def test_other_changes_to_a_user_keep_the_sessions(api, alice, user):
    User.objects.filter(pk=user.pk).update(is_staff=True, display_name="Alice")
    user.save()
    assert api.is_live(alice.token)


@pytest.mark.asvs("7.4.2")
@pytest.mark.parametrize("delete", [lambda user: user.delete(), lambda user: User.objects.filter(pk=user.pk).delete()])
def test_deleting_a_user_revokes_their_sessions(api, alice, bob, user, delete):
    delete(user)
    assert not api.is_live(alice.token)
    assert problem(api.login(alice.email, alice.password)) == (401, "authentication_failed")
    assert [user.email for user in User.objects.all()] == [bob.email]
