"""The client of a request: the name of its device, and its network."""

import pytest

from sessions_api.http.client import ClientInfo

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [(FIREFOX, "Firefox on Linux"), (IPHONE, "Safari on iOS"), ("curl/7.88.1", "curl"), ("x" * 512, ""), ("", "")],
)
def test_device_names_browser_and_system_of_the_user_agent(api, alice, sent, seen):
    session = api.check_session(alice.logs_in(api, User_Agent=sent)).json()
    assert (session["device"], session["user_agent"]) == (seen, sent)


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "https://evil.example/login",
        "evil.example/a b",
        "call 0800 123456",
        "call 08 00 12 34",
        "a@evil.example",
        "<b>bold</b>",
        "Your account is about to be closed",
        "x" * 41,
        "one\u2028two",
        "аpple",  # a Cyrillic one
        "evil\u3002example",
    ],
)
def test_device_never_reads_like_an_address_or_a_sentence(api, alice, name):
    """Some names come from the header unchanged, and mails show them to the user."""
    sent = f"{name}/1 CFNetwork/1490.0.4 Darwin/23.2.0".encode().decode("latin-1")
    session = api.check_session(alice.logs_in(api, User_Agent=sent)).json()
    assert session["device"] in {"", "iOS"}


def test_device_of_an_app_is_its_name(api, alice):
    token = alice.logs_in(api, User_Agent="Acme Notes/2.1 CFNetwork/1490.0.4 Darwin/23.2.0")
    assert api.check_session(token).json()["device"] == "Acme Notes on iOS"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        (None, ""),
    ],
)
def test_network_of_a_client_is_the_24_of_ipv4_and_the_64_of_ipv6(address, network):
    assert ClientInfo(address=address).network == network
