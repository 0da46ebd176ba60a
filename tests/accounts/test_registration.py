import pytest

from ..people import problem

pytestmark = pytest.mark.django_db


def test_whoever_registers_is_logged_in(api):
    answer = api.register("alice@example.org", display_name="Alice")
    assert answer.status_code == 201
    assert answer.json().keys() == {"token", "id", "expires_at", "expires_in"}
    me = api.call("GET", "/api/users/me", token=answer.json()["token"])
    assert (me.json()["email"], me.json()["display_name"]) == ("alice@example.org", "Alice")


def test_a_name_may_be_left_out(api):
    token = api.register("alice@example.org").json()["token"]
    assert api.call("GET", "/api/users/me", token=token).json()["display_name"] == ""


@pytest.mark.parametrize(
    "twin", ["ALICE@example.org", " alice@EXAMPLE.org\t", "ａlice@example.org", "alice@example。org"]
)
def test_another_spelling_of_an_address_is_the_same_account(api, alice, twin):
    assert problem(api.register(twin)) == (409, "email_taken")
    assert api.login(twin, alice.password).status_code == 200
