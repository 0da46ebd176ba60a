"""The compiled query that finds a session by its token returns what the ORM returns."""

import pytest

from sessions_api.compiled_query import CompiledQuery, CompiledRows
from sessions_api.models import Session
from sessions_api.tokens import digest


def test_compiled_query_returns_what_the_orm_returns(alice, django_assert_num_queries):
    by_orm = Session.objects.select_related("user").get(digest=digest(alice.token))
    with django_assert_num_queries(1):
        found = Session.objects.authenticate(alice.token)
        user = found.user
    for one, other in ((found, by_orm), (user, by_orm.user)):
        assert type(one) is type(other)
        assert {field.attname: getattr(one, field.attname) for field in one._meta.concrete_fields} == {
            field.attname: getattr(other, field.attname) for field in other._meta.concrete_fields
        }
        assert (one._state.adding, one._state.db) == (False, "default")


def test_compiled_query_returns_rows_that_can_be_saved(api, alice):
    session = Session.objects.authenticate(alice.token)
    session.user.display_name = "Alice Liddell"
    session.user.save(update_fields=["display_name"])
    assert api.check_session(alice.token).json()["user"]["display_name"] == "Alice Liddell"


def test_compiled_query_refuses_a_query_with_two_values(db):
    with pytest.raises(ValueError, match="unpack"):
        CompiledQuery(lambda digest: Session.objects.filter(digest=digest, method="password")).first(b"")


def test_compiled_query_is_compiled_once(db, alice, monkeypatch):
    compiled = []
    lookup = CompiledQuery(lambda value: compiled.append(value) or Session.objects.filter(digest=value))
    assert lookup.first(digest(alice.token)) == lookup.first(digest(alice.token))
    assert lookup.first(digest("another")) is None
    assert len(compiled) == 1


def test_compiled_rows_are_what_the_orm_returns(api, alice, bob, django_assert_num_queries):
    alice.logs_in(api)
    stored = Session.objects.order_by("pk").values_list(*[field.attname for field in Session._meta.concrete_fields])
    compiled = []
    rows = CompiledRows(lambda value: compiled.append(value) or stored.filter(method=value))
    for _ in range(2):
        with django_assert_num_queries(1):
            found = rows.all("password")
        assert found == list(stored)
    assert (len(found), rows.all("another"), len(compiled)) == (3, [], 1)


def test_compiled_rows_refuse_a_query_with_two_values(db):
    with pytest.raises(ValueError, match="unpack"):
        CompiledRows(lambda value: Session.objects.filter(digest=value, method="x").values_list("pk")).all(b"")
