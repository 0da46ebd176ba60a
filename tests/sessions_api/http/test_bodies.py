"""The form of request bodies. Other bodies are refused fast, without a hash, a change or an echo of their content."""

import json
import time

import pytest
from django.test import Client, RequestFactory

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import QueuedMail
from accounts.models import User
from config.api import api as api_object
from config.application import application
from sessions_api.models import Session

from ...users import problem

pytestmark = pytest.mark.once

LIMIT = 64 * 1024
USER = {"email": "canary@example.org", "password": "canary in a coal mine"}
GOOD = json.dumps(USER).encode()
LONG = ("correct horse battery staple " * 5)[:128]
WITH_BODY = {
    ("POST", "/api/auth/register"): USER | {"display_name": "Canary"},
    ("POST", "/api/auth/login"): USER | {"device_token": "canary"},
    ("PATCH", "/api/users/me"): {"display_name": "Canary"},
    ("POST", "/api/auth/password"): {"current_password": "canary 1", "new_password": "canary in a coal mine"},
    ("POST", "/api/auth/reauthenticate"): {"password": "canary 1", "code": "canary", "code_verifier": "canary" * 8},
    ("POST", "/api/auth/handover"): {"code_challenge": "canary_" * 6 + "x"},
    ("POST", "/api/auth/exchange"): {"code": "canary", "code_verifier": "canary" * 8},
    ("POST", "/api/auth/oauth/{provider}/token"): {"id_token": "canary", "nonce": "canary 12"},
    ("POST", "/api/auth/connections"): {"code": "canary"},
    ("POST", "/api/auth/password/reset"): {"email": "canary@example.org"},
    ("POST", "/api/auth/email/change"): {"email": "canary@example.org"},
    ("POST", "/api/auth/email/verify"): {"token": "canary"},
    ("POST", "/api/auth/email/change/confirm"): {"token": "canary"},
    ("POST", "/api/auth/secure"): {"token": "canary"},
    ("POST", "/api/auth/password/reset/confirm"): {
        "token": "canary",
        "new_password": "canary in a coal mine",
        "device_token": "canary",
    },
    ("POST", "/api/auth/register/confirm"): {"token": "canary", "password": "canary 1", "display_name": "Canary"},
}
FIELDS = [(call, field) for call, body in WITH_BODY.items() for field in body]
OPTIONAL = [
    (("POST", "/api/auth/register"), "display_name"),
    (("POST", "/api/auth/login"), "device_token"),
    (("POST", "/api/auth/password/reset/confirm"), "device_token"),
    (("POST", "/api/auth/password"), "current_password"),
    (("POST", "/api/auth/reauthenticate"), "password"),
    (("POST", "/api/auth/reauthenticate"), "code"),
    (("POST", "/api/auth/reauthenticate"), "code_verifier"),
    (("POST", "/api/auth/register"), "password"),  # of no use with REGISTRATION=verified
    (("POST", "/api/auth/register/confirm"), "display_name"),
]


def without(field):
    return {call: body for call, body in WITH_BODY.items() if field not in body}


def fields(operation):
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return api_object.get_openapi_schema()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]


def tables():
    return [list(model.objects.order_by("pk").values()) for model in (User, Session, OneTimeToken, QueuedMail)]


@pytest.fixture
def refusal(alice, hashes, settings):
    """Sends a body to each route that takes one, and returns the one answer that all of them gave."""
    caller = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {alice.token}"})
    before = tables()
    hashes.clear()

    def send(body, *, to=WITH_BODY, **more):
        answers = []
        for method, path in to:
            for settings.DEBUG in (False, True):
                started = time.thread_time()
                answer = caller.generic(method, path, body, **{"content_type": "application/json", **more})
                assert time.thread_time() - started < 0.6  # seconds of CPU time; six thousand errors fit into it
                assert b"canary" not in answer.content
                answers.append((*problem(answer), [(e["loc"], e["code"]) for e in answer.json().get("errors", [])]))
            assert answers[-1] == answers[-2], "DEBUG makes a difference"
        assert tables() == before
        assert hashes == []
        assert all(answer == answers[0] for answer in answers)
        return answers[0]

    return send


# Media type


@pytest.mark.asvs("3.5.2")
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=canary",
        "application/problem+json",
        "application/json, text/plain",
        "application/jsonp",
        "application",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset=base64",
    ],
)
def test_body_of_another_media_type_is_refused(refusal, content_type):
    assert refusal(GOOD, content_type=content_type) == (415, "unsupported_media_type", [])


@pytest.mark.parametrize(
    "content_type",
    [
        "Application/JSON",
        "application/json; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/json; charset=utf8",
        'application/json; charset="UTF8"',
    ],
)
def test_content_type_is_case_insensitive(api, content_type):
    assert api.generic("POST", "/api/auth/register", GOOD, content_type=content_type).status_code == 201


# Length


def test_body_of_64_kib_is_accepted(refusal, api):
    assert api.post("/api/auth/register", GOOD.ljust(LIMIT), content_type="application/json").status_code == 201


@pytest.mark.asvs("2.4.1")
def test_body_above_64_kib_is_refused(refusal):
    assert refusal(GOOD.ljust(LIMIT + 1)) == (413, "payload_too_large", [])


@pytest.mark.parametrize("length", ["-1", "+49", "4 9", "0x10", "١٢", "9" * 5000, "NaN"])
def test_content_length_that_is_no_number_is_refused(refusal, length):
    assert refusal(GOOD, CONTENT_LENGTH=length) == (400, "invalid_request", [])


# Syntax


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"canary",
        b"{",
        b'{"email": "canary@example.org", "password": "canary in a coal mine"',
        b"{'email': 'canary@example.org'}",
        b'{"email": "canary@example.org",}',
        b'{email: "canary@example.org"}',
        b'{"email": "canary@example.org"} // canary',
        GOOD + GOOD,
        GOOD + b"\0",
        b'{"email": "canary\n@example.org"}',
        b'{"email": "canary\0@example.org"}',
        b'{"email": "\\x63anary"}',
        b'{"email": "\\ud8"}',
    ],
)
def test_body_that_is_not_json_is_refused(refusal, body):
    assert refusal(body) == (400, "invalid_request", [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_json_in_another_encoding_is_refused(refusal, encoding):
    body = json.dumps(USER | {"display_name": "cañary"}, ensure_ascii=False).encode(encoding)
    assert refusal(body) == (400, "invalid_request", [])


@pytest.mark.parametrize("sequence", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"])
def test_body_with_invalid_utf8_is_refused(refusal, sequence):
    body = b'{"email": "canary@example.org", "password": "canary ' + sequence + b'"}'
    assert refusal(body) == (400, "invalid_request", [])


@pytest.mark.asvs("15.3.7")
@pytest.mark.parametrize(
    "body",
    [
        b'{"email": "alice@example.org", "password": "canary in a coal mine", "email": "canary@example.org"}',
        b'{"email": "canary@example.org", "password": "canary in a coal mine", "passwor\\u0064": "canary"}',
        b'{"email": {"canary": 1, "canary": 2}}',
    ],
)
def test_json_with_a_repeated_key_is_refused(refusal, body):
    assert refusal(body) == (400, "invalid_request", [])


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"9" * 5000])
def test_json_number_that_is_not_finite_is_refused(refusal, number):
    assert refusal(b'{"email": ' + number + b"}") == (400, "invalid_request", [])


@pytest.mark.parametrize("nested", [b"[" * 60_000, b'{"email":' * 7_000, b"[" * 30_000 + b"]" * 30_000])
def test_json_nested_too_deeply_is_refused(refusal, nested):
    assert refusal(nested) == (400, "invalid_request", [])


# Fields


@pytest.mark.asvs("15.3.5")
@pytest.mark.parametrize("body", [[], [USER], "canary", 1, 1.5, True, None])
def test_json_that_is_no_object_is_refused(refusal, body):
    assert refusal(json.dumps(body)) == (422, "validation_error", [(["body"], "model_type")])


def test_empty_body_is_refused(refusal):
    assert refusal(b"") == (422, "validation_error", [(["body"], "missing")])


def test_body_tests_cover_every_field_of_the_api():
    paths = api_object.get_openapi_schema()["paths"]
    described = {
        ((method.upper(), path), field)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "requestBody" in operation
        for field in fields(operation)
    }
    assert described == set(FIELDS)


@pytest.mark.asvs("2.2.1", "2.2.2", "15.3.5")
@pytest.mark.parametrize("value", [True, 123, 1.5, ["canary"], {"canary": 1}, {"$ne": None}])
@pytest.mark.parametrize(("call", "field"), FIELDS)
def test_text_field_refuses_values_of_other_types(refusal, call, field, value):
    answer = refusal(json.dumps(WITH_BODY[call] | {field: value}), to=[call])
    assert answer == (422, "validation_error", [(["body", field], "string_type")])


@pytest.mark.parametrize(("call", "field"), [field for field in FIELDS if field not in OPTIONAL])
def test_null_for_a_required_field_is_refused(refusal, call, field):
    answer = refusal(json.dumps(WITH_BODY[call] | {field: None}), to=[call])
    assert answer == (422, "validation_error", [(["body", field], "string_type")])


@pytest.mark.parametrize(("call", "field"), OPTIONAL)
def test_null_for_an_optional_field_means_left_out(api, alice, call, field):
    """The same answer as without the field, but for tokens and times."""
    body = dict(WITH_BODY[call])
    del body[field]
    answers = []
    for sent in (body, body | {field: None}):
        answer = api.call(*call, sent, token=alice.token)
        shape = {name: type(value) for name, value in answer.json().items()}
        answers.append((answer.status_code, shape, answer.json().get("errors")))
        User.objects.filter(email=USER["email"]).delete()
    assert answers[0] == answers[1]


def test_null_for_the_password_of_a_code_is_accepted(api, alice):
    by_password = {"password": alice.password, "code": None, "code_verifier": None}
    assert api.call("POST", "/api/auth/reauthenticate", by_password, token=alice.token).status_code == 200


def test_description_says_that_optional_fields_may_be_null(refusal):
    schemas = api_object.get_openapi_schema()["components"]["schemas"]
    bodies = [schema for schema in schemas.values() if schema.get("additionalProperties") is False]
    optional = [
        field
        for schema in bodies
        for name, field in schema["properties"].items()
        if name not in schema.get("required", ())
    ]
    assert len(optional) == 8
    assert all(field["type"] == ["string", "null"] and "default" not in field for field in optional)


@pytest.mark.parametrize(
    ("call", "body", "faults"),
    [
        (
            ("POST", "/api/auth/register"),
            {"email": "canary", "password": "short", "display_name": "a\nb", "canary": 1},
            {"email", "password", "display_name", "canary"},
        ),
        (("POST", "/api/auth/register"), {"password": "short"}, {"email", "password"}),
        (("POST", "/api/auth/register"), {}, {"email", "password"}),
        (("POST", "/api/auth/login"), {"email": 1, "canary": 1}, {"email", "password", "canary"}),
        (
            ("POST", "/api/auth/password/reset/confirm"),
            {"token": "x" * 201, "new_password": 1},
            {"token", "new_password"},
        ),
        (
            ("POST", "/api/auth/password"),
            {"current_password": 1, "new_password": "short"},
            {"current_password", "new_password"},
        ),
    ],
)
def test_all_faults_are_named_at_once(api, alice, call, body, faults):
    answer = api.call(*call, body, token=alice.token)
    assert problem(answer) == (422, "validation_error")
    assert {error["loc"][1] for error in answer.json()["errors"]} == faults


@pytest.mark.parametrize("character", ["\0", "\ud800", "\udc00\ud800"])
@pytest.mark.parametrize(("call", "field"), FIELDS)
def test_text_field_refuses_characters_that_no_column_can_hold(refusal, call, field, character):
    value = WITH_BODY[call][field] + character
    status, code, errors = refusal(json.dumps(WITH_BODY[call] | {field: value}), to=[call])
    assert (status, code, [loc for loc, _ in errors]) == (422, "validation_error", [["body", field]])


@pytest.mark.parametrize(("call", "field"), FIELDS)
def test_text_field_refuses_sixty_thousand_characters(refusal, call, field):
    body = WITH_BODY[call] | {field: WITH_BODY[call][field].replace("@", "@" + "x" * 60_000)}
    body[field] = body[field].ljust(60_000, "x")
    status, code, errors = refusal(json.dumps(body), to=[call])
    assert (status, code, [loc for loc, _ in errors]) == (422, "validation_error", [["body", field]])


@pytest.mark.asvs("8.2.3", "15.3.3")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("is_staff", True),
        ("is_superuser", True),
        ("is_active", False),
        ("email_verified", True),
        ("email_verified_at", "2020-01-01T00:00:00Z"),
        ("id", "00000000-0000-0000-0000-000000000000"),
        ("user_id", 1),
        ("groups", [1]),
        ("aal", 3),
        ("expires_at", "2999-01-01T00:00:00Z"),
        ("token", "canary"),
        ("request", {}),
        ("__class__", "canary"),
    ],
)
def test_unknown_field_is_refused_by_name(refusal, field, value):
    for call, body in without(field).items():
        answer = refusal(json.dumps(body | {field: value}), to=[call])
        assert answer == (422, "validation_error", [(["body", field], "extra_forbidden")])


@pytest.mark.parametrize(
    "field",
    ["", "0", "canary\n", "canary canary", "<script>canary</script>", "\x1b[31mcanary", "x" * 65, "canary🐤", "\0"],
)
def test_unknown_field_with_an_odd_name_is_refused_without_its_name(refusal, field):
    for call, body in WITH_BODY.items():
        answer = refusal(json.dumps(body | {field: 1}), to=[call])
        assert answer == (422, "validation_error", [(["body"], "extra_forbidden")])


def test_unknown_fields_in_any_number_cause_at_most_twenty_errors(refusal):
    crowd = {f"{number:x}": 1 for number in range(6000)}
    for call, body in WITH_BODY.items():
        _, _, errors = refusal(json.dumps(body | crowd), to=[call])
        assert len(errors) <= 20


@pytest.mark.asvs("6.2.8")
@pytest.mark.parametrize(
    ("password", "nearly"),
    [
        ("correct horse battery", " correct horse battery"),
        ("correct horse battery", "correct horse battery "),
        ("correct horse battery", "correct horse battery\n"),
        ("correct horse battery ", "correct horse battery"),
        ("correct horse battery", "Correct horse battery"),
        ("correct horse battery", "correct\u00a0horse battery"),
        ("correct horse battery", "correct horse\u200d battery"),
        ("pferd und schl\u00fcssel", "pferd und schlu\u0308ssel"),  # NFC and NFD
        ("pferd und schlu\u0308ssel", "pferd und schl\u00fcssel"),
        ("efficient horse", "e\ufb03cient horse"),
        ("\uff43orrect horse battery", "correct horse battery"),
        (LONG[:64], LONG[:63] + "y"),
        (LONG[:72] + "a", LONG[:72] + "b"),
        (LONG, LONG[:127] + "y"),
        (LONG, LONG[:127]),
        ("correct horse " + "\U0001f511" * 114, "correct horse " + "\U0001f511" * 113 + "x"),
    ],
)
def test_password_is_compared_unchanged(api, password, nearly):
    assert api.register("alice@example.org", password).status_code == 201
    assert problem(api.login("alice@example.org", nearly)) == (401, "authentication_failed")
    assert api.login("alice@example.org", password).status_code == 200


# The real server


def post(body, *headers):
    lines = [b"POST /api/auth/register HTTP/1.1", b"Host: localhost", b"Content-Type: application/json", *headers]
    return b"\r\n".join([*lines, b"Connection: close", b"", body])


def chunks(body, size=1000):
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


CHUNKED = b"Transfer-Encoding: chunked"


def test_chunked_body_is_read_to_its_end(server):
    body = json.dumps({"email": "chunks@example.org", "password": "canary in a coal mine"}).encode()
    assert server.exchange(post(chunks(body.ljust(LIMIT)), CHUNKED)).status_code == 201


def test_chunked_body_above_64_kib_is_refused(server):
    assert problem(server.exchange(post(chunks(GOOD.ljust(LIMIT + 1)), CHUNKED))) == (413, "payload_too_large")
    assert problem(server.exchange(post(chunks(b" " * 3_000_000, 9000), CHUNKED))) == (413, "payload_too_large")


def test_content_length_above_64_kib_is_refused_before_the_body_arrives(server):
    started = time.perf_counter()
    assert problem(server.exchange(post(b"", b"Content-Length: 3000000"))) == (413, "payload_too_large")
    assert time.perf_counter() - started < 3


def test_content_length_that_is_too_short_cuts_the_body(server):
    assert problem(server.exchange(post(GOOD, b"Content-Length: 10"))) == (400, "invalid_request")


def test_chunked_body_ignores_content_length(server):
    """Transfer-Encoding overrides Content-Length (RFC 9112, 6.3), so proxies agree on the end of the body."""
    both = post(chunks(GOOD[:-1] + b', "is_staff": true}'), CHUNKED, b"Content-Length: 5")
    assert problem(server.exchange(both)) == (422, "validation_error")


@pytest.mark.parametrize(
    "headers",
    [
        [b"Content-Length: -5"],
        [b"Content-Length: abc"],
        [b"Content-Length: +70"],
        [b"Content-Length: 70", b"Content-Length: 71"],
        [b"Content-Length: 99999999999999999999999999"],
        [b"Transfer-Encoding: identity"],
        [b"Transfer-Encoding: chunked, identity"],
    ],
)
def test_contradictory_length_headers_are_refused_by_the_server(server, headers):
    assert server.exchange(post(GOOD, *headers)).status_code == 400


@pytest.mark.parametrize("body", [b"zz\r\n" + GOOD, b"-1\r\n" + GOOD, b"ffffffffffffffffff\r\n" + GOOD])
def test_chunked_body_with_invalid_chunks_is_refused(server, body):
    assert server.exchange(post(body, CHUNKED)).status_code in {400, 422}


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/json; charset*=canary''%41",
        b"application/json; charset*=utf-8''%00",
        b"application/json; charset=" + b"u" * 300_000,
        b'application/json; charset="',
        b"application/json; \xff",
    ],
)
def test_content_type_that_is_malformed_is_refused(server, content_type):
    request = post(GOOD, b"Content-Length: %d" % len(GOOD)).replace(b"application/json", content_type, 1)
    assert problem(server.exchange(request)) == (415, "unsupported_media_type")
    assert "Traceback" not in server.log.read_text()


@pytest.mark.asvs("1.3.12")
def test_content_type_of_a_hundred_thousand_parameters_is_read_fast(db):
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD="POST", PATH_INFO="/nowhere", CONTENT_TYPE="application/json" + "; a=b" * 100_000
    )
    statuses = []
    started = time.thread_time()
    application(environ, lambda status, headers: statuses.append(status))
    assert time.thread_time() - started < 0.2
    assert statuses == ["404 Not Found"]
