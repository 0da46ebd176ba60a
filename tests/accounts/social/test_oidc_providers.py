"""A provider of the setting `OIDC_PROVIDERS`, named in settings only."""

import json
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from social_django.models import UserSocialAuth

from accounts.login.models import s256
from accounts.models import User
from config.oidc import oidc_providers, social_auth_settings
from sessions_api.models import Session

from ...server import database, free_port, manage, serving
from ...users import ApiClient, problem
from .conftest import FRONT_END, Browser, Landing
from .forger import CLIENT, forging, signed, without
from .npm_provider import consent, needs_node, providing

NAME = "company-sso"
USERINFO = "/userinfo"
VERIFIER = "v" * 43
NONCE = "a nonce of the app's own"
VERIFIED = "2026-01-01T00:00Z"


def read(**variables):
    """What the settings make of these environment variables."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ({"OIDC_PROVIDERS": NAME} | variables).items():
            patch.setenv(name, value)
        return oidc_providers("OIDC_PROVIDERS")


def given(**changes):
    """Environment variables of a valid provider, with these changes; a change to None leaves one out."""
    valid = {"ISSUER": "https://sso.example.org", "CLIENT_ID": CLIENT, "CLIENT_SECRET": "our-client-secret"} | changes
    return {f"OIDC_COMPANY_SSO_{name}": value for name, value in valid.items() if value is not None}


def configure(settings, issuer):
    """The provider is in the settings, beside Google and GitHub."""
    settings.FRONTEND_URL = FRONT_END
    ((name, own),) = read(**given(ISSUER=issuer, NAME="Company SSO")).items()
    backend = "accounts.social.providers.oidc.OIDCProvider"
    settings.OAUTH_PROVIDERS = django_settings.OAUTH_PROVIDERS | {name: (own["TITLE"], backend)}
    for key, value in social_auth_settings({name: own}).items():
        setattr(settings, key, value)


class CompanyBrowser(Browser):
    provider = NAME


@pytest.fixture
def employee(provider, settings, db):
    """A browser for the provider, which is `oidc-provider-mock`."""
    configure(settings, provider)
    return CompanyBrowser()


@pytest.fixture
def company(settings, db):
    """The provider, which misbehaves as a test tells it to."""
    with forging() as forger:
        configure(settings, forger.issuer)
        yield forger


def sign_in(company, browser=None, **options):
    browser = browser or CompanyBrowser()
    return browser.land(company.consent(browser.start(), **options))


def bring(id_token):
    return ApiClient().call("POST", f"/api/auth/oauth/{NAME}/token", {"id_token": id_token, "nonce": NONCE})


# Settings


def test_settings_of_an_oidc_provider():
    (own,) = read(**given(NATIVE_CLIENT_IDS="one,two")).values()
    assert own == {
        "KEY": CLIENT,
        "SECRET": "our-client-secret",
        "OIDC_ENDPOINT": "https://sso.example.org",
        "TITLE": "Company Sso",
        "NATIVE_CLIENT_IDS": ["one", "two"],
        "ACCEPT_UNVERIFIED_EMAIL": False,
    }
    assert read(**given(NAME="Company SSO"))[NAME]["TITLE"] == "Company SSO"
    assert read(OIDC_PROVIDERS="") == {}


@pytest.mark.parametrize(
    "names",
    ["Keycloak", "key_cloak", "key cloak", "-a", "a-", "a--b", "1a", "ä", "a/b", "a.b", "x" * 33, "a,a"],
)
def test_oidc_provider_name_of_another_form_is_refused(names):
    with pytest.raises(ImproperlyConfigured, match=r"^OIDC_PROVIDERS must list"):
        read(OIDC_PROVIDERS=names)


@pytest.mark.parametrize("name", ["google", "github", "password", "admin", "passkey"])
def test_oidc_provider_name_of_another_login_method_is_refused(name):
    with pytest.raises(ImproperlyConfigured, match=f"must not list {name}"):
        read(OIDC_PROVIDERS=name)


@pytest.mark.parametrize("missing", ["ISSUER", "CLIENT_ID", "CLIENT_SECRET"])
@pytest.mark.parametrize("value", [None, ""])
def test_oidc_provider_without_a_setting_is_refused(missing, value):
    with pytest.raises(ImproperlyConfigured, match=f"^OIDC_COMPANY_SSO_{missing} is not set"):
        read(**given(**{missing: value}))


@pytest.mark.parametrize(
    "issuer",
    [
        "sso.example.org",
        "http://sso.example.org",
        "http://localhost.example.org",
        "ftp://localhost",
        "https://",
        "https://[bad",
        "https://sso.example.org?x=1",
        "https://sso.example.org?",
        "https://sso.example.org#x",
        "https://user:secret@sso.example.org",
    ],
)
def test_oidc_issuer_must_be_an_https_url(issuer):
    with pytest.raises(ImproperlyConfigured, match=r"^OIDC_COMPANY_SSO_ISSUER must be an https URL") as refused:
        read(**given(ISSUER=issuer))
    assert issuer not in str(refused.value)


@pytest.mark.parametrize("issuer", ["http://localhost:9400", "http://127.0.0.1:1", "http://[::1]:1/x"])
def test_oidc_issuer_on_this_machine_may_have_http(issuer):
    assert read(**given(ISSUER=issuer))[NAME]["OIDC_ENDPOINT"] == issuer


@pytest.mark.once
def test_oidc_provider_is_listed_after_a_start_with_its_secret_in_a_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    env = given(NAME="Company SSO", CLIENT_SECRET=None) | {"OIDC_COMPANY_SSO_CLIENT_SECRET_FILE": str(secret)}
    code = """
from django.conf import settings
from accounts.public_config import PublicConfig
print(settings.SOCIAL_AUTH_COMPANY_SSO_SECRET, PublicConfig.current().model_dump_json())
"""
    told = manage("shell", "-v0", "-c", code, OIDC_PROVIDERS=NAME, **env)
    secret, _, config = told.strip().partition(" {")
    assert secret == "from a file"
    assert json.loads("{" + config)["providers"] == [
        {
            "provider": NAME,
            "name": "Company SSO",
            "start_url": f"{django_settings.PUBLIC_URL}/api/auth/oauth/{NAME}",
        }
    ]


# Sign-in


def test_oidc_sign_in_ends_with_a_session(employee, api):
    landing = employee.sign_in("dave", email="dave@company.example", start={"next": "/inbox", "state": "mine"})
    assert (landing.path, landing.told["next"], landing.told["state"]) == ("/oauth/callback", "/inbox", "mine")
    session = api.check_session(landing.told["session"]).json()
    assert (session["method"], session["user"]["email"]) == (NAME, "dave@company.example")
    assert not session["user"]["email_verified"]
    link = UserSocialAuth.objects.get()
    assert (link.provider, link.uid, link.extra_data) == (NAME, "dave", {})


@pytest.mark.asvs("10.2.3", "10.1.2")
def test_oidc_authorization_request_has_pkce_and_a_nonce(employee):
    query = parse_qs(urlsplit(employee.start()).query)
    assert query["scope"] == ["openid email profile"]
    assert query["code_challenge_method"] == ["S256"]
    assert query["nonce"][0] != query["state"][0]
    assert query["redirect_uri"] == [f"{django_settings.PUBLIC_URL}/api/auth/oauth/{NAME}/callback"]


def test_oidc_exchange_code_opens_a_session(employee, api):
    code = employee.sign_in("dave", start={"code_challenge": s256(VERIFIER)}).told["code"]
    answer = api.call("POST", "/api/auth/exchange", {"code": code, "code_verifier": VERIFIER})
    assert api.check_session(answer.json()["token"]).json()["method"] == NAME


@pytest.mark.asvs("6.8.1", "10.5.2")
@pytest.mark.parametrize("email", ["dave@company.example", "dave@gmail.com"])
def test_oidc_address_never_links_an_existing_user(employee, api, email):
    api.register(email, "the password of dave")
    User.objects.update(email_verified_at=VERIFIED)
    assert employee.sign_in("dave", email=email, hd="company.example").error == "account_exists"
    assert not UserSocialAuth.objects.exists()


@pytest.mark.parametrize("claim", [False, "true", None])
def test_oidc_address_must_be_verified(employee, claim):
    assert employee.sign_in("dave", email_verified=claim).error == "email_unverified"


@pytest.mark.parametrize("claim", [False, None, "true"])
def test_oidc_address_that_is_unverified_may_be_accepted_for_a_new_user(employee, api, settings, mailbox, claim):
    """Entra sends no `email_verified`, and Authentik sends false."""
    settings.SOCIAL_AUTH_COMPANY_SSO_ACCEPT_UNVERIFIED_EMAIL = True
    token = employee.sign_in("dave", email="dave@company.example", email_verified=claim).told["session"]
    assert not api.check_session(token).json()["user"]["email_verified"]
    mailbox.the_one("dave@company.example", about="Confirm")


@pytest.mark.asvs("6.8.1")
@pytest.mark.parametrize("verified", [VERIFIED, None])
def test_oidc_address_that_is_unverified_never_links_an_existing_user(employee, api, settings, verified):
    settings.SOCIAL_AUTH_COMPANY_SSO_ACCEPT_UNVERIFIED_EMAIL = True
    token = api.register("dave@company.example").json()["token"]
    User.objects.update(email_verified_at=verified)
    assert employee.sign_in("dave", email="dave@company.example", email_verified=False).error == "account_exists"
    assert api.is_live(token)
    assert not UserSocialAuth.objects.exists()


def test_oidc_address_must_be_verified_where_registration_is(employee, settings):
    settings.REGISTRATION = "verified"
    settings.SOCIAL_AUTH_COMPANY_SSO_ACCEPT_UNVERIFIED_EMAIL = True
    assert employee.sign_in("dave", email_verified=True).error == "email_unverified"


@pytest.mark.asvs("6.8.1")
def test_unverified_address_counts_as_no_mailbox_of_google(browser, api, settings):
    """Even where a setting accepts it."""
    settings.SOCIAL_AUTH_GOOGLE_ACCEPT_UNVERIFIED_EMAIL = True
    api.register("dave@gmail.com")
    User.objects.update(email_verified_at=VERIFIED)
    assert browser.sign_in("dave", email_verified=False).error == "account_exists"


def test_unverified_address_has_one_spelling_at_google_too(browser, api, settings):
    settings.SOCIAL_AUTH_GOOGLE_ACCEPT_UNVERIFIED_EMAIL = True
    api.register("dave@googlemail.com")
    assert browser.sign_in("dave", email="dave@gmail.com", email_verified=False).path == "/oauth/callback"
    assert User.objects.count() == 2


@pytest.mark.asvs("6.8.1")
def test_oidc_identity_is_another_one_than_googles_with_the_same_sub(employee, google, api):
    first = Browser().sign_in("dave").told["session"]
    second = employee.sign_in("dave", email="dave@company.example").told["session"]
    users = [api.check_session(token).json()["user"]["id"] for token in (first, second)]
    assert users[0] != users[1]


@pytest.mark.asvs("10.2.2")
def test_oidc_sign_in_cannot_change_the_provider_at_the_callback(employee, google):
    to_google = employee.consent(employee.start(), "dave").replace(f"/{NAME}/", "/google/")
    assert employee.land(to_google).error == "invalid_state"
    browser = Browser()
    from_google = browser.consent(browser.start(), "dave").replace("/google/", f"/{NAME}/")
    assert browser.land(from_google).error == "invalid_state"
    assert not User.objects.exists()


def test_oidc_link_and_unlink(employee, alice, api, mailbox):
    address = api.call("POST", f"/api/auth/oauth/{NAME}/link", token=alice.token).json()["authorize_url"]
    there = employee.get(address.removeprefix(django_settings.PUBLIC_URL)).headers["Location"]
    landing = employee.land(employee.consent(there, "alice-at-work", email_verified=False))
    code = {"code": landing.told["link_code"]}
    linked = api.call("POST", "/api/auth/connections", code, token=alice.token).json()
    assert linked["provider"] == NAME
    mailbox.the_one(alice.email, about="Company SSO was linked")
    token = employee.sign_in("alice-at-work").told["session"]
    assert api.check_session(token).json()["user"]["email"] == alice.email
    answer = api.call("DELETE", f"/api/auth/connections/{linked['id']}", token=token)
    assert answer.status_code == 204
    assert not UserSocialAuth.objects.exists()


def test_oidc_link_of_a_provider_that_was_removed_can_be_deleted(api, alice, user):
    link = UserSocialAuth.objects.create(user=user, provider="removed", uid="1")
    assert api.call("DELETE", f"/api/auth/connections/{link.pk}", token=alice.token).status_code == 204


# ID tokens of apps


def test_oidc_id_token_of_an_app_opens_one_session(company, api):
    token = signed(company.claims(nonce=NONCE))
    answer = bring(token)
    assert api.check_session(answer.json()["token"]).json()["method"] == NAME
    assert problem(bring(token)) == (400, "invalid_id_token")


@pytest.mark.asvs("9.1.3", "10.5.3")
def test_oidc_id_token_of_another_provider_is_refused(company, forger, db):
    """The same client id and the same key: only the issuer tells them apart."""
    assert problem(bring(signed(forger.claims(nonce=NONCE)))) == (400, "invalid_id_token")
    assert not Session.objects.exists()


@pytest.mark.asvs("10.5.3")
def test_oidc_id_token_with_the_issuer_without_its_scheme_is_refused(company):
    told = company.claims(nonce=NONCE, iss=company.issuer.partition("://")[2])
    assert problem(bring(signed(told))) == (400, "invalid_id_token")


# Discovery


@pytest.mark.asvs("10.5.3", "16.3.4")
def test_oidc_discovery_document_of_another_issuer_is_refused(company, caplog):
    company.discovery["issuer"] = "https://evil.example"
    assert Landing(CompanyBrowser().start()).error == "provider_error"
    assert f"The discovery document of {NAME} is of another issuer than the settings say" in caplog.text
    assert "evil" not in caplog.text


@pytest.mark.parametrize("path", ["/", "/realms/main/", "/realms/main"])
def test_oidc_issuer_may_have_a_path_and_a_slash_at_its_end(settings, db, path):
    with forging() as company:
        issuer = company.issuer + path
        configure(settings, issuer)
        company.discovery["issuer"] = issuer
        company.behaviour[f"{path.rstrip('/')}/.well-known/openid-configuration"] = lambda request: request.tell(
            company.discovery
        )
        assert sign_in(company, iss=issuer).path == "/oauth/callback"


# Claims of the UserInfo endpoint


def with_userinfo(company, **told):
    """The ID token has no claims of the user; the UserInfo endpoint has these. The headers of its requests."""
    sent = []
    company.discovery["userinfo_endpoint"] = company.issuer + USERINFO

    def answer(request):
        sent.append(dict(request.headers))
        request.tell({"sub": "dave", "email": "dave@company.example", "email_verified": True, "name": "Dave"} | told)

    company.behaviour[USERINFO] = answer
    return sent


def thin(claims):
    return signed(without(without(without(claims, "email"), "email_verified"), "name"))


def test_oidc_userinfo_is_asked_where_the_id_token_has_no_address(company):
    sent = with_userinfo(company)
    assert sign_in(company, forge=thin).path == "/oauth/callback"
    user = User.objects.get()
    assert (user.email, user.display_name) == ("dave@company.example", "Dave")
    assert sent[0]["Authorization"].startswith("Bearer ")
    assert "access_token" not in str(company.asked)


def test_oidc_userinfo_is_not_asked_where_the_id_token_has_the_address(company):
    sent = with_userinfo(company, email="other@company.example")
    assert sign_in(company).path == "/oauth/callback"
    assert sent == []


@pytest.mark.asvs("10.5.2")
@pytest.mark.parametrize("sub", ["victim", None, "", ["dave"], "Dave"])
def test_oidc_userinfo_of_another_user_is_refused(company, sub):
    with_userinfo(company, sub=sub)
    assert sign_in(company, forge=thin).error == "provider_error"
    assert not User.objects.exists()


def test_oidc_userinfo_does_not_replace_claims_of_the_id_token(company):
    with_userinfo(company, email_verified=True)
    landing = sign_in(company, forge=lambda claims: signed(without(claims, "email") | {"email_verified": False}))
    assert landing.error == "email_unverified"


@pytest.mark.parametrize("answer", [[], None, "x", 7])
def test_oidc_userinfo_of_another_form_is_refused(company, answer):
    with_userinfo(company)
    company.behaviour[USERINFO] = lambda request: request.tell(answer)
    assert sign_in(company, forge=thin).error == "provider_error"


def test_oidc_userinfo_endpoint_must_be_a_url(company):
    company.discovery["userinfo_endpoint"] = "file:///etc/passwd"
    assert Landing(CompanyBrowser().start()).error == "provider_error"


# The client's secret


@pytest.mark.parametrize("secret", ["plain", "with:colon", "with+plus and space", "100%ä"])
def test_oidc_client_secret_is_form_encoded_for_basic(company, settings, secret):
    """RFC 6749, 2.3.1."""
    settings.SOCIAL_AUTH_COMPANY_SSO_SECRET = secret
    sent = []
    answer = company.answer
    company.answer = lambda request: sent.append(request.headers.get("Authorization")) or answer(request)
    assert sign_in(company).path == "/oauth/callback"
    (basic,) = filter(None, sent)
    prepared = SimpleNamespace(headers={})
    requests.auth.HTTPBasicAuth(CLIENT, requests.compat.quote_plus(secret))(prepared)
    assert basic == prepared.headers["Authorization"]


# Another implementation, over HTTP


@pytest.mark.once
@pytest.mark.asvs("10.2.1")
@needs_node
@pytest.mark.parametrize("dialect", ["", "standard"])
def test_oidc_sign_in_at_the_npm_provider_which_enforces_pkce(tmp_path, dialect):
    """By settings alone, with both ways to the front end, from the start address to the session."""
    port = free_port()
    public_url = f"http://localhost:{port}"
    client = {"client_id": "latchkey", "client_secret": "a secret: with+special%characters/and=more"}
    redirect_uri = f"{public_url}/api/auth/oauth/keycloak/callback"
    with (
        providing(**client, redirect_uri=redirect_uri, log=tmp_path / "provider.log", dialect=dialect) as issuer,
        database(tmp_path) as url,
        serving(
            port=port,
            log=tmp_path / "log",
            DATABASE_URL=url,
            PUBLIC_URL=public_url,
            FRONTEND_URL=FRONT_END,
            OIDC_PROVIDERS="keycloak",
            OIDC_KEYCLOAK_ISSUER=issuer,
            OIDC_KEYCLOAK_CLIENT_ID=client["client_id"],
            OIDC_KEYCLOAK_CLIENT_SECRET=client["client_secret"],
        ) as server,
    ):
        (listed,) = server.call("GET", "/api/auth/config").json()["providers"]
        assert listed == {
            "provider": "keycloak",
            "name": "Keycloak",
            "start_url": f"{public_url}/api/auth/oauth/keycloak",
        }

        def land(**query):
            with requests.Session() as browser:
                there = browser.get(listed["start_url"], params=query, allow_redirects=False, timeout=20)
                back = consent(there.headers["Location"], "dave")
                assert back.startswith(redirect_uri)
                return Landing(browser.get(back, allow_redirects=False, timeout=20).headers["Location"])

        landing = land(next="/inbox", state="mine")
        assert (landing.told["next"], landing.told["state"]) == ("/inbox", "mine")
        session = server.call("GET", "/api/auth/session", token=landing.told["session"]).json()
        assert (session["method"], session["user"]["email"]) == ("keycloak", "dave@gmail.com")
        assert session["user"]["display_name"] == "Dave"

        code = land(code_challenge=s256(VERIFIER)).told["code"]
        answer = server.call("POST", "/api/auth/exchange", {"code": code, "code_verifier": VERIFIER})
        assert server.call("GET", "/api/auth/session", token=answer.json()["token"]).status_code == 200

        there = requests.get(listed["start_url"], allow_redirects=False, timeout=20).headers["Location"]
        stripped = "&".join(part for part in there.split("&") if not part.startswith("code_challenge"))
        assert stripped != there
        assert parse_qs(urlsplit(consent(stripped, "dave")).query)["error"] == ["invalid_request"]
    assert "Traceback" not in (tmp_path / "log").read_text()
