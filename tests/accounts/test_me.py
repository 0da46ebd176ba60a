from urllib.parse import quote

import pytest
from django.core.management import call_command

from accounts.models import User

from ..users import problem


@pytest.mark.asvs("15.3.1")
def test_current_user_is_returned(api, alice, user):
    answer = api.call("GET", "/api/users/me", token=alice.token)
    assert answer.json() == {
        "id": str(user.pk),
        "email": "alice@example.org",
        "email_verified": False,
        "display_name": "Alice",
        "has_password": True,
        "created_at": f"{user.created_at:%Y-%m-%dT%H:%M:%S}.{user.created_at.microsecond // 1000:03}Z",
    }


def test_current_user_can_change_the_display_name(api, alice, bob):
    answer = api.call("PATCH", "/api/users/me", {"display_name": " Alice Liddell "}, token=alice.token)
    assert answer.json()["display_name"] == "Alice Liddell"
    assert api.call("GET", "/api/users/me", token=alice.token).json() == answer.json()
    assert api.call("GET", "/api/users/me", token=bob.token).json()["display_name"] == "Bob"


@pytest.mark.asvs("8.2.3", "15.3.3")
@pytest.mark.parametrize(
    "field", ["is_staff", "is_superuser", "email", "email_verified_at", "id", "password", "is_active"]
)
def test_current_user_can_change_no_other_field(api, alice, user, field):
    before = User.objects.values().get(pk=user.pk)
    answer = api.call("PATCH", "/api/users/me", {"display_name": "x", field: True}, token=alice.token)
    assert problem(answer) == (422, "validation_error")
    assert answer.json()["errors"][0]["loc"] == ["body", field]
    assert User.objects.values().get(pk=user.pk) == before


@pytest.mark.parametrize(
    "name",
    ["two\nlines", "car\rriage", "nul\0", "bell\a", "next\x85", "para\u2029graph", "x" * 256]
    + [f"Alice{bidi}ecilA" for bidi in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"],
)
def test_display_name_is_one_line_of_text(api, alice, name):
    answer = api.call("PATCH", "/api/users/me", {"display_name": name}, token=alice.token)
    assert problem(answer) == (422, "validation_error")


@pytest.mark.asvs("8.2.1", "7.2.1")
def test_current_user_needs_a_session_token(api):
    assert problem(api.call("GET", "/api/users/me")) == (401, "not_authenticated")
    assert problem(api.call("PATCH", "/api/users/me", {})) == (401, "not_authenticated")


def test_createsuperuser_marks_the_address_as_verified(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "the password of root")
    call_command("createsuperuser", "--noinput", email="Root@EXAMPLE.org", verbosity=0)
    root = User.objects.get(email="root@example.org")
    assert (root.is_staff, root.is_superuser, root.email_verified) == (True, True, True)


@pytest.mark.parametrize("path", ["add/", "{}/change/"])
def test_display_name_with_a_character_that_reverses_text_is_refused_in_the_admin(admin, user, path):
    form = {"email": "dora@example.org", "display_name": "Alice\u202eecilA", "is_active": "on"}
    answer = admin.post(f"/admin/accounts/user/{path.format(user.pk)}", form)
    assert "Line breaks and control characters are not allowed." in answer.content.decode()
    assert not User.objects.filter(display_name__contains="\u202e").exists()


@pytest.mark.asvs("1.2.4")
@pytest.mark.parametrize(
    "text", ["' OR '1'='1", "'; DROP TABLE accounts_user; --", '" OR ""="', "%' OR 1=1 --", "$$; SELECT 1; $$", "%s"]
)
def test_sql_in_a_text_is_a_text(api, admin, alice, bob, text):
    renamed = api.call("PATCH", "/api/users/me", {"display_name": text}, token=alice.token)
    assert (renamed.status_code, renamed.json()["display_name"]) == (200, text)
    assert problem(api.login(alice.email, text)) == (401, "authentication_failed")
    assert api.login(f"{text}@example.org", "x").status_code in {401, 422}
    assert problem(api.call("GET", f"/api/users/me/events?before={quote(text)}", token=alice.token))[0] == 422
    assert not api.is_live(text)
    for model in ("accounts/user", "sessions_api/session", "events/event"):
        page = admin.get(f"/admin/{model}/", {"q": text})
        assert page.status_code == 200, model
        found = {str(row) for row in page.context["cl"].result_list}
        assert found <= {alice.email}  # by the display name
    assert api.call("GET", "/api/users/me", token=bob.token).json()["display_name"] == "Bob"
