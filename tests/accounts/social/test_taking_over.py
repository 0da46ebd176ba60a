"""Databases that were made when social-auth's own app kept who is linked."""

from importlib import import_module

import pytest
from django.db import connection

from accounts.models import User
from accounts.social.models import Identity

take_over = import_module("accounts.social.migrations.0002_identities").take_over


@pytest.mark.django_db(transaction=True)
def test_who_was_linked_stays_linked():
    alice = User.objects.create_user("alice@example.org")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE social_auth_nonce (id integer)")
        cursor.execute(
            "CREATE TABLE social_auth_usersocialauth AS SELECT 7 AS id, id AS user_id, 'google' AS provider, "
            "'dave' AS uid, '{}' AS extra_data, created_at AS created FROM accounts_user"
        )
    with connection.schema_editor() as editor:
        take_over(None, editor)
    identity = Identity.objects.get()
    assert (identity.user, identity.provider, identity.uid) == (alice, "google", "dave")
    assert identity.created == alice.created_at
    assert not [name for name in connection.introspection.table_names() if name.startswith("social_auth")]
