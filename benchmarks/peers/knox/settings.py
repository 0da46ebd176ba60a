"""https://jazzband.github.io/django-rest-knox/installation and /settings: all at its defaults."""

from benchmarks.peers.startproject import *

INSTALLED_APPS += ["rest_framework", "knox"]
REST_FRAMEWORK = {"DEFAULT_AUTHENTICATION_CLASSES": ("knox.auth.TokenAuthentication",)}
