"""https://djoser.readthedocs.io/en/latest/getting_started.html and /authentication_backends.html: token based."""

from benchmarks.peers.startproject import *

INSTALLED_APPS += ["rest_framework", "rest_framework.authtoken", "djoser"]
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"]}
