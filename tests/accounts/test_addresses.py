"""The canonical form of email addresses."""

import time

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from accounts.fields import canonical_email
from accounts.models import User

from ..users import problem

SAME = {
    "kelvin sign": ("\u212aim@example.org", "kim@example.org"),
    "long s": ("\u017fam@example.org", "sam@example.org"),
    "full width": ("\uff21lice@example.org", "alice@example.org"),
    "full width at": ("alice\uff20example.org", "alice@example.org"),
    "ideographic stop": ("alice@example\u3002org", "alice@example.org"),
    "capitals": ("ALICE@EXAMPLE.ORG", "alice@example.org"),
    "white space": ("\t alice@example.org\n", "alice@example.org"),
    "domain in unicode": ("alice@bücher.example", "alice@xn--bcher-kva.example"),
    "domain decomposed": ("alice@bu\u0308cher.example", "alice@xn--bcher-kva.example"),
}
REFUSED = {
    "accent": "älice@example.org",
    "dotless i": "d\u0131ve@example.org",
    "cyrillic a": "\u0430lice@example.org",
    "zero width joiner": "al\u200dice@example.org",
    "right to left": "\u202ealice@example.org",
    "hebrew": "אליס@example.org",
    "nul": "al\0ice@example.org",
    "line break": "alice@example.org\r\nBcc: bob@example.org",
    "inner space": "al ice@example.org",
    "name and address": "Alice <alice@example.org>",
    "quoted": '"al ice"@example.org',
    "comment": "alice(x)@example.org",
    "two": "alice@example.org,bob@example.org",
    "two at": "alice@bob@example.org",
    "ip literal": "alice@[127.0.0.1]",
    "ip address": "alice@127.0.0.1",
    "no dot": "alice@localhost",
    "dots": "al..ice@example.org",
    "dot first": ".alice@example.org",
    "dot last": "alice@example.org.",
    "underscore": "alice@ex_ample.org",
    "hyphen": "alice@-example.org",
    "no local part": "@example.org",
    "no domain": "alice@",
    "neither": "@",
    "nothing": "",
    "long": "a" * 65 + "@example.org",
    "longer": "alice@" + "a." * 130 + "org",
}


@pytest.mark.parametrize(("typed", "stored"), SAME.values(), ids=SAME)
def test_email_spellings_of_one_mailbox_are_one_account(api, typed, stored):
    assert api.register(typed).status_code == 201
    assert User.objects.get().email == stored
    assert problem(api.register(stored)) == (409, "email_taken")
    assert api.login(stored).status_code == 200
    assert api.login(typed).status_code == 200


@pytest.mark.asvs("2.2.1", "1.3.11")
@pytest.mark.parametrize("typed", REFUSED.values(), ids=REFUSED)
def test_email_that_is_not_a_plain_address_is_refused(api, typed):
    for answer in (api.register(typed), api.login(typed)):
        assert problem(answer) == (422, "validation_error")
        assert answer.json()["errors"][0]["loc"] == ["body", "email"]
    assert not User.objects.exists()


@pytest.mark.asvs("1.3.12")
@pytest.mark.parametrize("typed", ["a" * 60_000, "a@" + "a." * 30_000, "@" * 60_000, "\ufdfa" * 20_000, " " * 60_000])
def test_email_of_huge_length_is_refused_at_once(api, typed):
    started = time.perf_counter()
    assert api.register(typed).status_code in {413, 422}
    assert time.perf_counter() - started < 0.2


def test_email_of_createsuperuser_is_stored_in_canonical_form(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "the password of root")
    call_command("createsuperuser", "--noinput", email="Root@B\u00fccher.example", verbosity=0)
    assert User.objects.get().email == "root@xn--bcher-kva.example"
    with pytest.raises((CommandError, ValidationError)):
        call_command("createsuperuser", "--noinput", email="rööt@example.org", verbosity=0)


def test_email_assigned_to_a_user_is_stored_canonical_and_found_by_any_spelling(user):
    user.email = "Alice@B\u00fccher.example"
    user.save()
    assert user.email == "alice@xn--bcher-kva.example"
    assert User.objects.get(email="ALICE@b\u00fccher.example") == user
    assert not User.objects.filter(email="no address").exists()
    with pytest.raises(CommandError, match="does not exist"):
        call_command("changepassword", "stranger")


@pytest.mark.parametrize(
    "written", ["Alice@example.org", "älice@example.org", "al ice@example.org", "a@b@c.d", "a@b", "a@b.c\n"]
)
def test_email_constraint_of_the_database_refuses_other_forms(db, user, written):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET email = %s", [written])


@example("ﬃ@ﬃ.ﬃ")
@given(st.one_of(st.emails(), st.text(max_size=60), st.from_regex(r"[^@]{1,9}@[^@]{1,9}\.[^@]{1,5}", fullmatch=True)))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_email_canonical_form_is_stable_and_storable(user, typed):
    try:
        address = canonical_email(typed)
    except ValidationError:
        return
    assert canonical_email(address) == address
    assert address.isascii()
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(email=address)
