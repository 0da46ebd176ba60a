"""https://dj-rest-auth.readthedocs.io/en/latest/installation.html: all at its defaults."""

from benchmarks.peers.startproject import *

INSTALLED_APPS += ["rest_framework", "rest_framework.authtoken", "dj_rest_auth"]
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}
