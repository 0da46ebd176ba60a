"""https://docs.allauth.org/en/latest/installation/quickstart.html and .../headless/installation.html

Rate limits are off, for all logins of a benchmark come from one address; no mail is sent at login.
"""

from benchmarks.peers.startproject import *

INSTALLED_APPS += ["allauth", "allauth.account", "allauth.headless", "allauth.usersessions"]
MIDDLEWARE += ["allauth.account.middleware.AccountMiddleware"]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app",)
