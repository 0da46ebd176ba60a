import pytest

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("sent", "seen"),
    [(FIREFOX, "Firefox on Linux"), (IPHONE, "Safari on iOS"), ("curl/7.88.1", "curl"), ("x" * 512, ""), ("", "")],
)
def test_a_device_has_a_name_beside_the_raw_text(api, alice, sent, seen):
    session = api.check_session(alice.logs_in(api, User_Agent=sent)).json()
    assert (session["device"], session["user_agent"]) == (seen, sent)
