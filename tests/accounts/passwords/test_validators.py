"""What others would try first is no password here, and the refusal says why (NIST SP 800-63B-4, 3.1.1.2)."""

import hashlib
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as ours

from accounts.models import User
from accounts.passwords import pwned as breaches
from accounts.passwords import validators as password_rules
from accounts.passwords.validators import COMMON, PIECE, PasswordValidator, weak

from ...users import problem
from ..social import forger as service
from ..social.forger import SAYS, forging, redirects_to

GOOD = "correct horse battery"


def refusal(answer):
    """The one reason of a refusal, by its code."""
    assert problem(answer) == (422, "validation_error")
    (error,) = answer.json()["errors"]
    assert error["loc"][0] == "body"
    assert error["loc"][1] in {"password", "new_password"}
    assert error["msg"].endswith(".")
    return error["code"]


# The most common


@pytest.mark.asvs("6.2.4")
def test_more_than_three_thousand_common_ones_satisfy_our_own_length():
    assert sum(ours.PASSWORD_MIN_LENGTH <= len(password) <= ours.PASSWORD_MAX_LENGTH for password in COMMON) > 16_000


@pytest.mark.asvs("6.2.4")
@pytest.mark.parametrize(
    "password", ["password1", "PassWord1", "1qaz2wsx", "trustno1", "ｐａｓｓｗｏｒｄ1", "12345678"]
)
def test_a_common_password_is_refused_in_any_case(api, password):
    assert refusal(api.register("alice@example.org", password)) == "password_common"


@pytest.mark.parametrize("password", ["password1 is not it", "my trustno1 horse"])
def test_it_is_the_whole_of_it_that_counts(api, password):
    assert api.register("alice@example.org", password).status_code == 201


# The user's own words, and this place's


@pytest.mark.asvs("6.2.11")
@pytest.mark.parametrize(
    "password",
    [
        "alice.liddell@wonderland.example",
        "ALICE@wonderland",
        "aliceliddell",
        "Alice Liddell",
        "Alice.Liddell_2026",
        "liddell2026!",
        "LiddellAlice",
        "1wonderland1",
        "Þórunn-Þórunn",
        "latchkey",
        "Latchkey2026!",
        "liddell-latchkey",
        "Tea Party 1",
        "app.tea-party.example",
    ],
)
def test_a_password_of_the_persons_and_the_sites_own_words_is_refused(api, settings, password):
    settings.SITE_NAME, settings.FRONTEND_URL = "Tea Party", "https://app.tea-party.example"
    answer = api.register("alice.liddell@wonderland.example", password, display_name="Alice Þórunn Liddell")
    assert refusal(answer) == "password_context"


@pytest.mark.parametrize("name", ["A", "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z", "e", "老", "corr ect"])
def test_a_short_name_leaves_all_other_passwords_possible(api, name):
    assert api.register("a@example.org", GOOD, display_name=name).status_code == 201


@pytest.mark.parametrize("password", ["wonderland by alice", "alice drinks tea", "alice83649201746"])
def test_own_words_among_others_are_fine(api, password):
    assert api.register("alice@wonderland.example", password, display_name="Alice").status_code == 201


def test_a_name_that_is_made_to_be_hard_to_compare_costs_nothing(db):
    user = User(email="a@example.org", display_name=" ".join("a" * n for n in range(3, 22)))
    started = time.thread_time()
    assert password_rules.context("a" * 127 + "b", user) is None
    assert time.thread_time() - started < 0.1


# What is easy to guess


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaa",
        "a" * 128,
        "🔑" * 8,
        "qwertyuiop-12",
        "123456789012345678901",
        "8" * 20,
        "abcabcabcabc",
        "P@ssw0rd2026",
        "D0g.....................",
        "jennifer1987",
        "0000000000000000000001",
        "asdfghjkl;'",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(api, password):
    answer = api.register("alice@example.org", password)
    assert refusal(answer) == "password_weak"
    (error,) = answer.json()["errors"]
    assert error["msg"] == f"This password is easy to guess. {error['params']['why']}"
    assert password not in answer.content.decode()


@pytest.mark.asvs("6.2.5")
@pytest.mark.parametrize(
    "password", ["83649201746529387415", "8472916405", "kj3hf8d2", "xqjzvbwk", "hello worlds", GOOD]
)
def test_nothing_is_refused_for_what_it_is_made_of(api, password):
    assert api.register("alice@example.org", password).status_code == 201


def test_the_persons_words_make_what_contains_them_easier_to_guess(api):
    assert refusal(api.register("zubrowka@example.org", "my zubrowka")) == "password_weak"
    assert api.register("alice@example.org", "my zubrowka").status_code == 201


def test_a_strong_end_makes_up_for_a_weak_beginning(api):
    assert api.register("alice@example.org", "a" * 100 + GOOD).status_code == 201


@pytest.mark.once
@pytest.mark.asvs("1.3.12", "15.2.2")
@pytest.mark.parametrize(
    "password",
    ["4@8({[<369!1|70$5+7%2" * 6, "1!2@3#4$5%6^7&8*9(0)" * 6, "3$<8643!905{{8%20$4@(95!$5[@6|[{" * 4, "ab" * 64],
    ids=["all signs", "the upper row", "as many as are looked at", "repeats"],
)
def test_no_password_takes_long_to_estimate(password):
    started = time.thread_time()
    weak(password[:128], User(email="alice@example.org", display_name="a b c " * 40))
    assert time.thread_time() - started < 0.5


@pytest.fixture
def restless():
    """Threads that take turns all the time, as under load."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_each_estimate_is_made_with_the_words_of_its_own_user(restless):
    """zxcvbn keeps them in a place that all threads share."""
    users = [User(email=f"{name}@example.org") for name in ("zubrowka", "quetzalcoatlus")] * 20
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda user: weak("my zubrowka", user) is not None, users))
    assert said == [True, False] * 20


def test_the_costly_rules_are_asked_only_where_the_cheap_ones_are_content(api, monkeypatch):
    asked = []
    monkeypatch.setattr(password_rules, "COSTLY", (lambda *about: asked.append(about),))
    for password in ("short", "password1", "alice.example", "x" * 129, "nul\0nul\0"):
        assert api.register("alice@example.org", password).status_code == 422
    assert asked == []
    assert api.register("alice@example.org", GOOD).status_code == 201
    assert len(asked) == 1


# All ways to a new password, and none of those that only use one


@pytest.mark.asvs("6.2.4", "6.2.11")
@pytest.mark.parametrize(
    ("password", "code"),
    [("alice2026!", "password_context"), ("aaaaaaaaaaaa", "password_weak"), ("trustno1", "password_common")],
)
def test_a_changed_and_a_reset_password_have_to_be_as_good(api, alice, mailbox, password, code):
    body = {"current_password": alice.password, "new_password": password}
    assert refusal(api.call("POST", "/api/auth/password", body, token=alice.token)) == code
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    body = {"token": mailbox.token(alice.email, "password"), "new_password": password}
    assert refusal(api.call("POST", "/api/auth/password/reset/confirm", body)) == code
    assert api.login(alice.email, alice.password).status_code == 200


def test_a_password_that_would_be_refused_today_still_logs_in(api, db, monkeypatch):
    User.objects.create_user("alice@example.org", "password1")
    monkeypatch.setattr(PasswordValidator, "validate", None)
    assert api.login("alice@example.org", "password1").status_code == 200


# The service that knows stolen ones


def suffix(password):
    return hashlib.sha1(password.encode()).hexdigest().upper()[5:]


def range_of(password):
    return f"/range/{hashlib.sha1(password.encode()).hexdigest().upper()[:5]}"


@pytest.fixture
def knows(settings, monkeypatch):
    """A service on a real socket; `knows(GOOD, lines)` has it answer so when it is asked for the range of GOOD."""
    monkeypatch.setattr(breaches, "SECONDS", 10)  # what is asked here answers at once
    with forging() as stolen:
        settings.PWNED_PASSWORDS_URL = f"{stolen.issuer}/range"

        def tell(password, *lines):
            stolen.behaviour[range_of(password)] = lambda request: request.tell("\r\n".join(lines).encode())

        tell.by = stolen
        yield tell
    breaches.breaker.reset()


@pytest.mark.asvs("6.2.12")
def test_a_stolen_password_is_refused(api, knows):
    knows(GOOD, f"{'0' * 35}:7", f"{suffix(GOOD)}:12", f"{'F' * 35}:0")
    answer = api.register("alice@example.org", GOOD)
    assert refusal(answer) == "password_breached"
    assert answer.json()["errors"][0]["params"] == {"count": 12}
    assert GOOD not in answer.content.decode()


def test_what_only_pads_the_answer_is_not_stolen(api, knows):
    knows(GOOD, f"{'0' * 35}:7", f"{suffix(GOOD)}:0")
    assert api.register("alice@example.org", GOOD).status_code == 201


def test_five_characters_of_a_digest_are_all_that_leaves(api, knows):
    sent = []

    def listens(request):
        sent.append((request.requestline, dict(request.headers)))
        request.tell(b"")

    knows.by.behaviour[range_of(GOOD)] = listens
    assert api.register("alice@example.org", GOOD).status_code == 201
    ((line, headers),) = sent
    assert re.fullmatch(r"GET /range/[0-9A-F]{5} HTTP/1.1", line)
    assert headers["Add-Padding"] == "true"
    assert not [value for value in headers.values() if "alice" in value or suffix(GOOD)[:5] in value]


def test_nobody_is_asked_about_a_login_or_what_is_refused_already(api, alice, knows):
    alice.logs_in(api)
    api.call("POST", "/api/auth/reauthenticate", {"password": alice.password}, token=alice.token)
    api.register("bob@example.org", "password1")
    api.register("bob@example.org", "aaaaaaaaaaaa")
    assert knows.by.asked == []


def test_by_default_nobody_is_asked():
    assert ours.PWNED_PASSWORDS_URL == ""


SLOW = [service.hangs, service.trickles_headers, service.trickles]
BROKEN = [
    service.fails,
    service.is_overloaded,
    service.floods,
    service.cuts,
    service.hangs_up,
    service.talks_gibberish,
    service.answers_html,
    service.answers_bytes,
    service.refuses,
    redirects_to("/range/00000"),
    lambda request: request.tell(f"{suffix(GOOD)}:{'9' * 5000}".encode()),
]


@pytest.mark.once
@pytest.mark.asvs("13.2.6", "16.5.2")
@pytest.mark.parametrize("misbehaves", SLOW + BROKEN)
def test_its_outage_is_never_in_the_way_and_met_once_a_minute(api, knows, clock, caplog, monkeypatch, misbehaves):
    monkeypatch.setattr(breaches, "SECONDS", 0.4)
    knows.by.behaviour[range_of(GOOD)] = misbehaves
    started = time.perf_counter()
    for name in ("alice", "bob", "charlie"):
        assert api.register(f"{name}@example.org", GOOD).status_code == 201
    assert time.perf_counter() - started < 5
    assert len(knows.by.asked) == 1
    (record,) = [record for record in caplog.records if "not looked up in breaches" in record.getMessage()]
    assert not [word for word in (GOOD, SAYS, suffix(GOOD)[:6], range_of(GOOD)) if word in record.getMessage()]
    knows(GOOD, f"{suffix(GOOD)}:1")
    monkeypatch.setattr(breaches, "SECONDS", 10)
    clock.shift(61)
    assert refusal(api.register("dora@example.org", GOOD)) == "password_breached"


def test_nobody_there_is_an_outage_too(api, knows, settings):
    settings.PWNED_PASSWORDS_URL = "http://127.0.0.1:1/range"
    assert api.register("alice@example.org", GOOD).status_code == 201


def test_pieces_are_within_the_limit_of_the_estimate():
    assert PIECE <= 72
