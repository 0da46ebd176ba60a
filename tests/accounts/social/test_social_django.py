"""social-auth-app-django is installed, and only its links, its strategy and its storage are used."""

import os
import subprocess
import sys

import pytest
from django.db import IntegrityError, transaction
from social_django.models import Association, Code, Nonce, Partial, UserSocialAuth

from accounts.models import User

from ...server import ROOT

PAGES = """
import config.settings as settings
settings.INSTALLED_APPS.sort(key=lambda app: {order})
import django
django.setup()
from django.contrib import admin
print(sorted(f"{{model.__name__}} {{type(page).__module__}}" for model, page in admin.site._registry.items()
             if model._meta.app_label == "social_django"))
"""
PROVIDERS = {
    "OIDC_PROVIDERS": "keycloak",
    "OIDC_KEYCLOAK_ISSUER": "https://sso.example.org",
    "OIDC_KEYCLOAK_CLIENT_ID": "x",
    "OIDC_KEYCLOAK_CLIENT_SECRET": "x",
}
METHODS = """
import django
django.setup()
from sessions_api import login_methods
print(login_methods.titles())
"""
STAND_INS = """
import sys
import django
django.setup()
loaded = {"jwt", "requests", "openid.association"} & set(sys.modules)
assert not loaded, loaded
from social_core import storage, utils
from social_core.backends import utils as backend_utils
import jwt, openid.association, requests
assert utils.requests.exceptions.Timeout is requests.exceptions.Timeout
assert backend_utils.jwt.ExpiredSignatureError is jwt.ExpiredSignatureError
assert backend_utils.jwt_error(type("Backend", (), {"name": "x"}), jwt.ExpiredSignatureError()).code
association = storage.OpenIdAssociation("handle", b"secret", 1, 2, "HMAC-SHA1")
assert type(association) is openid.association.Association
"""


def run(code, **more):
    env = {"PATH": os.environ["PATH"], "DOTENV": os.devnull, "SECRET_KEY": "x", "DATABASE_URL": "sqlite://:memory:"}
    env |= {"DJANGO_SETTINGS_MODULE": "config.settings"} | more
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.once
@pytest.mark.parametrize("order", ["'social' in app", "'social' not in app", "'Django' in app", "'Django' not in app"])
def test_admin_pages_of_social_auth_are_replaced_whatever_the_order_of_the_apps(order):
    assert run(PAGES.format(order=order)) == "['UserSocialAuth accounts.social.admin']"


@pytest.mark.once
def test_login_methods_list_every_provider_by_its_title():
    titles = {"password": "Password", "google": "Google", "github": "GitHub", "keycloak": "Keycloak"}
    assert run(METHODS, **PROVIDERS) == str(titles)


@pytest.mark.once
def test_deferred_modules_are_imported_at_their_first_use():
    run(STAND_INS)


def test_sign_in_leaves_the_other_tables_of_social_auth_empty(browser):
    browser.sign_in("dave")
    for table in (Association, Code, Nonce, Partial):
        assert not table.objects.exists()


@pytest.mark.asvs("15.4.2")
def test_database_refuses_a_second_link_of_an_identity_and_one_without_a_uid(db):
    alice, bob = (User.objects.create_user(f"{name}@example.org") for name in ("alice", "bob"))
    UserSocialAuth.objects.create(user=alice, provider="google", uid="1")
    for user, uid in ((bob, "1"), (alice, "1"), (bob, "")):
        with pytest.raises(IntegrityError), transaction.atomic():
            UserSocialAuth.objects.create(user=user, provider="google", uid=uid)
