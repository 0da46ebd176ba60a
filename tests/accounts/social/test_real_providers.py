"""Six products as they document themselves: a sign-in with the discovery document, the keys and the claims of each.

Hosts, clients and users are those of the tests. The name of each source stands beside what was taken from it.
"""

from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured

from accounts.models import User

from .conftest import Landing
from .forger import forging, jwk, signed, without
from .test_oidc_providers import NONCE, CompanyBrowser, bring, configure, given, read

TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
EMAIL = "dave@company.example"
BASIC_AND_POST = ["client_secret_basic", "client_secret_post"]


@dataclass(frozen=True)
class Product:
    """`{}` in a URL stands for the origin. `told` is in the ID token, beside what each has (`iss`, `aud`, `exp`, …)."""

    issuer: str
    endpoints: dict[str, str]
    told: dict
    metadata: dict = field(default_factory=dict)
    userinfo: dict = field(default_factory=dict)
    callback: dict = field(default_factory=dict)  # parameters beside `code` and `state`
    other_keys: list = field(default_factory=list)
    key_without: tuple = ()  # members that its own keys lack
    unverified: bool = False  # it needs OIDC_…_ACCEPT_UNVERIFIED_EMAIL
    name: str = "Dave Doe"


PRODUCTS = {
    # Keycloak, "Server Administration Guide": protocol mappers of the scopes email and profile; "Securing applications
    # and services guide": endpoints. RFC 9207 gives its callback an `iss`.
    "Keycloak": Product(
        issuer="{}/realms/main",
        endpoints={
            "authorization_endpoint": "{}/realms/main/protocol/openid-connect/auth",
            "token_endpoint": "{}/realms/main/protocol/openid-connect/token",
            "userinfo_endpoint": "{}/realms/main/protocol/openid-connect/userinfo",
            "jwks_uri": "{}/realms/main/protocol/openid-connect/certs",
        },
        metadata={
            "id_token_signing_alg_values_supported": ["PS384", "RS384", "EdDSA", "ES384", "HS256", "RS256", "PS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt", *BASIC_AND_POST, "tls_client_auth"],
            "authorization_response_iss_parameter_supported": True,
        },
        told={
            "sub": "f1a2b3c4-0000-4000-8000-000000000001",
            "typ": "ID",
            "azp": "our-client-id",
            "sid": "5b1b5b1b",
            "acr": "1",
            "email": EMAIL,
            "email_verified": True,
            "name": "Dave Doe",
            "preferred_username": "dave",
            "given_name": "Dave",
            "family_name": "Doe",
        },
        callback={"session_state": "5b1b5b1b", "iss": "{}/realms/main"},
        other_keys=[jwk("second") | {"kid": "for-encryption", "use": "enc", "alg": "RSA-OAEP"}],
    ),
    # Microsoft identity platform: "OpenID Connect", "ID token claims reference" (no at_hash from the token endpoint),
    # "UserInfo endpoint" (the same values as in the ID token). Its keys have no `alg`.
    "Entra": Product(
        issuer=f"{{}}/{TENANT}/v2.0",
        endpoints={
            "authorization_endpoint": f"{{}}/{TENANT}/oauth2/v2.0/authorize",
            "token_endpoint": f"{{}}/{TENANT}/oauth2/v2.0/token",
            "userinfo_endpoint": "{}/oidc/userinfo",
            "jwks_uri": f"{{}}/{TENANT}/discovery/v2.0/keys",
        },
        metadata={
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "subject_types_supported": ["pairwise"],
            "cloud_instance_name": "microsoftonline.com",
        },
        told={
            "sub": "OLu859SGc2Sr9ZsqbkG-QbeLgJlb41KcdiPoLYNpSFA",
            "ver": "2.0",
            "tid": TENANT,
            "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
            "preferred_username": "dave@company.onmicrosoft.example",
            "name": "Dave Doe",
            "email": EMAIL,
            "xms_edov": True,
            "rh": "0.AR",
            "uti": "fqiBqXLPj0eQa82S-IYFAA",
            "at_hash": None,
        },
        callback={"session_state": "b1b1b1b1-0000-4000-8000-000000000001"},
        key_without=("alg",),
        unverified=True,
    ),
    # Auth0: "Configure applications with OIDC Discovery" (the issuer ends in a slash), "ID token structure",
    # "Create custom claims" (namespaces).
    "Auth0": Product(
        issuer="{}/",
        endpoints={
            "authorization_endpoint": "{}/authorize",
            "token_endpoint": "{}/oauth/token",
            "userinfo_endpoint": "{}/userinfo",
            "jwks_uri": "{}/.well-known/jwks.json",
        },
        metadata={
            "id_token_signing_alg_values_supported": ["HS256", "RS256", "PS256"],
            "token_endpoint_auth_methods_supported": [*BASIC_AND_POST, "private_key_jwt"],
        },
        told={
            "sub": "auth0|507f1f77bcf86cd799439020",
            "nickname": "dave",
            "name": "Dave Doe",
            "picture": "https://example.com/dave.png",
            "updated_at": "2026-01-01T00:00:00.000Z",
            "email": EMAIL,
            "email_verified": True,
            "sid": "xhx7",
            "https://company.example/roles": ["admin"],
            "https://company.example/email": "root@example.org",
        },
        other_keys=[jwk("second")],
    ),
    # Okta, "OpenID Connect & OAuth 2.0 API": an ID token beside an access token is thin; UserInfo has the rest.
    "Okta": Product(
        issuer="{}/oauth2/default",
        endpoints={
            "authorization_endpoint": "{}/oauth2/default/v1/authorize",
            "token_endpoint": "{}/oauth2/default/v1/token",
            "userinfo_endpoint": "{}/oauth2/default/v1/userinfo",
            "jwks_uri": "{}/oauth2/default/v1/keys",
        },
        metadata={
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": [*BASIC_AND_POST, "client_secret_jwt", "private_key_jwt", "none"],
        },
        told={
            "sub": "00uid4BxXw6I6TV4m0g3",
            "ver": 1,
            "amr": ["pwd"],
            "idp": "00ok1u7AsAkrwdZL3z0g3",
            "jti": "ID.4eAWJOCMB3SX8XewDfVR",
            "auth_time": 1449624026,
        },
        userinfo={
            "name": "Dave Doe",
            "locale": "en-US",
            "email": EMAIL,
            "email_verified": True,
            "preferred_username": EMAIL,
            "given_name": "Dave",
            "family_name": "Doe",
            "zoneinfo": "America/Los_Angeles",
            "updated_at": 1311280970,
        },
    ),
    # GitLab, "GitLab as OpenID Connect identity provider", "Shared information": five claims are in the ID token, all
    # others at the UserInfo endpoint.
    "GitLab": Product(
        issuer="{}",
        endpoints={
            "authorization_endpoint": "{}/oauth/authorize",
            "token_endpoint": "{}/oauth/token",
            "userinfo_endpoint": "{}/oauth/userinfo",
            "jwks_uri": "{}/oauth/discovery/keys",
        },
        metadata={
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": BASIC_AND_POST,
        },
        told={
            "sub": "4711",
            "sub_legacy": "d1a0",
            "auth_time": 1449624026,
            "email": EMAIL,
            "email_verified": True,
            "groups_direct": ["company"],
        },
        userinfo={
            "sub_legacy": "d1a0",
            "name": "Dave Doe",
            "nickname": "dave",
            "preferred_username": "dave",
            "email": EMAIL,
            "email_verified": True,
            "groups": ["company"],
            "https://gitlab.org/claims/groups/owner": ["company"],
        },
    ),
    # Authentik: "OAuth2/OpenID provider", and its release notes of 2025.10: `email_verified` is false by default.
    # With "Each provider has a different issuer", the issuer ends in a slash and the endpoints are not below it.
    "Authentik": Product(
        issuer="{}/application/o/latchkey/",
        endpoints={
            "authorization_endpoint": "{}/application/o/authorize/",
            "token_endpoint": "{}/application/o/token/",
            "userinfo_endpoint": "{}/application/o/userinfo/",
            "jwks_uri": "{}/application/o/latchkey/jwks/",
        },
        metadata={
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "request_parameter_supported": False,
        },
        told={
            "sub": "a3f5" * 16,
            "acr": "goauthentik.io/providers/oauth2/default",
            "auth_time": 1449624026,
            "email": EMAIL,
            "email_verified": False,
            "name": "Dave Doe",
            "given_name": "Dave Doe",
            "preferred_username": "dave",
            "nickname": "dave",
            "groups": ["authentik Admins"],
        },
        unverified=True,
    ),
}


def publish(company, product):
    """From now on the provider is this product. Its issuer."""
    issuer = product.issuer.replace("{}", company.issuer)
    company.discovery = product.metadata | {"issuer": issuer}
    company.discovery |= {name: url.replace("{}", company.issuer) for name, url in product.endpoints.items()}
    own = {name: value for name, value in jwk().items() if name not in product.key_without}
    company.keys = [*product.other_keys, own]
    company.behaviour[company.path_of("userinfo_endpoint")] = lambda request: request.tell(
        {"sub": product.told["sub"]} | product.userinfo
    )
    return issuer


def sign_in(company, issuer, product, **changes):
    """The end of a sign-in, with these changes of the claims; a claim that is None is left out."""
    browser = CompanyBrowser()
    there = browser.start()
    assert there.startswith(company.discovery["authorization_endpoint"] + "?")

    def forge(claims):
        own = {name: claims[name] for name in ("aud", "exp", "iat", "nonce", "at_hash")}
        told = own | {"iss": issuer} | product.told | changes
        return signed({name: value for name, value in told.items() if value is not None})

    back = company.consent(there, forge=forge)
    more = {name: value.replace("{}", company.issuer) for name, value in product.callback.items()}
    return browser.land(f"{back}&{urlencode(more)}")


@pytest.fixture
def company():
    with forging() as forger:
        yield forger


@pytest.mark.parametrize("name", PRODUCTS)
def test_sign_in_with_the_documents_of_a_real_provider(company, settings, db, api, name):
    product = PRODUCTS[name]
    issuer = publish(company, product)
    configure(settings, issuer)
    settings.SOCIAL_AUTH_COMPANY_SSO_ACCEPT_UNVERIFIED_EMAIL = product.unverified
    session = api.check_session(sign_in(company, issuer, product).told["session"]).json()
    assert (session["user"]["email"], session["user"]["display_name"]) == (EMAIL, product.name)
    again = api.check_session(sign_in(company, issuer, product, email="new@company.example").told["session"]).json()
    assert again["user"] == session["user"]


@pytest.mark.parametrize("name", [name for name, product in PRODUCTS.items() if product.unverified])
def test_sign_in_at_a_provider_that_verifies_no_address_needs_its_setting(company, settings, db, name):
    issuer = publish(company, PRODUCTS[name])
    configure(settings, issuer)
    assert sign_in(company, issuer, PRODUCTS[name]).error == "email_unverified"


def test_sign_in_without_an_address_is_refused_and_the_log_says_so(company, settings, db, caplog):
    """Entra has no `email` for a user without a mailbox. `preferred_username` is no address, and can change."""
    product = PRODUCTS["Entra"]
    issuer = publish(company, product)
    configure(settings, issuer)
    settings.SOCIAL_AUTH_COMPANY_SSO_ACCEPT_UNVERIFIED_EMAIL = True
    assert sign_in(company, issuer, product, email=None, xms_edov=None).error == "email_unverified"
    assert "company-sso sends no `email` of this user" in caplog.text
    assert not User.objects.exists()


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers", "{tenantid}", "{tenant}"])
def test_issuer_of_many_tenants_is_refused_at_start(tenant):
    """Entra's document for many tenants has a template as issuer, and its ID tokens have another one each."""
    with pytest.raises(ImproperlyConfigured, match=r"^OIDC_COMPANY_SSO_ISSUER must have the id of one tenant\.$"):
        read(**given(ISSUER=f"https://login.microsoftonline.com/{tenant}/v2.0"))


def test_address_of_the_discovery_document_is_no_issuer():
    """Okta's console and Auth0's show this address too."""
    with pytest.raises(
        ImproperlyConfigured, match=r"^OIDC_COMPANY_SSO_ISSUER must be the issuer itself: the part before"
    ):
        read(**given(ISSUER="https://company.example/oauth2/default/.well-known/openid-configuration"))


def test_id_token_of_an_app_may_list_as_many_groups_as_entra_does(company, settings, db):
    """200, says "ID token claims reference"; beyond it, the token has a link instead."""
    product = PRODUCTS["Entra"]
    issuer = publish(company, product)
    configure(settings, issuer)
    settings.SOCIAL_AUTH_COMPANY_SSO_ACCEPT_UNVERIFIED_EMAIL = True
    told = company.claims(nonce=NONCE) | product.told | {"iss": issuer, "groups": [str(uuid4()) for _ in range(200)]}
    token = signed(without(told, "at_hash"))
    assert len(token) > 10_000
    assert bring(token).status_code == 200


def test_issuer_of_another_document_is_told_in_the_log(company, settings, db, caplog):
    """Entra with the tenant's domain instead of its id; Authentik with "Same identifier is used for all providers"."""
    publish(company, PRODUCTS["Authentik"])
    configure(settings, company.discovery["issuer"])
    company.behaviour["/application/o/latchkey/.well-known/openid-configuration"] = lambda request: request.tell(
        company.discovery | {"issuer": f"{company.issuer}/"}
    )
    assert Landing(CompanyBrowser().start()).error == "provider_error"
    assert "is of another issuer than the settings say: copy its `issuer`" in caplog.text


@pytest.mark.parametrize("algorithms", [["HS256"], ["ES256", "PS256"], []])
def test_provider_that_signs_in_another_way_is_told_in_the_log(company, settings, db, caplog, algorithms):
    """Authentik without a signing key."""
    product = PRODUCTS["Authentik"]
    configure(settings, publish(company, product))
    company.discovery["id_token_signing_alg_values_supported"] = algorithms
    assert Landing(CompanyBrowser().start()).error == "provider_error"
    assert "company-sso must sign ID tokens with RS256" in caplog.text


def test_id_token_that_is_signed_in_another_way_is_told_in_the_log(company, settings, db, caplog):
    """An application at Auth0 can have HS256 while the document names RS256 too."""
    product = PRODUCTS["Auth0"]
    issuer = publish(company, product)
    configure(settings, issuer)
    browser = CompanyBrowser()
    landing = browser.land(company.consent(browser.start(), forge=lambda claims: signed(claims, alg="HS256", kid=None)))
    assert landing.error == "provider_error"
    assert "company-sso must sign ID tokens with RS256" in caplog.text
