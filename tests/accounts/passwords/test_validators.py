"""The password rules, and the reason of each refusal (NIST SP 800-63B-4, 3.1.1.2)."""

import hashlib
import re
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as ours

from accounts.models import User
from accounts.passwords import pwned, validators
from accounts.passwords.validators import COMMON, PIECE_LENGTH, PasswordValidator, weak

from ...users import problem
from ..conftest import ask_to_reset
from ..social import forger
from ..social.forger import SAYS, forging, redirects_to

pytestmark = pytest.mark.once

STRONG = "correct horse battery"


def refusal(answer):
    """The one reason of a refusal, by its code."""
    assert problem(answer) == (422, "validation_error")
    (error,) = answer.json()["errors"]
    assert error["loc"][0] == "body"
    assert error["loc"][1] in {"password", "new_password"}
    assert error["msg"].endswith(".")
    return error["code"]


# Common passwords


@pytest.mark.asvs("6.2.4")
def test_common_passwords_of_acceptable_length_are_over_16000():
    assert sum(ours.PASSWORD_MIN_LENGTH <= len(password) <= ours.PASSWORD_MAX_LENGTH for password in COMMON) > 16_000


@pytest.mark.asvs("6.2.4")
@pytest.mark.parametrize(
    "password", ["password1", "PassWord1", "1qaz2wsx", "trustno1", "ｐａｓｓｗｏｒｄ1", "12345678"]
)
def test_common_password_is_refused_in_any_case(api, password):
    assert refusal(api.register("alice@example.org", password)) == "password_common"


@pytest.mark.parametrize("password", ["password1 is not it", "my trustno1 horse"])
def test_common_password_inside_a_longer_one_is_accepted(api, password):
    assert api.register("alice@example.org", password).status_code == 201


# Context-specific words: of the user, and of this site


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
def test_password_of_context_specific_words_is_refused(api, settings, password):
    settings.SITE_NAME, settings.FRONTEND_URL = "Tea Party", "https://app.tea-party.example"
    answer = api.register("alice.liddell@wonderland.example", password, display_name="Alice Þórunn Liddell")
    assert refusal(answer) == "password_context"


@pytest.mark.parametrize("name", ["A", "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z", "e", "老", "corr ect"])
def test_short_display_name_does_not_block_other_passwords(api, name):
    assert api.register("a@example.org", STRONG, display_name=name).status_code == 201


@pytest.mark.parametrize("password", ["wonderland by alice", "alice drinks tea", "alice83649201746"])
def test_password_of_context_specific_and_other_words_is_accepted(api, password):
    assert api.register("alice@wonderland.example", password, display_name="Alice").status_code == 201


def test_context_specific_rule_is_fast_for_a_hostile_display_name(db):
    user = User(email="a@example.org", display_name=" ".join("a" * n for n in range(3, 22)))
    started = time.thread_time()
    assert validators.context_specific("a" * 127 + "b", user) is None
    assert time.thread_time() - started < 0.1


# Weak passwords


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
def test_weak_password_is_refused(api, password):
    answer = api.register("alice@example.org", password)
    assert refusal(answer) == "password_weak"
    (error,) = answer.json()["errors"]
    assert error["msg"] == f"This password is easy to guess. {error['params']['why']}"
    assert password not in answer.content.decode()


@pytest.mark.asvs("6.2.5")
@pytest.mark.parametrize(
    "password", ["83649201746529387415", "8472916405", "kj3hf8d2", "xqjzvbwk", "hello worlds", STRONG]
)
def test_strong_password_of_any_composition_is_accepted(api, password):
    assert api.register("alice@example.org", password).status_code == 201


def test_weak_password_rule_knows_the_words_of_the_user(api):
    assert refusal(api.register("zubrowka@example.org", "my zubrowka")) == "password_weak"
    assert api.register("alice@example.org", "my zubrowka").status_code == 201


def test_weak_beginning_with_a_strong_end_is_accepted(api):
    assert api.register("alice@example.org", "a" * 100 + STRONG).status_code == 201


@pytest.mark.asvs("1.3.12", "15.2.2")
@pytest.mark.parametrize(
    "password",
    ["4@8({[<369!1|70$5+7%2" * 6, "1!2@3#4$5%6^7&8*9(0)" * 6, "3$<8643!905{{8%20$4@(95!$5[@6|[{" * 4, "ab" * 64],
    ids=["all signs", "the upper row", "the most readings", "repeats"],
)
def test_weak_password_rule_is_fast_for_hostile_passwords(password):
    started = time.thread_time()
    weak(password[:128], User(email="alice@example.org", display_name="a b c " * 40))
    assert time.thread_time() - started < 0.5


@pytest.fixture
def fast_thread_switching():
    """Threads switch all the time, as under load."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_weak_password_rule_uses_the_words_of_its_own_user_in_threads(fast_thread_switching):
    """zxcvbn keeps them in a global that all threads share."""
    users = [User(email=f"{name}@example.org") for name in ("zubrowka", "quetzalcoatlus")] * 20
    with ThreadPoolExecutor(8) as threads:
        said = list(threads.map(lambda user: weak("my zubrowka", user) is not None, users))
    assert said == [True, False] * 20


def test_slow_password_rules_run_only_after_the_fast_ones_accept(api, monkeypatch):
    asked = []
    monkeypatch.setattr(validators, "SLOW_RULES", (lambda *about: asked.append(about),))
    for password in ("short", "password1", "alice.example", "x" * 129, "nul\0nul\0"):
        assert api.register("alice@example.org", password).status_code == 422
    assert asked == []
    assert api.register("alice@example.org", STRONG).status_code == 201
    assert len(asked) == 1


# Every story that sets a password, and none that only verifies one


@pytest.mark.asvs("6.2.4", "6.2.11")
@pytest.mark.parametrize(
    ("password", "code"),
    [("alice2026!", "password_context"), ("aaaaaaaaaaaa", "password_weak"), ("trustno1", "password_common")],
)
def test_password_rules_apply_to_change_and_reset(api, alice, mailbox, password, code):
    body = {"current_password": alice.password, "new_password": password}
    assert refusal(api.call("POST", "/api/auth/password", body, token=alice.token)) == code
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    body = {"token": mailbox.token(alice.email, "password"), "new_password": password}
    assert refusal(api.call("POST", "/api/auth/password/reset/confirm", body)) == code
    assert api.login(alice.email, alice.password).status_code == 200


def test_password_rules_do_not_apply_to_login(api, db, monkeypatch):
    User.objects.create_user("alice@example.org", "password1")
    monkeypatch.setattr(PasswordValidator, "validate", None)
    assert api.login("alice@example.org", "password1").status_code == 200


# The breach lookup


def suffix(password):
    return hashlib.sha1(password.encode()).hexdigest().upper()[5:]


def range_of(password):
    return f"/range/{hashlib.sha1(password.encode()).hexdigest().upper()[:5]}"


@pytest.fixture
def knows(settings, monkeypatch):
    """A service on a real socket. `knows(STRONG, *lines)` sets its answer for the range of STRONG."""
    monkeypatch.setattr(pwned, "SECONDS", 10)  # the service of these tests answers at once
    with forging() as stolen:
        settings.PWNED_PASSWORDS_URL = f"{stolen.issuer}/range"

        def tell(password, *lines):
            stolen.behaviour[range_of(password)] = lambda request: request.tell("\r\n".join(lines).encode())

        tell.by = stolen
        yield tell
    pwned.breaker.open = False


@pytest.mark.asvs("6.2.12")
def test_breached_password_is_refused(api, knows):
    knows(STRONG, f"{'0' * 35}:7", f"{suffix(STRONG)}:12", f"{'F' * 35}:0")
    answer = api.register("alice@example.org", STRONG)
    assert refusal(answer) == "password_breached"
    assert answer.json()["errors"][0]["params"] == {"count": 12}
    assert STRONG not in answer.content.decode()


@pytest.mark.asvs("6.2.12")
def test_breached_password_is_refused_by_change_and_reset(api, alice, mailbox, knows):
    knows(STRONG, f"{suffix(STRONG)}:12")
    change = {"current_password": alice.password, "new_password": STRONG}
    assert refusal(api.call("POST", "/api/auth/password", change, token=alice.token)) == "password_breached"
    api.call("POST", "/api/auth/password/reset", {"email": alice.email})
    reset = {"token": mailbox.token(alice.email, "password"), "new_password": STRONG}
    assert refusal(api.call("POST", "/api/auth/password/reset/confirm", reset)) == "password_breached"


def test_breach_lookup_ignores_padding(api, knows):
    knows(STRONG, f"{'0' * 35}:7", f"{suffix(STRONG)}:0")
    assert api.register("alice@example.org", STRONG).status_code == 201


@pytest.mark.asvs("14.2.3")
def test_breach_lookup_sends_five_characters_of_the_digest_only(api, knows):
    sent = []

    def listens(request):
        sent.append((request.requestline, dict(request.headers)))
        request.tell(b"")

    knows.by.behaviour[range_of(STRONG)] = listens
    assert api.register("alice@example.org", STRONG).status_code == 201
    ((line, headers),) = sent
    assert re.fullmatch(r"GET /range/[0-9A-F]{5} HTTP/1.1", line)
    assert headers["Add-Padding"] == "true"
    assert not [value for value in headers.values() if "alice" in value or suffix(STRONG)[:5] in value]


def test_breach_lookup_is_skipped_for_logins_and_refused_passwords(api, alice, knows):
    alice.logs_in(api)
    api.call("POST", "/api/auth/reauthenticate", {"password": alice.password}, token=alice.token)
    api.register("bob@example.org", "password1")
    api.register("bob@example.org", "aaaaaaaaaaaa")
    assert knows.by.asked == []


def test_breach_lookup_is_off_by_default():
    assert ours.PWNED_PASSWORDS_URL == ""


SLOW = [forger.hangs, forger.trickles_headers, forger.trickles]
BROKEN = [
    forger.fails,
    forger.is_overloaded,
    forger.floods,
    forger.cuts,
    forger.hangs_up,
    forger.talks_gibberish,
    forger.answers_html,
    forger.answers_bytes,
    forger.refuses,
    redirects_to("/range/00000"),
    lambda request: request.tell(f"{suffix(STRONG)}:{'9' * 5000}".encode()),
]


@pytest.mark.asvs("13.2.6", "16.5.2")
@pytest.mark.parametrize("misbehaves", SLOW + BROKEN)
def test_breach_lookup_outage_accepts_passwords_for_a_minute(api, knows, clock, caplog, monkeypatch, misbehaves):
    monkeypatch.setattr(pwned, "SECONDS", 0.4)
    knows.by.behaviour[range_of(STRONG)] = misbehaves
    started = time.perf_counter()
    for name in ("alice", "bob", "charlie"):
        assert api.register(f"{name}@example.org", STRONG).status_code == 201
    assert time.perf_counter() - started < 5
    assert len(knows.by.asked) == 1
    (record,) = [record for record in caplog.records if "not looked up in breaches" in record.getMessage()]
    assert not [word for word in (STRONG, SAYS, suffix(STRONG)[:6], range_of(STRONG)) if word in record.getMessage()]
    knows(STRONG, f"{suffix(STRONG)}:1")
    monkeypatch.setattr(pwned, "SECONDS", 10)
    clock.shift(61)
    assert refusal(api.register("dora@example.org", STRONG)) == "password_breached"


def test_breach_lookup_refused_connection_is_an_outage(api, knows, settings):
    settings.PWNED_PASSWORDS_URL = "http://127.0.0.1:1/range"
    assert api.register("alice@example.org", STRONG).status_code == 201


def test_weak_password_rule_pieces_are_within_zxcvbns_limit():
    assert PIECE_LENGTH <= 72


@pytest.mark.asvs("15.2.2")
def test_no_rule_reads_a_new_password_that_is_too_long(api, alice, mailbox, monkeypatch):
    """Each of these passwords breaks other rules too, which would take long for 64 KiB."""
    ask_to_reset(api, alice.email)
    token = mailbox.token(alice.email, "new password")
    read = []
    monkeypatch.setattr(validators, "folded", lambda text: read.append(text) or text)
    for password in ("latchkey" * 8000, "x" * 60_000, "x" * 129):
        bodies = {
            "register": {"email": "dora@example.org", "password": password},
            "password": {"current_password": alice.password, "new_password": password},
            "password/reset/confirm": {"token": token, "new_password": password},
        }
        for path, body in bodies.items():
            answer = api.call("POST", f"/api/auth/{path}", body, token=alice.token if path == "password" else "")
            assert problem(answer) == (422, "validation_error")
            assert [error["code"] for error in answer.json()["errors"]] == ["password_too_long"]
    assert read == []


def test_no_rule_reads_a_new_password_of_the_admin_that_is_too_long(admin, monkeypatch):
    read = []
    monkeypatch.setattr(validators, "folded", lambda text: read.append(text) or text)
    new = {"new_password1": "latchkey" * 4000, "new_password2": "latchkey" * 4000}
    answer = admin.post("/admin/password_change/", {"old_password": "the password of root", **new})
    assert answer.status_code == 200
    assert read == []
