"""The client of a request: the name of its device, and its network."""

from ipaddress import ip_network

import pytest

from sessions_api.http.client import ClientInfo

pytestmark = pytest.mark.once

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iOS"),
        ("Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UQ1A)", "Android"),
        ("Mozilla/5.0 (PlayStation; PlayStation 5/6.50) AppleWebKit/605.1.15 (KHTML, like Gecko)", ""),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            "Apple Mail on macOS",
        ),
        ("curl/7.88.1", "curl"),
        ("x" * 512, ""),
        ("", ""),
    ],
)
def test_device_names_browser_and_system_of_the_user_agent(api, alice, sent, seen):
    session = api.check_session(alice.logs_in(api, User_Agent=sent)).json()
    assert (session["device"], session["user_agent"]) == (seen, sent)


def test_device_is_empty_without_a_user_agent(api, alice):
    session = api.check_session(alice.logs_in(api)).json()
    assert (session["device"], session["user_agent"]) == ("", "")


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


# The address, as proxies and trusted peers write it


@pytest.mark.asvs("4.1.3")
@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("203.0.113.7:49152", "203.0.113.7"),
        ("[2001:db8::7]:49152", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        (' "[2001:DB8::7]:1" ', "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
        ("unknown", None),
        ("_hidden", None),
        ("203.0.113.7:port", None),
        ("", None),
    ],
)
def test_session_shows_the_address_of_a_proxy_without_port_and_brackets(api, alice, settings, written, address):
    settings.TRUSTED_PROXY_COUNT = 1
    token = alice.logs_in(api, X_Forwarded_For=written)
    assert api.check_session(token).json()["ip_address"] == address


def test_request_without_a_proxy_has_the_address_of_its_socket(api, alice, settings):
    settings.TRUSTED_PROXY_COUNT = 1
    assert api.check_session(alice.logs_in(api)).json()["ip_address"] == "127.0.0.1"


NAMED = {"Latchkey_Client_IP": "[203.0.113.7]:4711", "Latchkey_Client_User_Agent": FIREFOX}


@pytest.fixture
def _trusting(settings):
    settings.TRUSTED_PEERS = [ip_network("10.0.0.7"), ip_network("fd00:7::/64")]
    settings.TRUSTED_PROXY_COUNT = 1


@pytest.mark.asvs("4.1.3", "6.3.1")
@pytest.mark.usefixtures("_trusting")
def test_trusted_peer_names_its_client_and_each_client_has_its_own_limits(api, alice):
    named = {"X_Forwarded_For": "fd00:7::1", "Latchkey_Client_IP": "203.0.113.7", "User_Agent": "node"}
    session = api.check_session(alice.logs_in(api, **named, Latchkey_Client_User_Agent=FIREFOX)).json()
    assert (session["ip_address"], session["device"]) == ("203.0.113.7", "Firefox on Linux")
    answers = [
        api.login(f"user{number}@example.org", **named | {"Latchkey_Client_IP": f"192.0.{number}.1"})
        for number in range(61)
    ]
    assert {answer.status_code for answer in answers} == {401}


@pytest.mark.usefixtures("_trusting")
def test_client_has_no_address_where_a_trusted_peer_names_no_readable_one(api, alice):
    session = api.check_session(alice.logs_in(api, X_Forwarded_For="10.0.0.7", Latchkey_Client_IP="unknown")).json()
    assert session["ip_address"] is None


@pytest.mark.asvs("4.1.3")
@pytest.mark.usefixtures("_trusting")
@pytest.mark.parametrize("peer", ["10.0.0.8", "fd00:8::1", "10.0.0.7, 198.51.100.1", "unknown"])
def test_client_headers_of_other_callers_are_ignored(api, alice, peer):
    session = api.check_session(alice.logs_in(api, X_Forwarded_For=peer, User_Agent="curl/8", **NAMED)).json()
    assert (session["ip_address"], session["user_agent"]) != ("203.0.113.7", FIREFOX)
    assert session["user_agent"] == "curl/8"


@pytest.mark.asvs("4.1.3")
@pytest.mark.usefixtures("_trusting")
def test_client_headers_are_ignored_for_the_admin(api, root, settings):
    settings.TRUSTED_PROXY_COUNT = 0
    for path, address in (("/admin/login/", "10.0.0.7"), ("/api/auth/config", "203.0.113.7")):
        headers = {name.replace("_", "-"): value for name, value in NAMED.items()}
        answer = api.get(path, headers=headers, REMOTE_ADDR="10.0.0.7")
        assert ClientInfo.from_environ(answer.wsgi_request.META).address == address


@pytest.mark.usefixtures("_trusting")
def test_trusted_peer_that_names_no_client_counts_itself(api, alice):
    session = api.check_session(alice.logs_in(api, X_Forwarded_For="10.0.0.7", User_Agent="node")).json()
    assert (session["ip_address"], session["user_agent"]) == ("10.0.0.7", "node")


def test_device_is_read_from_the_beginning_of_a_long_user_agent(api, alice):
    """The time of the parser grows with the text. Browsers send at most 256 characters."""
    padding = " " + "x" * 200
    for sent, seen in ((FIREFOX + padding, "Firefox on Linux"), (padding * 2 + FIREFOX, "")):
        assert api.check_session(alice.logs_in(api, User_Agent=sent.strip())).json()["device"] == seen
