"""Twenty callers at once: one wins, the others are refused, and no caller gets another user's account."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from social_django.models import UserSocialAuth

from accounts.login.models import s256
from accounts.models import User
from accounts.social.errors import ProviderBusy
from accounts.social.providers import base
from sessions_api.models import Session
from sessions_api.outbound.concurrency import ConcurrencyLimit

from ...races import at_once
from ...users import ApiClient, problem
from .conftest import Browser

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

VERIFIER = "v" * 43
VERIFIED = "2026-01-01T00:00Z"


@pytest.fixture(autouse=True)
def _twenty_places(monkeypatch):
    monkeypatch.setattr(base, "provider_calls", ConcurrencyLimit(20, refusal=ProviderBusy))


@pytest.fixture
def ready(forger):
    """Twenty browsers of one user, each before its callback."""
    browsers = [Browser() for _ in range(20)]
    return [(browser, forger.consent(browser.start())) for browser in browsers]


def all_land(ready):
    return at_once(*(lambda pair=pair: pair[0].land(pair[1]) for pair in ready))


@pytest.mark.asvs("15.4.2")
def test_twenty_first_sign_ins_at_once_create_one_user(ready):
    landings = all_land(ready)
    assert {landing.path for landing in landings} == {"/oauth/callback"}
    assert (User.objects.count(), UserSocialAuth.objects.count(), Session.objects.count()) == (1, 1, 20)


@pytest.mark.parametrize("verified", [VERIFIED, None])
def test_twenty_first_sign_ins_at_once_link_one_user(ready, api, verified):
    token = api.register("dave@gmail.com", "the password of dave").json()["token"]
    User.objects.update(email_verified_at=verified)
    landings = all_land(ready)
    assert [landing.told.get("error") for landing in landings] == [None] * 20
    assert (User.objects.count(), UserSocialAuth.objects.count()) == (1, 1)
    assert api.is_live(token) == bool(verified)
    assert (api.login("dave@gmail.com", "the password of dave").status_code == 200) == bool(verified)


@pytest.mark.asvs("15.4.2")
def test_registration_beside_a_first_sign_in_shares_no_account(forger, db):
    for number in range(8):
        name = f"user-{number}"
        browsers = [Browser() for _ in range(3)]
        ready = [(browser, forger.consent(browser.start(), name)) for browser in browsers]
        registered, *landings = at_once(
            lambda name=name: ApiClient().register(f"{name}@gmail.com", "the password of a stranger"),
            *(lambda pair=pair: pair[0].land(pair[1]) for pair in ready),
        )
        assert {landing.path for landing in landings} == {"/oauth/callback"}
        assert registered.status_code == 201 or problem(registered) == (409, "email_taken")
        user = User.objects.get(email=f"{name}@gmail.com")
        assert user.social_auth.count() == 1
        assert not user.has_password
        if registered.status_code == 201:
            assert not ApiClient().is_live(registered.json()["token"])
        for landing in landings:
            assert ApiClient().is_live(landing.told["session"])
    assert User.objects.count() == 8


@pytest.mark.asvs("10.2.1", "2.3.4")
def test_twenty_replays_of_a_callback_open_one_session(forger, db):
    browser = Browser()
    address = forger.consent(browser.start())
    copies = [Browser() for _ in range(20)]
    for copy in copies:
        copy.cookies = browser.cookies.copy()
    landings = all_land([(copy, address) for copy in copies])
    assert sorted(landing.told.get("error", "") for landing in landings) == ["", *["sign_in_repeated"] * 19]
    assert Session.objects.count() == 1
    assert forger.asked.count("/token") == 1


@pytest.mark.asvs("6.5.1", "2.3.4")
def test_twenty_exchanges_of_a_code_open_one_session(forger, db):
    browser = Browser()
    code = browser.land(forger.consent(browser.start(code_challenge=s256(VERIFIER)))).told["code"]
    body = {"code": code, "code_verifier": VERIFIER}
    answers = at_once(*[lambda: ApiClient().call("POST", "/api/auth/exchange", body)] * 20)
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    assert Session.objects.count() == 1


def authorize_url(token):
    address = ApiClient().call("POST", "/api/auth/oauth/google/link", token=token).json()["authorize_url"]
    return "{0.path}?{0.query}".format(urlsplit(address))


def link_code(forger, token):
    browser = Browser()
    to_the_provider = browser.get(authorize_url(token)).headers["Location"]
    return browser.land(forger.consent(to_the_provider)).told["link_code"]


def complete(token, code):
    return ApiClient().call("POST", "/api/auth/connections", {"code": code}, token=token)


@pytest.mark.asvs("2.3.4")
def test_twenty_visits_of_a_link_address_reach_the_provider_once(forger, alice):
    address = authorize_url(alice.token)
    places = [answer.headers["Location"] for answer in at_once(*[lambda: Browser().get(address)] * 20)]
    assert len([place for place in places if place.startswith(forger.issuer)]) == 1
    assert len([place for place in places if "error=invalid_state" in place]) == 19


@pytest.mark.asvs("2.3.4")
def test_twenty_completions_of_a_link_create_one_link(forger, alice):
    code = link_code(forger, alice.token)
    answers = at_once(*[lambda: complete(alice.token, code)] * 20)
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 19
    assert UserSocialAuth.objects.count() == 1


def test_two_users_who_link_one_identity_at_once_create_one_link(forger, alice, bob):
    codes = {token: link_code(forger, token) for token in (alice.token, bob.token)}
    answers = at_once(*(lambda token=token, code=code: complete(token, code) for token, code in codes.items()))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert UserSocialAuth.objects.count() == 1


def test_user_who_links_two_identities_at_once_has_one(forger, alice):
    codes = [link_code(forger, alice.token), None]
    browser = Browser()
    other = forger.consent(browser.get(authorize_url(alice.token)).headers["Location"], "another")
    codes[1] = browser.land(other).told["link_code"]
    answers = at_once(*(lambda code=code: complete(alice.token, code) for code in codes))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert UserSocialAuth.objects.count() == 1


def test_two_unlinks_of_the_last_two_login_methods_leave_one(forger, db, settings):
    settings.SOCIAL_AUTH_GITHUB_KEY = settings.SOCIAL_AUTH_GITHUB_SECRET = "x"
    browser = Browser()
    token = browser.land(forger.consent(browser.start())).told["session"]
    UserSocialAuth.objects.create(user=User.objects.get(), provider="github", uid="1")
    paths = [f"/api/auth/connections/{connection.pk}" for connection in UserSocialAuth.objects.all()]
    answers = at_once(*(lambda path=path: ApiClient().call("DELETE", path, token=token) for path in paths))
    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert UserSocialAuth.objects.count() == 1


def a_lock_is_awaited():
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees what it saw first
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return True
        Event().wait(0.01)  # for another thread, not for time to pass
    return False


def while_locked(call, change):
    """What `call` returns if the user changes while it waits for the row."""

    def run():
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            user = User.objects.select_for_update(no_key=True).get()
            answer = pool.submit(run)
            assert a_lock_is_awaited()
            change(user)
        return answer.result()


def is_disabled(user):
    User.objects.filter(pk=user.pk).update(is_active=False)


def changes_the_password(user):
    user.set_password("another password")
    user.save()


def has_the_address_taken_back(user):
    user.reset_credentials()


CHANGES = [is_disabled, changes_the_password, has_the_address_taken_back]


@pytest.mark.asvs("15.4.2", "7.4.2")
@pytest.mark.parametrize("change", CHANGES)
def test_link_that_waits_for_a_change_of_the_user_is_refused(forger, alice, change):
    code = link_code(forger, alice.token)
    answer = while_locked(lambda: complete(alice.token, code), change)
    assert problem(answer) == (401, "session_expired")
    assert not UserSocialAuth.objects.exists()


@pytest.mark.asvs("15.4.2", "7.4.2")
@pytest.mark.parametrize("wanted", [{}, {"code_challenge": s256(VERIFIER)}], ids=["session", "code"])
@pytest.mark.parametrize("change", CHANGES)
def test_sign_in_that_waits_for_a_change_of_the_user_is_refused(forger, db, change, wanted):
    browser = Browser()
    browser.land(forger.consent(browser.start()))
    Session.objects.all().delete()
    address = forger.consent(browser.start(**wanted))
    landing = while_locked(lambda: browser.land(address), change)
    assert landing.error == "account_disabled"
    assert not Session.objects.exists()
