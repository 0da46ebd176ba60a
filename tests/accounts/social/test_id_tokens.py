"""An ID token is accepted if the provider signed it, for us, now, and for this sign-in."""

import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest
from social_django.models import UserSocialAuth

from accounts.login.models import SessionExchangeCode
from accounts.models import User
from accounts.single_use.models import ConsumedToken
from accounts.social.flow_state import OAuthFlowState
from accounts.social.providers.registry import backend_for
from sessions_api.events.models import Event, Tag
from sessions_api.http.client import ClientInfo
from sessions_api.models import Session

from ...races import at_once
from ...users import ApiClient, problem
from . import forger as provider
from .forger import CLIENT, KEYS, encoded, jwk, pem, signed, without

pytestmark = pytest.mark.once


def unsigned(claims, **header):
    return f"{encoded({'typ': 'JWT'} | header)}.{encoded(claims)}."


def hmac_signed(claims, secret, **header):
    """PyJWT would refuse a public key as the secret."""
    message = f"{encoded({'alg': 'HS256'} | header)}.{encoded(claims)}"
    return f"{message}.{encoded(hmac.digest(secret, message.encode(), 'sha256'))}"


def by_a_stranger(claims, **header):
    return signed(claims, by="stranger", **{"kid": "first"} | header)


FORGED = {
    "alg none": lambda claims: unsigned(claims, alg="none", kid="first"),
    "alg NONE": lambda claims: unsigned(claims, alg="NONE", kid="first"),
    "no alg": lambda claims: unsigned(claims, kid="first"),
    "alg none over a genuine signature": lambda claims: (
        f"{encoded({'alg': 'none', 'kid': 'first'})}.{'.'.join(signed(claims).split('.')[1:])}"
    ),
    "HS256 with the public key": lambda claims: hmac_signed(claims, pem(), kid="first"),
    "HS256 with the key's JSON": lambda claims: hmac_signed(claims, json.dumps(jwk()).encode(), kid="first"),
    "HS256 with the client's secret": lambda claims: hmac_signed(claims, b"our-client-secret"),
    "another algorithm, truly signed": lambda claims: jwt.encode(
        claims, provider.key(), algorithm="RS512", headers={"kid": "first"}
    ),
    "PS256": lambda claims: jwt.encode(claims, provider.key(), algorithm="PS256", headers={"kid": "first"}),
    "a stranger's key": by_a_stranger,
    "a stranger's key without kid": lambda claims: by_a_stranger(claims, kid=None),
    "a stranger's key with its jwk": lambda claims: by_a_stranger(claims, jwk=jwk("stranger")),
    "a stranger's key with its jku": lambda claims: by_a_stranger(claims, jku="http://localhost:1/keys"),
    "a stranger's key with its x5u": lambda claims: by_a_stranger(claims, x5u="http://localhost:1/chain"),
    "an unknown kid": lambda claims: signed(claims, by="stranger"),
    "an odd kid": lambda claims: signed(claims, kid=["first"]),
    "a critical header": lambda claims: signed(claims, crit=["exp"]),
    "claims changed after signing": lambda claims: ".".join(
        [(parts := signed(claims).split("."))[0], encoded(claims | {"sub": "victim"}), parts[2]]
    ),
    "no signature": lambda claims: signed(claims).rpartition(".")[0] + ".",
    "a signature cut short": lambda claims: signed(claims)[:-4],
    "four parts": lambda claims: signed(claims) + ".x",
    "two parts": lambda claims: signed(claims).rpartition(".")[0],
    "claims that are a list": lambda claims: signed([claims]),
    "claims nested too deeply": lambda claims: signed_text("[" * 5000),
    "claims that are no JSON": lambda claims: signed_text("x"),
    "a header nested too deeply": lambda claims: f"{encoded(b'[' * 5000)}.{encoded(claims)}.AAAA",
}


def signed_text(text):
    message = f"{encoded({'alg': 'RS256', 'kid': 'first'})}.{encoded(text.encode())}"
    algorithm = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256)
    return f"{message}.{encoded(algorithm.sign(message.encode(), provider.key()))}"


def after(seconds):
    return timedelta(seconds=seconds)


WRONG = {
    "iss": ["https://accounts.google.com", "accounts.google.com", "", None, 7, ["{iss}"], "{iss}/", "{iss}x"],
    "aud": ["another-client", "", None, 7, [], {"a": CLIENT}, [CLIENT, "another-client"], CLIENT.upper(), "our"],
    "azp": ["another-client", "", None, 7, [CLIENT]],
    "exp": [after(-3600), after(-61), 0, -1, "soon", "9{now}", None, True, [], float("inf"), float("nan")],
    "iat": [
        after(-3600),
        after(-661),
        after(90),
        after(3600),
        0,
        "now",
        "{now}",
        None,
        True,
        [],
        float("inf"),
        float("nan"),
    ],
    "nbf": [after(90), after(3600), "now", "{now}", None, [], float("inf")],
    "sub": ["", None, 7, 7.0, True, ["dave"], {"a": 1}, "x" * 256, "da\0ve", "dävé", "\ud800"],
}
WRONG_CLAIMS = [(name, value) for name, values in WRONG.items() for value in values]
MISSING = ["iss", "aud", "exp", "iat", "sub", "nonce"]


def change(forger, claims, name, value):
    """A timedelta is relative to now."""
    if isinstance(value, timedelta):
        return claims | {name: claims["iat"] + int(value.total_seconds())}
    text = json.dumps(value).replace("{iss}", forger.issuer).replace("{now}", str(claims["iat"]))
    return claims | {name: json.loads(text)}


def named(value):
    return (value if isinstance(value, str) else str(value))[:30]


def nothing_is_written(consumed):
    for table in (User, UserSocialAuth, Session, SessionExchangeCode):
        assert not table.objects.exists()
    assert ConsumedToken.objects.count() == consumed


# In the browser


def refused(visitor, forger, forge):
    landing = visitor.land(forger.consent(visitor.start(state="mine"), forge=forge))
    assert landing.told == {"error": "provider_error", "state": "mine"}
    nothing_is_written(consumed=1)


@pytest.mark.asvs("6.8.2", "9.1.1", "9.1.2", "9.1.3", "11.6.1")
@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_id_token_that_is_forged_is_refused_in_the_browser(visitor, forger, forge, caplog):
    refused(visitor, forger, forge)
    assert "Traceback" not in caplog.text
    assert set(forger.asked) <= {provider.DISCOVERY, provider.TOKEN, KEYS}


@pytest.mark.asvs("9.2.1", "9.2.3", "10.5.4")
@pytest.mark.parametrize(("name", "value"), WRONG_CLAIMS, ids=named)
def test_id_token_with_a_wrong_claim_is_refused_in_the_browser(visitor, forger, name, value, caplog):
    refused(visitor, forger, lambda claims: signed(change(forger, claims, name, value)))
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("name", MISSING)
def test_id_token_without_a_claim_is_refused_in_the_browser(visitor, forger, name):
    refused(visitor, forger, lambda claims: signed(without(claims, name)))


@pytest.mark.asvs("10.5.1", "10.1.2")
@pytest.mark.parametrize("nonce", ["", "another", None, 7, [], "{digest}"], ids=named)
def test_id_token_with_another_nonce_is_refused_in_the_browser(visitor, forger, nonce):
    def forge(claims):
        digest = hashlib.sha256(claims["nonce"].encode()).hexdigest()  # valid for an app, and not for a browser
        return signed(claims | {"nonce": nonce.format(digest=digest) if isinstance(nonce, str) else nonce})

    refused(visitor, forger, forge)


@pytest.mark.asvs("10.5.1")
def test_id_token_for_another_start_of_the_same_browser_is_refused(visitor, forger):
    nonces = []
    forger.consent(visitor.start(), forge=lambda claims: nonces.append(claims["nonce"]) or signed(claims))
    refused(visitor, forger, lambda claims: signed(claims | {"nonce": nonces[0]}))


@pytest.mark.parametrize("value", ["AAAAAAAAAAAAAAAAAAAAAA", "", None, 7, [], "é"], ids=named)
def test_id_token_with_another_at_hash_is_refused(visitor, forger, value):
    refused(visitor, forger, lambda claims: signed(claims | {"at_hash": value}))


@pytest.mark.parametrize(
    "changes",
    [
        {"email": odd}
        for odd in (["dave@gmail.com"], {"a": "dave@gmail.com"}, None, 7, "x" * 100_000, "\ud800@gmail.com")
    ]
    + [
        {"email": "x@" * 50_000 + "gmail.com"},
        {"email": "da\0ve@gmail.com"},
        {"email": "dave@gmail.com,eve@evil.example"},
    ]
    + [{"email_verified": odd} for odd in ("true", 1, [True], {"a": True}, None, False)],
    ids=named,
)
def test_id_token_with_an_invalid_address_counts_as_unverified(visitor, forger, changes, caplog):
    landing = visitor.land(forger.consent(visitor.start(), forge=lambda claims: signed(claims | changes)))
    assert landing.error == "email_unverified"
    assert "Traceback" not in caplog.text
    nothing_is_written(consumed=1)


@pytest.mark.parametrize("odd", [None, 7, [], ["Dave"], {"a": 1}, "x" * 100_000, "\0\ud800\u202e", ""], ids=named)
def test_id_token_with_a_name_of_another_form_is_accepted(visitor, forger, odd):
    landing = visitor.land(forger.consent(visitor.start(), forge=lambda claims: signed(claims | {"name": odd})))
    assert landing.path == "/oauth/callback"
    assert len(User.objects.get().display_name) <= 255


GENUINE = {
    "as it is": signed,
    "without kid": lambda claims: signed(claims, kid=None),
    "without at_hash": lambda claims: signed(without(claims, "at_hash")),
    "with azp": lambda claims: signed(claims | {"azp": CLIENT}),
    "one audience in a list": lambda claims: signed(claims | {"aud": [CLIENT]}),
    "two audiences and azp": lambda claims: signed(claims | {"aud": [CLIENT, "another"], "azp": CLIENT}),
    "of a clock ahead": lambda claims: signed(claims | dict.fromkeys(("iat", "nbf"), claims["iat"] + 50)),
    "of a clock behind": lambda claims: signed(claims | {"iat": claims["iat"] - 630, "exp": claims["iat"] - 30}),
    "nine minutes old": lambda claims: signed(claims | {"iat": claims["iat"] - 540}),
    "good for a year": lambda claims: signed(claims | {"exp": 2**40}),
    "with times that have fractions": lambda claims: signed(claims | {"iat": claims["iat"] - 0.5}),
    "with a sub of 255": lambda claims: signed(claims | {"sub": "9" * 255}),
    "with claims that we do not know": lambda claims: signed(claims | {"hd": "gmail.com", "x": [1, {"y": None}]}),
}


@pytest.mark.parametrize("forge", GENUINE.values(), ids=GENUINE)
def test_id_token_that_is_genuine_is_accepted_in_the_browser(visitor, forger, forge):
    assert visitor.land(forger.consent(visitor.start(), forge=forge)).path == "/oauth/callback"
    assert Session.objects.count() == UserSocialAuth.objects.count() == 1


@pytest.mark.parametrize(
    ("seconds", "line"),
    [(125, "Clock: an ID token of google is 125 s ahead of"), (-725, "Clock: an ID token of google is 725 s behind")],
)
def test_log_of_a_token_from_another_time_names_the_clock(visitor, forger, caplog, clock, seconds, line):
    refused(visitor, forger, lambda claims: signed(claims | {"iat": claims["iat"] + seconds}))
    assert line in caplog.text


@pytest.mark.asvs("9.1.3")
def test_provider_key_rotation_accepts_the_new_key_and_refuses_the_old(visitor, forger):
    visitor.land(forger.consent(visitor.start()))
    forger.keys = [jwk("second")]
    new = visitor.land(forger.consent(visitor.start(), forge=lambda claims: signed(claims, by="second")))
    assert new.path == "/oauth/callback"
    old = visitor.land(forger.consent(visitor.start()))
    assert old.error == "provider_error"


def test_unknown_key_is_asked_for_once(visitor, forger):
    visitor.land(forger.consent(visitor.start()))
    visitor.land(forger.consent(visitor.start(), forge=lambda claims: signed(claims, by="stranger")))
    assert forger.asked.count(KEYS) == 2


@pytest.mark.parametrize("endpoint", ["https://accounts.google.com", "http://localhost:9"])
def test_google_issuer_has_two_spellings_and_others_have_one(settings, endpoint):
    settings.SOCIAL_AUTH_GOOGLE_OIDC_ENDPOINT = endpoint
    google = backend_for(OAuthFlowState("google"), client=ClientInfo())
    spellings = {"https://accounts.google.com", "accounts.google.com"} if "google" in endpoint else {endpoint}
    assert set(google.id_token_issuer()) == spellings


# From an app

ANDROID, IOS, RAW = "android-client-id", "ios-client-id", "a nonce of the app's own"
SHA256 = hashlib.sha256(RAW.encode()).hexdigest()


@pytest.fixture
def app(forger, settings, db):
    """An app on a phone."""
    settings.SOCIAL_AUTH_GOOGLE_NATIVE_CLIENT_IDS = [ANDROID, IOS]
    return ApiClient()


def bring(app, id_token, nonce=RAW):
    return app.call("POST", "/api/auth/oauth/google/token", {"id_token": id_token, "nonce": nonce})


@pytest.mark.parametrize("nonce", [RAW, SHA256], ids=["raw", "hashed"])
@pytest.mark.parametrize(
    "audience",
    [
        {"aud": CLIENT},
        {"aud": CLIENT, "azp": CLIENT},
        {"aud": CLIENT, "azp": ANDROID},
        {"aud": CLIENT, "azp": IOS},
        {"aud": IOS, "azp": IOS},
        {"aud": IOS},
    ],
    ids=["one tap", "web", "android", "ios with the service's audience", "ios", "ios without azp"],
)
def test_app_signs_in_with_an_id_token(app, forger, audience, nonce):
    answer = bring(app, signed(forger.claims(nonce=nonce, **audience)))
    assert answer.status_code == 200, answer.content
    session = app.check_session(answer.json()["token"]).json()
    assert (session["method"], session["user"]["email"]) == ("google", "dave@gmail.com")
    assert {event.ip_address for event in Event.objects.all()} == {"127.0.0.1"}
    assert User.objects.get().events.get(tag=Tag.REGISTERED).data == {"provider": "google"}


@pytest.mark.asvs("6.8.2", "9.1.1", "9.1.2", "9.1.3", "11.6.1")
@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_id_token_that_is_forged_is_refused_from_an_app(app, forger, forge):
    assert problem(bring(app, forge(forger.claims(nonce=RAW)))) == (400, "invalid_id_token")
    nothing_is_written(consumed=0)


@pytest.mark.asvs("9.2.1", "9.2.3", "10.5.4")
@pytest.mark.parametrize(("name", "value"), WRONG_CLAIMS, ids=named)
def test_id_token_with_a_wrong_claim_is_refused_from_an_app(app, forger, name, value):
    answer = bring(app, signed(change(forger, forger.claims(nonce=RAW), name, value)))
    assert problem(answer) == (400, "invalid_id_token")
    nothing_is_written(consumed=0)


@pytest.mark.parametrize("name", MISSING)
def test_id_token_without_a_claim_is_refused_from_an_app(app, forger, name):
    answer = bring(app, signed(without(forger.claims(nonce=RAW), name)))
    assert problem(answer) == (400, "invalid_id_token")


@pytest.mark.asvs("10.5.1")
@pytest.mark.parametrize(
    ("told", "sent"),
    [
        (RAW, "another nonce"),
        (RAW, SHA256),
        (SHA256.upper(), RAW),
        (hashlib.sha256(SHA256.encode()).hexdigest(), RAW),
        ("None", "NoneNone"),
        (None, "NoneNone"),
        ("", "NoneNone"),
        ([RAW], RAW),
        ("\ud800", RAW),
    ],
    ids=named,
)
def test_id_token_with_another_nonce_is_refused_from_an_app(app, forger, told, sent):
    assert problem(bring(app, signed(forger.claims(nonce=told)), sent)) == (400, "invalid_id_token")
    nothing_is_written(consumed=0)


@pytest.mark.asvs("9.2.3")
@pytest.mark.parametrize(
    "audience",
    [
        {"aud": IOS, "azp": "another"},
        {"aud": "another", "azp": IOS},
        {"aud": CLIENT, "azp": "another"},
        {"aud": [CLIENT, IOS], "azp": IOS},
        {"aud": [CLIENT]},
    ],
    ids=str,
)
def test_id_token_for_a_foreign_app_is_refused(app, forger, audience):
    assert problem(bring(app, signed(forger.claims(nonce=RAW, **audience)))) == (400, "invalid_id_token")


def test_id_token_for_an_app_is_refused_where_no_app_is_configured(app, forger, settings):
    settings.SOCIAL_AUTH_GOOGLE_NATIVE_CLIENT_IDS = []
    for audience in ({"aud": IOS, "azp": IOS}, {"aud": CLIENT, "azp": ANDROID}):
        assert problem(bring(app, signed(forger.claims(nonce=RAW, **audience)))) == (400, "invalid_id_token")
    assert bring(app, signed(forger.claims(nonce=RAW))).status_code == 200


@pytest.mark.parametrize(
    "garbage",
    ["", "x", ".", "..", "x.y.z", "é.é.é", " ", "a" * 10_000, "." * 10_000, "[" * 9000, "{}", "null", "e30.e30.", "🤷"],
    ids=named,
)
def test_id_token_that_is_no_jwt_is_refused(app, garbage):
    assert problem(bring(app, garbage)) == (400, "invalid_id_token")


@pytest.mark.parametrize(
    "body",
    [
        {"id_token": None, "nonce": RAW},
        {"id_token": 7, "nonce": RAW},
        {"id_token": ["x"], "nonce": RAW},
        {"id_token": "x" * 20_001, "nonce": RAW},
        {"id_token": "x\ud800", "nonce": RAW},
        {"id_token": "x", "nonce": None},
        {"id_token": "x", "nonce": ""},
        {"id_token": "x", "nonce": "short"},
        {"id_token": "x", "nonce": "\ud800" * 20},
        {"id_token": "x", "nonce": "x" * 201},
        {"id_token": "x"},
        {"nonce": RAW},
        {"id_token": "x", "nonce": RAW, "access_token": "x"},
    ],
    ids=named,
)
def test_id_token_request_of_another_shape_is_refused(app, body):
    assert problem(app.call("POST", "/api/auth/oauth/google/token", body)) == (422, "validation_error")


def other_spelling(token):
    """The same token: the last character of its signature has unused bits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]
    assert jwt.utils.base64url_decode(other.rpartition(".")[2]) == jwt.utils.base64url_decode(token.rpartition(".")[2])
    return other


@pytest.mark.asvs("10.5.1", "2.3.4")
@pytest.mark.parametrize(
    "again",
    [str, other_spelling, lambda token: token + "=", lambda token: token + "=="],
    ids=["same", "bits", "=", "=="],
)
def test_id_token_opens_one_session(app, forger, again):
    token = signed(forger.claims(nonce=RAW))
    assert bring(app, token).status_code == 200
    assert problem(bring(app, again(token))) == (400, "invalid_id_token")
    assert Session.objects.count() == 1


def test_id_token_counts_as_consumed_for_as_long_as_it_is_accepted(app, forger):
    claims = forger.claims(nonce=RAW)
    assert bring(app, signed(claims)).status_code == 200
    assert ConsumedToken.objects.get().expires_at.timestamp() == claims["iat"] + 600 + 60  # its age, and the leeway


def test_id_token_without_an_end_is_consumed_too(app, forger):
    token = signed(forger.claims(nonce=RAW, exp=2**60))
    assert bring(app, token).status_code == 200
    assert problem(bring(app, token)) == (400, "invalid_id_token")


@pytest.mark.postgres
@pytest.mark.asvs("2.3.4", "15.4.2")
@pytest.mark.django_db(transaction=True)
def test_id_token_opens_one_session_for_twenty_at_once(app, forger):
    token = signed(forger.claims(nonce=RAW))
    answers = at_once(*[lambda: bring(ApiClient(), token).status_code] * 20)
    assert answers.count(200) == 1
    assert set(answers) <= {200, 400, 503}  # 503: more than may ask the provider at once
    assert Session.objects.count() == 1


@pytest.mark.parametrize(
    "misbehaves",
    [provider.fails, provider.answers_html, provider.refuses, provider.hangs_up, provider.redirects_to("/")],
)
@pytest.mark.parametrize("path", [provider.DISCOVERY, KEYS])
def test_id_token_is_not_judged_without_the_providers_keys(app, forger, path, misbehaves):
    forger.behaviour[path] = misbehaves
    token = signed(forger.claims(nonce=RAW))
    assert problem(bring(app, token)) == (503, "provider_unavailable")
    nothing_is_written(consumed=0)
    forger.behaviour.clear()
    assert bring(app, token).status_code == 200


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"email_verified": False}, (403, "email_unverified")),
        ({"email_verified": "true"}, (403, "email_unverified")),
        ({"email": None}, (403, "email_unverified")),
    ],
    ids=named,
)
def test_app_gets_email_unverified(app, forger, changes, code):
    assert problem(bring(app, signed(forger.claims(nonce=RAW, **changes)))) == code
    nothing_is_written(consumed=1)


def test_app_gets_account_disabled(app, forger):
    bring(app, signed(forger.claims(nonce=RAW)))
    User.objects.update(is_active=False)
    assert problem(bring(app, signed(forger.claims(nonce=RAW, x=1)))) == (403, "account_disabled")


def test_app_gets_registration_closed(app, forger, settings):
    settings.REGISTRATION = "closed"
    assert problem(bring(app, signed(forger.claims(nonce=RAW)))) == (403, "registration_closed")


def test_app_gets_account_exists(app, forger):
    app.register("dave@example.org")
    answer = bring(app, signed(forger.claims(nonce=RAW, email="dave@example.org")))
    assert problem(answer) == (409, "account_exists")
    assert not UserSocialAuth.objects.exists()


def test_app_cannot_sign_in_where_the_provider_has_no_id_tokens_or_is_off(app, settings):
    body = {"id_token": "x.y.z", "nonce": RAW}
    assert problem(app.call("POST", "/api/auth/oauth/github/token", body)) == (404, "provider_not_found")
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "x"
    assert problem(app.call("POST", "/api/auth/oauth/github/token", body)) == (400, "invalid_id_token")


def test_id_token_of_a_browser_is_refused_from_an_app(app, visitor, forger):
    tokens = []
    address = forger.consent(visitor.start(), forge=lambda claims: tokens.append(signed(claims)) or tokens[0])
    visitor.land(address)
    assert problem(bring(app, tokens[0])) == (400, "invalid_id_token")
