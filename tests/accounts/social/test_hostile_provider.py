"""A provider that is down, slow or hostile: the sign-in fails in time, and has no other effect."""

import gzip
import json
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from social_django.models import UserSocialAuth

from accounts.login.models import SessionExchangeCode
from accounts.models import User
from accounts.single_use.models import ConsumedToken
from accounts.social.providers import base as backend
from sessions_api.models import Session

from ...races import at_once
from ...server import database, free_port, serving
from . import forger as provider
from .conftest import Browser
from .forger import DISCOVERY, KEYS, SAYS, TOKEN, forging, self_signed

pytestmark = pytest.mark.once

GIVE_UP_AFTER = 0.8  # instead of ten seconds

DOWN = [
    provider.fails,
    provider.is_overloaded,
    provider.floods,
    provider.cuts,
    provider.hangs_up,
    provider.talks_gibberish,
]
SLOW = [provider.hangs, provider.trickles_headers, provider.trickles]
GARBAGE = [
    provider.breaks_json,
    provider.answers_html,
    provider.answers_a_list,
    provider.answers_null,
    provider.answers_bytes,
    provider.nests_deeply,
    provider.refuses,
]


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(backend, "TOTAL_SECONDS", GIVE_UP_AFTER)


def sign_in(visitor, forger, path, misbehaves):
    """Where a sign-in lands if the provider misbehaves at this path, and the seconds that it took."""
    forger.behaviour[path] = misbehaves
    begun = time.monotonic()
    address = visitor.start(next="/inbox", state="mine")
    if path != DISCOVERY:
        address = forger.consent(address)
        begun = time.monotonic()
        landing = visitor.land(address)
    else:
        landing = visitor.landing(address)
    return landing, time.monotonic() - begun


def nothing_is_written(consumed=0):
    for table in (User, UserSocialAuth, Session, SessionExchangeCode):
        assert not table.objects.exists()
    assert ConsumedToken.objects.count() == consumed


@pytest.mark.asvs("13.2.6", "16.5.2", "16.5.3")
@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, KEYS])
@pytest.mark.parametrize("misbehaves", DOWN + SLOW)
def test_provider_that_is_down_or_slow_is_abandoned_in_time(impatient, visitor, forger, path, misbehaves):
    landing, seconds = sign_in(visitor, forger, path, misbehaves)
    assert landing.told == {"error": "provider_unavailable", "next": "/inbox", "state": "mine"}
    assert landing.path == "/oauth/error"
    assert seconds < GIVE_UP_AFTER + 2
    nothing_is_written(consumed=path != DISCOVERY)


@pytest.mark.asvs("13.2.6")
def test_provider_that_trickles_keeps_no_thread_waiting(impatient, visitor, forger):
    sign_in(visitor, forger, TOKEN, provider.trickles)
    assert forger.left_alone.wait(5)


def test_provider_answer_is_read_up_to_one_mebibyte(visitor, forger):
    landing, _ = sign_in(visitor, forger, TOKEN, provider.floods)
    assert landing.error == "provider_unavailable"
    assert forger.left_alone.wait(5)
    assert forger.sent < 20 * 2**20  # some more is in the sockets' buffers


def test_provider_answer_is_limited_after_decompression(visitor, forger):
    bomb = zlib.compress(b" " * 50 * 2**20)
    answer = {"Content-Encoding": "deflate", "Content-Length": str(len(bomb))}
    landing, _ = sign_in(visitor, forger, TOKEN, lambda request: request.tell(bomb, **answer))
    assert landing.error == "provider_unavailable"
    nothing_is_written(consumed=1)


@pytest.mark.parametrize("squeezed", [b"", b"\x1f\x8b garbage", b"garbage"])
def test_provider_answer_with_broken_compression_is_refused(visitor, forger, squeezed):
    answer = {"Content-Encoding": "gzip", "Content-Length": str(len(squeezed))}
    landing, _ = sign_in(visitor, forger, TOKEN, lambda request: request.tell(squeezed, **answer))
    assert landing.error in {"provider_unavailable", "provider_error"}
    nothing_is_written(consumed=1)


def test_provider_answer_compressed_and_chunked_is_read(visitor, forger):
    def squeezed(request):
        body = gzip.compress(json.dumps({"keys": forger.keys}).encode())
        request.protocol_version = "HTTP/1.1"
        request.begin(**{"Content-Encoding": "gzip", "Transfer-Encoding": "chunked", "Connection": "close"})
        for byte in body:
            request.wfile.write(b"1\r\n" + bytes([byte]) + b"\r\n")
        request.wfile.write(b"0\r\n\r\n")

    forger.behaviour[KEYS] = squeezed
    assert visitor.land(forger.consent(visitor.start())).path == "/oauth/callback"


@pytest.mark.asvs("16.5.1", "16.5.3")
@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, KEYS])
@pytest.mark.parametrize("misbehaves", GARBAGE)
def test_provider_answer_of_another_form_is_neither_used_nor_quoted(visitor, forger, path, misbehaves, caplog):
    landing, _ = sign_in(visitor, forger, path, misbehaves)
    assert landing.error == "provider_error"
    assert SAYS not in landing.url
    assert SAYS not in caplog.text
    assert "Traceback" not in caplog.text
    nothing_is_written(consumed=path != DISCOVERY)


@pytest.mark.asvs("15.3.2")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, KEYS])
def test_provider_redirect_is_not_followed(visitor, forger, path, status):
    with forging() as elsewhere:
        elsewhere.discovery |= {"issuer": forger.issuer}
        landing, _ = sign_in(visitor, forger, path, provider.redirects_to(elsewhere.issuer + path, status))
        assert landing.error == "provider_error"
        assert elsewhere.asked == []
    nothing_is_written(consumed=path != DISCOVERY)


@pytest.mark.asvs("12.3.2")
def test_provider_certificate_that_is_self_signed_is_refused(visitor, settings, tmp_path):
    with forging(self_signed(tmp_path)) as forger:
        forger.configure(settings)
        assert visitor.landing(visitor.start()).error == "provider_unavailable"
        assert forger.asked == []


def test_provider_that_refuses_connections_is_unavailable(visitor, settings):
    settings.SOCIAL_AUTH_GOOGLE_OIDC_ENDPOINT = f"http://localhost:{free_port()}"
    assert visitor.landing(visitor.start()).error == "provider_unavailable"


@pytest.mark.asvs("10.5.3")
@pytest.mark.parametrize("odd", [lambda own: "https://accounts.google.com", lambda own: None, lambda own: [own]])
def test_discovery_document_of_another_issuer_is_refused_and_not_cached(visitor, forger, odd):
    forger.discovery["issuer"] = odd(forger.issuer)
    assert visitor.landing(visitor.start()).error == "provider_error"
    forger.discovery["issuer"] = forger.issuer
    assert visitor.land(forger.consent(visitor.start())).path == "/oauth/callback"


@pytest.mark.parametrize(
    "change",
    [
        {"authorization_endpoint": None},
        {"authorization_endpoint": ["x"]},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "http://[bad"},
        {"authorization_endpoint": "x" * 10_000},
        {"token_endpoint": None},
        {"token_endpoint": 7},
        {"token_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://[bad"},
        {"token_endpoint": "file:///etc/passwd"},
        {"token_endpoint": "//evil/token"},
        {"jwks_uri": {}},
        {"jwks_uri": "http://" + "a" * 300 + ".example/"},
    ],
)
def test_discovery_document_with_invalid_endpoints_is_refused(visitor, forger, change):
    forger.discovery |= change
    address = visitor.start()
    if address.startswith(f"{forger.issuer}/authorize"):
        landing = visitor.land(forger.consent(address))
    else:
        landing = visitor.landing(address)
    assert landing.error in {"provider_error", "provider_unavailable"}
    nothing_is_written(consumed=ConsumedToken.objects.count())


@pytest.mark.parametrize(
    "answer",
    [
        {"id_token": None},
        {"id_token": ""},
        {"id_token": 7},
        {"id_token": ["x"]},
        {"id_token": "x"},
        {"id_token": "x.y.z"},
        {"id_token": "\ud800"},
        {"id_token": "é.é.é"},
        {"id_token": "." * 100_000},
        {"id_token": "a" * 10_001},
        {"access_token": None},
        {"access_token": 7},
        {"error": SAYS},
        {"error": {"a": SAYS}},
        {"error": None, "id_token": None},
        {"denied": True, "id_token": None},
    ],
)
def test_token_response_of_another_form_is_refused(visitor, forger, answer):
    address = forger.consent(visitor.start(), forge=lambda claims: {"id_token": provider.signed(claims)} | answer)
    landing = visitor.land(address)
    assert landing.error in {"provider_error", "access_denied", "provider_unavailable"}
    assert SAYS not in landing.url
    nothing_is_written(consumed=1)


@pytest.mark.parametrize(
    "keys", [[], None, {}, ["x"], [{}], [{"kid": "first"}], [{"kid": "first", "kty": "oct", "k": "eA"}]]
)
def test_provider_keys_of_another_form_are_refused(visitor, forger, keys):
    forger.keys = keys
    assert visitor.land(forger.consent(visitor.start())).error == "provider_error"
    nothing_is_written(consumed=1)


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, KEYS])
@pytest.mark.parametrize("misbehaves", [provider.fails, provider.answers_html, provider.answers_a_list])
def test_provider_that_recovers_is_used_at_once(visitor, forger, path, misbehaves):
    sign_in(visitor, forger, path, misbehaves)
    forger.behaviour.clear()
    assert visitor.land(forger.consent(visitor.start())).path == "/oauth/callback"


def test_discovery_document_and_keys_are_cached(visitor, forger):
    for _ in range(3):
        visitor.land(forger.consent(visitor.start()))
    assert forger.asked.count(DISCOVERY) == forger.asked.count(KEYS) == 1


def test_unknown_key_does_not_drop_the_cached_keys(visitor, forger):
    visitor.land(forger.consent(visitor.start()))
    forger.behaviour[KEYS] = provider.fails
    other = visitor.land(forger.consent(visitor.start(), forge=lambda claims: provider.signed(claims, by="second")))
    assert other.path == "/oauth/error"
    assert visitor.land(forger.consent(visitor.start())).path == "/oauth/callback"


def test_token_response_outside_the_id_token_is_ignored(visitor, forger):
    said = {"email": "victim@gmail.com", "email_verified": True, "sub": "victim", "name": SAYS}

    def forge(claims):
        for name in ("email", "email_verified", "name"):
            del claims[name]
        return {"id_token": provider.signed(claims)} | said

    assert visitor.land(forger.consent(visitor.start(), forge=forge)).error == "email_unverified"
    nothing_is_written(consumed=1)


def p99(seconds):
    return sorted(seconds)[len(seconds) * 99 // 100]


def seconds_of_checks(server, token):
    """The seconds that each of four hundred session checks takes, on eight connections."""

    def fifty(_):
        seconds = []
        with requests.Session() as client:
            client.headers["Authorization"] = f"Bearer {token}"
            for _ in range(50):
                begun = time.monotonic()
                assert client.get(f"{server.url}/api/auth/session", timeout=30).status_code == 200
                seconds.append(time.monotonic() - begun)
        return seconds

    with ThreadPoolExecutor(8) as pool:
        return [second for seconds in pool.map(fifty, range(8)) for second in seconds]


def callbacks(server, forger, number):
    """Browsers at the callback: each call sends one, and returns the answer."""

    def ready():
        browser = requests.Session()
        there = browser.get(f"{server.url}/api/auth/oauth/google", allow_redirects=False, timeout=30)
        back = urlsplit(forger.consent(there.headers["Location"]))
        return lambda: browser.get(f"{server.url}{back.path}?{back.query}", allow_redirects=False, timeout=30)

    return [ready() for _ in range(number)]


def starts(server, forger, number):
    return [lambda: requests.get(f"{server.url}/api/auth/oauth/google", allow_redirects=False, timeout=30)] * number


@pytest.mark.postgres
@pytest.mark.asvs("13.2.6", "16.5.2", "15.2.2", "15.4.4")
@pytest.mark.parametrize(("path", "calls"), [(TOKEN, callbacks), (DISCOVERY, starts)], ids=["callback", "start"])
def test_session_check_beside_a_hanging_provider_takes_at_most_three_times_as_long(tmp_path, path, calls):
    """Nine calls for eight threads. Each thread that may wait for the provider waits; the excess is refused at once."""
    env = {"GOOGLE_CLIENT_ID": "our-client-id", "GOOGLE_CLIENT_SECRET": "y"}
    with (
        forging() as forger,
        database(tmp_path) as url,
        serving(log=tmp_path / "log", DATABASE_URL=url, GOOGLE_OIDC_ENDPOINT=forger.issuer, **env) as server,
        ThreadPoolExecutor(9) as pool,
    ):
        body = {"email": "alice@example.org", "password": "the password of alice"}
        token = server.call("POST", "/api/auth/register", body).json()["token"]
        seconds_of_checks(server, token)  # until the server is warm
        idle = p99(seconds_of_checks(server, token))
        ready = calls(server, forger, 9)
        forger.behaviour[path] = provider.hangs
        answers = [pool.submit(call) for call in ready]
        assert forger.stalled.wait(10)
        beside = p99(seconds_of_checks(server, token))
        assert beside <= 3 * max(idle, 0.05)  # 50 ms: on a busy machine, the idle server may have been lucky
        assert len([answer for answer in answers if answer.done()]) >= 6
        assert not all(answer.done() for answer in answers)
        forger.over.set()
        for answer in answers:
            assert "error=provider_unavailable" in answer.result().headers["Location"]


@contextmanager
def waiting_for(provider, number):
    """So many threads wait for this provider."""
    backend.provider_calls.taken[provider] += number
    try:
        yield
    finally:
        backend.provider_calls.taken[provider] -= number


def no_place():
    """All threads that may wait for a provider wait."""
    return waiting_for("google", backend.provider_calls.places)


@pytest.mark.asvs("13.2.6", "16.5.2")
def test_callback_that_finds_no_place_is_refused_and_can_be_sent_again(visitor, forger):
    address = forger.consent(visitor.start(next="/inbox", state="mine"))
    with no_place():
        landing = visitor.land(address)
        assert landing.told == {"error": "provider_unavailable", "next": "/inbox", "state": "mine"}
        nothing_is_written()
    assert TOKEN not in forger.asked
    assert visitor.land(address).path == "/oauth/callback"


def test_callback_above_the_rate_limit_can_be_sent_again(visitor, forger, clock):
    address = forger.consent(visitor.start())
    for _ in range(60):
        Browser().get("/api/auth/oauth/google")
    assert visitor.land(address).error == "rate_limited"
    clock.shift(61)
    assert visitor.land(address).path == "/oauth/callback"


def test_callback_with_a_refusal_of_the_provider_needs_no_place(visitor, forger):
    state = parse_qs(urlsplit(visitor.start()).query)["state"][0]
    with no_place():
        landing = visitor.land(f"/api/auth/oauth/google/callback?error=access_denied&state={state}")
    assert landing.error == "access_denied"


def test_start_that_finds_no_place_is_refused_and_its_link_address_stays_valid(visitor, forger, api, alice):
    address = api.call("POST", "/api/auth/oauth/google/link", token=alice.token).json()["authorize_url"]
    address = address.removeprefix("http://localhost:8000")
    with no_place():
        assert visitor.landing(visitor.get(address).headers["Location"]).error == "provider_unavailable"
    assert forger.asked == []
    assert visitor.get(address).headers["Location"].startswith(forger.issuer)


def test_start_with_a_known_discovery_document_needs_no_place(visitor, forger):
    visitor.start()
    with no_place():
        assert visitor.start().startswith(forger.issuer)


@pytest.mark.asvs("13.2.6")
def test_hanging_provider_leaves_a_place_to_others(settings, forger, visitor):
    """Of several configured providers, none can take all places."""
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "x"
    address = forger.consent(visitor.start())
    with waiting_for("github", backend.provider_calls.places - 1):
        assert visitor.land(address).path == "/oauth/callback"
    address = forger.consent(visitor.start())
    with waiting_for("google", backend.provider_calls.places - 1):
        assert visitor.land(address).error == "provider_unavailable"


@pytest.mark.parametrize("outcome", [provider.fails, provider.hangs_up, provider.answers_html, None])
def test_place_is_given_back_whatever_the_provider_answers(visitor, forger, outcome):
    for _ in range(backend.provider_calls.places + 1):
        address = forger.consent(visitor.start())
        forger.behaviour = {TOKEN: outcome} if outcome else {}
        visitor.land(address)
    forger.behaviour.clear()
    assert visitor.land(forger.consent(visitor.start())).path == "/oauth/callback"
    assert backend.provider_calls.taken.total() == 0


def test_discovery_document_is_fetched_by_one_thread_at_a_time(visitor, forger):
    """The others wait for it."""

    def slowly(request):
        forger.stalled.set()
        forger.over.wait(0.5)
        request.tell(forger.discovery)

    forger.behaviour[DISCOVERY] = slowly
    places = at_once(*[lambda: Browser().start()] * backend.provider_calls.places)
    assert all(place.startswith(forger.issuer) for place in places)
    assert forger.asked.count(DISCOVERY) == 1


def test_discovery_document_that_cannot_be_fetched_again_stays_in_use(visitor, forger, clock):
    visitor.start()
    clock.shift(25 * 3600)
    forger.behaviour[DISCOVERY] = provider.fails
    for _ in range(3):
        assert visitor.start().startswith(forger.issuer)
    assert forger.asked.count(DISCOVERY) == 2  # the failure delays one caller
    forger.behaviour.clear()
    clock.shift(61)
    for _ in range(3):
        assert visitor.start().startswith(forger.issuer)
    assert forger.asked.count(DISCOVERY) == 3


@pytest.mark.asvs("13.2.6")
def test_invented_key_ids_cost_one_call_a_minute(visitor, forger, api, clock):
    def bring(kid):
        token = provider.signed(forger.claims(nonce="a nonce of the app"), by="stranger", kid=kid)
        body = {"id_token": token, "nonce": "a nonce of the app"}
        assert api.call("POST", "/api/auth/oauth/google/token", body).status_code == 400

    visitor.land(forger.consent(visitor.start()))
    asked = forger.asked.count(KEYS)
    for number in range(10):
        bring(f"invented-{number}")
    assert forger.asked.count(KEYS) == asked + 1
    assert visitor.land(forger.consent(visitor.start())).path == "/oauth/callback"
    clock.shift(61)
    bring("another")
    bring("yet another")
    assert forger.asked.count(KEYS) == asked + 2


def test_new_key_is_accepted_a_minute_after_an_invented_one(visitor, forger, clock):
    def sign_in(kid):
        address = forger.consent(visitor.start(), forge=lambda claims: provider.signed(claims, by=kid))
        return visitor.land(address)

    sign_in("first")
    assert sign_in("invented").error == "provider_error"
    forger.keys.append(provider.jwk("second"))
    clock.shift(61)
    assert sign_in("second").path == "/oauth/callback"
    forger.keys.append(provider.jwk("third"))
    assert sign_in("third").path == "/oauth/callback"  # at once: the last one was known


@pytest.mark.asvs("13.2.6")
def test_provider_deadline_covers_all_calls_of_a_sign_in(impatient, visitor, forger):
    """The token endpoint and the keys: each answers in time, and both together do not."""

    def slowly(request):
        forger.over.wait(GIVE_UP_AFTER * 0.6)
        request.tell({"keys": forger.keys})

    address = forger.consent(visitor.start())
    forger.before_answering = lambda: forger.over.wait(GIVE_UP_AFTER * 0.6)
    forger.behaviour[KEYS] = slowly
    assert visitor.land(address).error == "provider_unavailable"
    nothing_is_written(consumed=1)
