"""Published vulnerabilities of similar software, tried against this service."""

import pytest
from django.db import IntegrityError, connection
from social_django.models import UserSocialAuth

from accounts.login import complete
from accounts.login.models import SessionExchangeCode, s256
from accounts.models import User
from accounts.social import matching
from sessions_api.models import Session

from ...users import ApiClient, problem
from .conftest import Browser
from .forger import TOKEN, forging, jwk, signed

VERIFIED = "2026-01-01T00:00Z"
NONCE = "a nonce of the app's own"
VERIFIER = "v" * 43


def by_browser(forger, sub="dave", **claims):
    """The session's token, or the code of the refusal."""
    browser = Browser()
    landing = browser.land(forger.consent(browser.start(), sub, **claims))
    return landing.told.get("session") or landing.error


def by_app(forger, sub="dave", **claims):
    body = {"id_token": signed(forger.claims(sub, nonce=NONCE, **claims)), "nonce": NONCE}
    answer = ApiClient().call("POST", "/api/auth/oauth/google/token", body)
    return answer.json()["token"] if answer.status_code == 200 else problem(answer)[1]


def register(api, email="dave@gmail.com", *, verified=None):
    token = api.register(email, "the password of dave").json()["token"]
    User.objects.filter(email=email).update(email_verified_at=verified)
    return token


both_ways = pytest.mark.parametrize("comes", [by_browser, by_app])


# CVE-2025-61783, social-auth-app-django before 5.6.0: where a user could not be created because the address was
# taken, it logged in the user with the address, though no step of the pipeline associated by address.


@both_ways
@pytest.mark.asvs("6.8.1", "10.5.2")
@pytest.mark.parametrize("verified", [VERIFIED, None])
def test_cve_2025_61783_taken_address_does_not_log_in(forger, api, comes, verified):
    register(api, "dave@example.org", verified=verified)
    assert comes(forger, email="dave@example.org") == "account_exists"
    assert not UserSocialAuth.objects.exists()


@both_ways
@pytest.mark.asvs("15.4.2")
@pytest.mark.parametrize("verified", [VERIFIED, None])
def test_cve_2025_61783_address_taken_during_the_sign_in_does_not_log_in(forger, db, comes, verified, monkeypatch):
    """After the conflict the same rules decide again, and not the address alone."""
    link_or_create = matching.link_or_create

    def taken(*args, **options):
        if User.objects.filter(email="dave@example.org").exists():
            return link_or_create(*args, **options)
        User.objects.create_user("dave@example.org", "the password of another", email_verified_at=verified)
        raise IntegrityError

    monkeypatch.setattr(matching, "link_or_create", taken)
    assert comes(forger, email="dave@example.org") == "account_exists"
    assert not UserSocialAuth.objects.exists()


# CVE-2024-32879, social-auth-app-django before 5.4.1: it compared identities without regard to case where the
# database does.


@both_ways
@pytest.mark.asvs("6.8.1", "10.5.2")
@pytest.mark.parametrize("other", ["DAVE", "Dave", "davE", "dave ", "dave\u200b", "０dave"])
def test_cve_2024_32879_other_spelling_of_a_sub_is_another_identity(forger, db, comes, other):
    first = comes(forger, "dave")
    again = comes(forger, other, email="eve@gmail.com")
    if not (other.isascii()):
        assert again in {"provider_error", "invalid_id_token"}  # OpenID Connect Core, 2: `sub` is ASCII
    else:
        users = {ApiClient().check_session(token).json()["user"]["email"] for token in (first, again)}
        assert users == {"dave@gmail.com", "eve@gmail.com"}


# CVE-2025-68481, fastapi-users before 15.0.2: the state was a signed token that belonged to no browser. A victim who
# opened an attacker's callback was logged in as the attacker, or got the attacker's identity linked.


@pytest.mark.asvs("10.1.2", "10.2.1", "3.5.1")
@pytest.mark.parametrize("victim_has_begun", [False, True])
@pytest.mark.parametrize("wanted", [{}, {"code_challenge": s256(VERIFIER)}], ids=["session", "code"])
def test_cve_2025_68481_callback_of_an_attacker_is_refused_in_the_victims_browser(forger, db, victim_has_begun, wanted):
    attacker, victim = Browser(), Browser()
    trap = forger.consent(attacker.start(**wanted), "attacker")
    if victim_has_begun:
        victim.start()
    assert victim.land(trap).error == "invalid_state"
    assert TOKEN not in forger.asked
    assert not User.objects.exists()


@pytest.mark.asvs("10.1.2")
def test_cve_2025_68481_link_address_of_an_attacker_links_no_identity_of_the_victim(forger, api, alice, bob):
    """Bob sends Alice his own address. She consents at the provider; the code that she gets is valid for Bob only."""
    address = api.call("POST", "/api/auth/oauth/google/link", token=bob.token).json()["authorize_url"]
    victim = Browser()
    there = victim.get(address.removeprefix("http://localhost:8000")).headers["Location"]
    code = victim.land(forger.consent(there, "alice")).told["link_code"]
    answer = api.call("POST", "/api/auth/connections", {"code": code}, token=alice.token)
    assert problem(answer) == (400, "invalid_code")
    assert not UserSocialAuth.objects.exists()


# CVE-2026-53516, better-auth before 1.6.11 (GHSA-g38m-r43w-p2q7): an attacker who registered a victim's address in
# advance shared the account from the victim's first sign-in on. It asked only whether the provider had verified the
# address, and not whether the account had. The text "false" also counted as verified.


@both_ways
def test_cve_2026_53516_account_registered_in_advance_is_closed_to_the_attacker(forger, api, comes):
    waiting = register(api)
    victim = comes(forger)
    assert ApiClient().is_live(victim)
    assert not api.is_live(waiting)
    assert problem(api.login("dave@gmail.com", "the password of dave")) == (401, "authentication_failed")
    assert User.objects.count() == 1


@both_ways
def test_cve_2026_53516_links_and_pending_codes_of_the_attacker_are_revoked(forger, api, comes):
    """A pending exchange code would open a session, and an identity would log in again."""
    register(api)
    user = User.objects.get()
    UserSocialAuth.objects.create(user=user, provider="google", uid="attacker")
    attacker = Browser()
    address = forger.consent(attacker.start(code_challenge=s256(VERIFIER)), "attacker")
    code = attacker.land(address).told["code"]
    assert ApiClient().is_live(comes(forger, "victim", email="dave@gmail.com"))
    assert list(user.social_auth.values_list("uid", flat=True)) == ["victim"]
    answer = api.call("POST", "/api/auth/exchange", {"code": code, "code_verifier": VERIFIER})
    assert problem(answer) == (400, "invalid_code")
    assert not SessionExchangeCode.objects.exists()


@both_ways
@pytest.mark.parametrize("claimed", ["false", "true", "", 1, None])
def test_cve_2026_53516_email_verified_must_be_true(forger, api, comes, claimed):
    token = register(api, verified=VERIFIED)
    assert comes(forger, email_verified=claimed) == "email_unverified"
    assert api.is_live(token)
    assert not UserSocialAuth.objects.exists()


# CVE-2026-31813, Supabase Auth before 2.185.0: it validated an ID token against the issuer that the token named, so an
# attacker's own provider could sign tokens for any user.


@pytest.mark.asvs("9.1.3", "10.5.3", "6.8.2")
@both_ways
@pytest.mark.parametrize("claims_to_be", ["itself", "ours"])
def test_cve_2026_31813_id_token_of_an_attackers_issuer_is_refused(forger, api, comes, claims_to_be):
    comes(forger)
    Session.objects.all().delete()
    with forging() as attacker:
        attacker.keys = [jwk("attacker")]
        issuer = attacker.issuer if claims_to_be == "itself" else forger.issuer
        forged = signed(
            forger.claims(nonce=NONCE, iss=issuer), by="attacker", jku=f"{attacker.issuer}/keys", jwk=jwk("attacker")
        )
        if comes is by_app:
            body = {"id_token": forged, "nonce": NONCE}
            answer = api.call("POST", "/api/auth/oauth/google/token", body)
            assert problem(answer) == (400, "invalid_id_token")
        else:
            browser = Browser()
            landing = browser.land(
                forger.consent(
                    browser.start(),
                    forge=lambda claims: signed(
                        claims | {"iss": issuer}, by="attacker", jku=f"{attacker.issuer}/keys", jwk=jwk("attacker")
                    ),
                )
            )
            assert landing.error == "provider_error"
        assert attacker.asked == []
    assert not Session.objects.exists()


@pytest.mark.asvs("10.5.3")
def test_cve_2026_31813_caller_cannot_choose_the_issuer(forger, api):
    with forging() as attacker:
        token = signed(attacker.claims(nonce=NONCE), by="attacker")
        for more in ({"issuer": attacker.issuer}, {"iss": attacker.issuer}, {"provider": attacker.issuer}):
            answer = api.call("POST", "/api/auth/oauth/google/token", {"id_token": token, "nonce": NONCE} | more)
            assert problem(answer) == (422, "validation_error")
        assert attacker.asked == []


# social-auth-app-django before 8.1.0 saves the whole row of the user at a sign-in, and so undoes changes that were
# made since it read the row.

ANOTHER = "another password of dave"


def is_disabled():
    User.objects.filter(email="dave@gmail.com").update(is_active=False)


def gets_another_password():
    user = User.objects.get(email="dave@gmail.com")
    user.set_password(ANOTHER)
    user.save()


def is_renamed():
    User.objects.filter(email="dave@gmail.com").update(display_name="Dave, renamed")


CHANGES = [is_disabled, gets_another_password, is_renamed]


def is_kept(change, api):
    user = User.objects.get()
    if change is is_disabled:
        assert not user.is_active
        assert not Session.objects.exists()
    elif change is gets_another_password:
        assert api.login(user.email, ANOTHER).status_code == 200
        assert api.login(user.email, "the password of dave").status_code == 401
    else:
        assert user.display_name == "Dave, renamed"


def while_the_provider_answers(forger, monkeypatch, change):
    """Change the user once, by another connection, while the token endpoint answers."""

    def once():
        forger.before_answering = lambda: None
        try:
            change()
        finally:
            connection.close()

    forger.before_answering = once


def before_we_write(forger, monkeypatch, change):
    """Change the user just before the session is written."""
    complete_login = complete.complete_login

    def changed(*args, **options):
        change()
        return complete_login(*args, **options)

    monkeypatch.setattr(complete, "complete_login", changed)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.asvs("15.4.2", "7.4.2")
@pytest.mark.parametrize("known", [True, False], ids=["a known identity", "one that is linked by the address"])
@pytest.mark.parametrize("moment", [while_the_provider_answers, before_we_write])
@pytest.mark.parametrize("change", CHANGES)
def test_sign_in_does_not_undo_a_concurrent_change_of_the_user(forger, api, monkeypatch, change, moment, known):
    register(api, verified=VERIFIED)
    Session.objects.all().delete()
    if known:
        UserSocialAuth.objects.create(user=User.objects.get(), provider="google", uid="dave")
    moment(forger, monkeypatch, change)
    told = by_browser(forger, name="Another Name")
    refused = change is is_disabled or (change is gets_another_password and moment is before_we_write)
    assert (told == "account_disabled") == refused
    is_kept(change, api)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.asvs("15.4.2", "7.4.2")
@pytest.mark.parametrize("change", CHANGES)
def test_link_does_not_undo_a_concurrent_change_of_the_user(forger, api, monkeypatch, change):
    token = register(api)
    address = api.call("POST", "/api/auth/oauth/google/link", token=token).json()["authorize_url"]
    browser = Browser()
    there = browser.get(address.removeprefix("http://localhost:8000")).headers["Location"]
    while_the_provider_answers(forger, monkeypatch, change)
    code = browser.land(forger.consent(there)).told["link_code"]
    answer = api.call("POST", "/api/auth/connections", {"code": code}, token=token)
    assert answer.status_code == (201 if change is is_renamed else 401)
    is_kept(change, api)
    assert UserSocialAuth.objects.exists() == (change is is_renamed)


@both_ways
def test_sign_in_changes_only_last_login_of_a_known_user(forger, api, comes):
    comes(forger)
    before = User.objects.values().get()
    comes(forger, email="other@gmail.com", name="Another Name", email_verified=False, hd="x.example", locale="de")
    after = User.objects.values().get()
    assert before | {"last_login": 0} == after | {"last_login": 0}
