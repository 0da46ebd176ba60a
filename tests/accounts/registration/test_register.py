import pytest

from accounts.models import User

from ...users import problem


def test_registration_logs_in(api):
    answer = api.register("alice@example.org", display_name="Alice")
    assert answer.status_code == 201
    assert answer.json().keys() == {"token", "id", "expires_at", "expires_in", "device_token"}
    me = api.call("GET", "/api/users/me", token=answer.json()["token"]).json()
    assert (me["email"], me["display_name"]) == ("alice@example.org", "Alice")
    assert not me["email_verified"]
    assert me["has_password"]


def test_registration_without_a_display_name(api):
    token = api.register("alice@example.org").json()["token"]
    assert api.call("GET", "/api/users/me", token=token).json()["display_name"] == ""


@pytest.mark.parametrize(
    "twin", ["ALICE@example.org", " alice@EXAMPLE.org\t", "ａlice@example.org", "alice@example。org"]
)
def test_registration_with_another_spelling_of_a_taken_address_is_refused(api, alice, twin):
    assert problem(api.register(twin)) == (409, "email_taken")
    assert api.login(twin, alice.password).status_code == 200
    assert User.objects.count() == 1


def test_registration_when_closed_is_refused(api, settings):
    settings.REGISTRATION = "closed"
    assert problem(api.register("alice@example.org")) == (403, "registration_closed")
    assert not User.objects.exists()


@pytest.mark.asvs("6.2.1", "6.2.4")
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x7 y8 z", "password_too_short"),
        ("x" * 129, "password_too_long"),
        ("password1", "password_common"),
        ("nul\0nul\0", "unstorable_character"),
    ],
)
def test_registration_names_the_reason_of_a_refused_password(api, password, code):
    answer = api.register("alice@example.org", password)
    assert problem(answer) == (422, "validation_error")
    (error,) = answer.json()["errors"]
    assert (error["loc"], error["code"]) == (["body", "password"], code)
    assert error["msg"]
    assert not User.objects.exists()


@pytest.mark.asvs("6.2.5", "6.2.8", "6.2.9")
@pytest.mark.parametrize(
    "password",
    [
        "83649201746529387415",
        "only lower case",
        "  spaces around  ",
        "пароль по-русски",
        "🔑🐎🔋🪝🐈🍵🎩🕰",
        "spaceless" * 7 + "!",
        "é" * 110 + "à la recherche de",
    ],
)
def test_registration_accepts_any_characters_in_a_password(api, password):
    api.register("alice@example.org", password)
    assert api.login("alice@example.org", password).status_code == 200
    for other in (password.strip() + "!", password[:-1], password.swapcase() + "?"):
        assert problem(api.login("alice@example.org", other)) == (401, "authentication_failed")


@pytest.mark.asvs("6.3.2")
def test_registration_starts_without_default_users(db):
    assert not User.objects.exists()
