"""One-time tokens: for one type and one user, in one spelling, in links to the front end, signed with SECRET_KEY."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings

from accounts.mail.one_time_tokens import OneTimeToken
from accounts.mail.queue import MailType, QueuedMail
from accounts.mail.token_types import RULES, TokenType
from accounts.models import User
from sessions_api.models import Session

from ...users import ApiClient, link, problem
from ..conftest import (
    CHROME,
    ask_to_change,
    ask_to_register,
    ask_to_reset,
    change,
    confirm,
    everything_stored,
    move,
    reset,
    undo,
    verify,
)

CALLS = {
    TokenType.VERIFY: verify,
    TokenType.CHANGE: change,
    TokenType.RESET: lambda api, user, token: reset(api, token),
    TokenType.REGISTER: lambda api, user, token: confirm(api, token),
    TokenType.REVERT: lambda api, user, token: undo(api, token),
}
PATHS = {
    "email/verify": {},
    "email/change/confirm": {},
    "password/reset/confirm": {"new_password": "the next password"},
    "register/confirm": {"password": "the next password"},
    "secure": {},
}


def mailed(api, mailbox, settings, token_type, newcomer):
    """A mail with a token of this type: for Alice, or for an unknown address if it is a registration."""
    if token_type is TokenType.VERIFY:
        newcomer.asks(api, "email/verify/resend")
        return mailbox.the_one(newcomer.email)
    if token_type is TokenType.CHANGE:
        ask_to_change(api, newcomer, "elsewhere@example.org")
        return mailbox.the_one("elsewhere@example.org")
    if token_type is TokenType.RESET:
        ask_to_reset(api, newcomer.email)
        return mailbox.the_one(newcomer.email)
    if token_type is TokenType.REGISTER:
        settings.REGISTRATION = "verified"
        ask_to_register(api, "carol@example.org")
        return mailbox.the_one("carol@example.org")
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    newcomer.logs_in(api, User_Agent=CHROME)
    return mailbox.the_one(newcomer.email)


@pytest.fixture(params=TokenType, ids=str)
def token_type(request):
    return request.param


@pytest.fixture
def mail(api, mailbox, settings, token_type, newcomer):
    return mailed(api, mailbox, settings, token_type, newcomer)


@pytest.fixture
def token(mail):
    return link(mail).partition("#")[2]


@pytest.mark.asvs("9.2.2", "9.2.4", "6.6.2")
def test_token_is_valid_for_its_own_type_only(api, newcomer, token_type, token):
    before = everything_stored()
    for other, call in CALLS.items():
        if other is not token_type:
            assert problem(call(api, newcomer, token)) == (400, "invalid_link")
    assert everything_stored() == before
    assert CALLS[token_type](api, newcomer, token).status_code in {201, 204}


@pytest.mark.asvs("6.3.6")
def test_token_opens_no_session_of_an_existing_user(api, newcomer, token_type, token):
    """Only a registration answers with a session: its user is new, and has sent a password."""
    users = set(User.objects.values_list("pk", flat=True))
    before = Session.objects.filter(user__in=users).count()
    answer = CALLS[token_type](api, newcomer, token)
    assert answer.status_code == (201 if token_type is TokenType.REGISTER else 204)
    assert answer.content == b"" or token_type is TokenType.REGISTER
    assert Session.objects.filter(user__in=users).count() <= before


@pytest.mark.asvs("9.2.4", "11.2.5")
def test_token_is_invalid_if_its_row_has_another_type(api, newcomer, token_type, token):
    """Each type has its own key, so a token does not fit a row of another type."""
    user = User.objects.get()
    for other, call in CALLS.items():
        if other is not token_type:
            OneTimeToken.objects.filter(pk=token[:32]).update(type=other, user=user)
            assert problem(call(api, newcomer, token)) == (400, "invalid_link")


def test_token_with_the_row_of_another_user_is_invalid(api, newcomer, other, mailbox):
    newcomer.asks(api, "email/verify/resend")
    one = mailbox.token(newcomer.email)
    ask_to_reset(api, other.email)
    two = mailbox.token(other.email)
    for mixed in (one[:32] + two[32:], two[:32] + one[32:]):
        assert problem(verify(api, newcomer, mixed)) == (400, "invalid_link")
        assert problem(reset(api, mixed)) == (400, "invalid_link")


ODD = {
    "upper case": str.upper,
    "a space in front": lambda token: " " + token,
    "a line break behind": lambda token: token + "\n",
    "one digit less": lambda token: token[:-1],
    "one digit more": lambda token: token + "0",
    "the row alone": lambda token: token[:32],
    "a row with hyphens": lambda token: "-".join([token[:8], token[8:]]),
    "another last digit": lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
    "another first digit": lambda token: ("0" if token[0] != "0" else "1") + token[1:],
    "another row": lambda token: "0" * 32 + token[32:],
    "full width": lambda token: token.translate({n: n + 0xFEE0 for n in range(0x30, 0x3A)}),
    "the whole link": lambda token: f"http://localhost:3000/secure#{token}",
    "twice": lambda token: token * 2,
    "nothing": lambda token: "",
    "a session's": lambda token: "s_" + "x" * 86,
}


@pytest.mark.asvs("2.2.1", "11.2.5")
def test_token_is_valid_in_one_spelling_only(api, newcomer, token_type, token):
    before = everything_stored()
    for spelled in ODD.values():
        assert problem(CALLS[token_type](api, newcomer, spelled(token))) == (400, "invalid_link")
    assert everything_stored() == before
    assert CALLS[token_type](api, newcomer, token).status_code in {201, 204}


@pytest.mark.asvs("14.2.1", "1.2.2")
def test_link_leads_to_the_front_end_with_the_token_in_the_fragment(settings, token_type, mail):
    url = urlsplit(link(mail))
    assert f"{url.scheme}://{url.netloc}" == settings.FRONTEND_URL
    assert (url.path, url.query, len(url.fragment)) == (RULES[token_type].path, "", 96)


def test_link_ignores_forged_host_and_origin_headers(newcomer, mailbox, settings, token_type):
    settings.FRONTEND_URL = "https://app.example.org"
    headers = {
        "HTTP_X_FORWARDED_HOST": "evil.example",
        "HTTP_X_FORWARDED_PROTO": "http",
        "HTTP_X_FORWARDED_PREFIX": "/evil",
        "HTTP_FORWARDED": "host=evil.example",
        "HTTP_ORIGIN": "https://evil.example",
        "HTTP_REFERER": "https://evil.example/",
        "HTTP_X_ORIGINAL_URL": "https://evil.example/",
    }
    client = ApiClient()
    client.defaults |= headers
    mail = mailed(client, mailbox, settings, token_type, newcomer)
    assert link(mail).startswith("https://app.example.org/")
    assert "evil" not in mail.message().as_string()


def test_unknown_host_header_causes_no_mail(newcomer, mailbox):
    client = ApiClient()
    client.defaults["HTTP_HOST"] = "evil.example"
    answer = client.call("POST", "/api/auth/password/reset", {"email": newcomer.email})
    assert problem(answer) == (400, "invalid_request")
    assert mailbox.new() == []


@pytest.mark.asvs("3.5.3")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_get_head_and_options_consume_no_token(api, newcomer, token_type, token, method):
    before = everything_stored()
    for path in PATHS:
        answer = api.call(method, f"/api/auth/{path}?token={token}", {"token": token}, token=newcomer.token)
        assert answer.status_code == 405
    assert everything_stored() == before
    assert CALLS[token_type](api, newcomer, token).status_code in {201, 204}


@pytest.mark.asvs("11.2.2")
def test_token_is_valid_while_its_key_is_a_fallback(api, newcomer, token_type, token, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, which is as long as the one before was or so"
    assert CALLS[token_type](api, newcomer, token).status_code in {201, 204}


@pytest.mark.asvs("11.2.5")
def test_token_is_invalid_after_its_key_was_removed(api, newcomer, token_type, token, settings):
    settings.SECRET_KEY = "another key, which is as long as the one before was or so"
    assert problem(CALLS[token_type](api, newcomer, token)) == (400, "invalid_link")


@pytest.mark.asvs("6.5.2")
def test_database_does_not_contain_the_token(api, newcomer, token_type, token, mail):
    """The first 32 digits are the id of the row. The HMAC, 256 bits, is computed with the key and not stored."""
    rows = str([*OneTimeToken.objects.values(), *QueuedMail.objects.values(), *everything_stored()])
    assert token[:32] in rows.replace("-", "")
    assert token[32:] not in rows
    assert django_settings.SECRET_KEY not in rows


def test_mail_that_is_sent_twice_carries_the_same_token(api, newcomer, token_type, token, mailbox, settings, mail):
    """As after a worker that was killed between the reply of the mail server and the DELETE."""
    row = OneTimeToken.objects.get(pk=token[:32])
    QueuedMail.objects.create(
        pk=row.pk, type={"revert": "new_device"}.get(token_type, token_type), email=row.email, user=row.user
    )
    assert mailbox.token(row.email) == token


def test_mail_that_is_sent_again_carries_no_used_token(api, newcomer, token_type, token, mailbox):
    row = OneTimeToken.objects.get(pk=token[:32])
    mail_type = {"revert": "new_device"}.get(token_type, token_type)
    assert CALLS[token_type](api, newcomer, token).status_code in {201, 204}
    mailbox.new()
    QueuedMail.objects.create(pk=row.pk, type=mail_type, email=row.email, user=row.user)
    assert not [mail for mail in mailbox.new() if "#" in mail.body]


def test_alert_that_is_sent_again_reserves_the_address_no_longer_than_ten_days(api, owner, mailbox, clock):
    body = {"current_password": owner.password, "new_password": "another password of alice"}
    assert owner.asks(api, "password", body).status_code == 200
    mailbox.new()
    row = OneTimeToken.objects.get(type="revert")
    mail = {"type": MailType.PASSWORD_CHANGED, "email": row.email, "user": row.user, "requested_at": row.requested_at}
    for days in (3, 6):
        clock.shift(days * 24 * 3600)
        QueuedMail.objects.create(pk=row.pk, **mail)
        assert row.token in "".join(mail.body for mail in mailbox.new())
    row.refresh_from_db()
    assert row.expires_at - row.requested_at == timedelta(days=10)


@pytest.mark.asvs("2.2.1", "2.2.2", "15.3.3", "15.3.5")
@pytest.mark.parametrize(("path", "more"), PATHS.items())
def test_token_endpoint_refuses_unknown_missing_and_mistyped_fields(api, newcomer, path, more):
    good = {"token": "0" * 96} | more
    assert problem(newcomer.asks(api, path, good)) == (400, "invalid_link")
    for wrong in ({"email": "a@example.org"}, {"user": "x"}, {"token": None}, {"token": 1}, {"token": ["0" * 96]}):
        assert problem(newcomer.asks(api, path, good | wrong)) == (422, "validation_error")
    for missing in good:
        body = {name: value for name, value in good.items() if name != missing}
        assert problem(newcomer.asks(api, path, body)) == (422, "validation_error")


@pytest.mark.asvs("1.3.11")
@pytest.mark.parametrize("path", ["password/reset", "email/change", "register"])
@pytest.mark.parametrize(
    "email",
    [
        "alice@example.org\nBcc: evil@example.com",
        "alice@example.org\r\nBcc: evil@example.com\r\n\r\nGood day",
        "alice@example.org\0",
        "alice@example.org, evil@example.com",
        "alice@example.org;evil@example.com",
        '"alice\\"@evil.example" <alice@example.org>',
        "alice@example.org%0aBcc:evil@example.com",
        "alice@example.org\u2028evil@example.com",
        "<alice@example.org>",
        "alice@[127.0.0.1]",
        "alice@example.org" + "x" * 10_000,
    ],
)
def test_mail_request_refuses_header_injection_and_second_addresses(api, newcomer, mailbox, settings, path, email):
    settings.REGISTRATION = "verified"
    answer = newcomer.asks(api, path, {"email": email})
    assert problem(answer) == (422, "validation_error")
    assert not QueuedMail.objects.exists()


def test_mail_has_one_recipient_and_one_sender(mail, settings):
    message = mail.message()
    assert message.get_all("To") == mail.to == mail.recipients()
    assert message.get_all("From") == [settings.DEFAULT_FROM_EMAIL]
    assert not {"Cc", "Bcc", "Reply-To"} & set(message.keys())


def test_two_changes_of_address_send_an_alert_to_each_old_address(api, newcomer, mailbox):
    User.objects.update(email_verified_at="2026-01-01T00:00Z")
    first = move(api, mailbox, newcomer, "second@example.org")
    second = move(api, mailbox, newcomer, "third@example.org")
    assert first != second


def test_new_password_keeps_the_queued_mails_of_other_users(api, alice, bob):
    assert api.call("POST", "/api/auth/password/reset", {"email": bob.email}).status_code == 202
    new = {"current_password": alice.password, "new_password": "another horse battery"}
    assert api.call("POST", "/api/auth/password", new, token=alice.token).status_code == 200
    assert QueuedMail.objects.filter(email=bob.email, type=MailType.RESET).exists()
